/** Reads of an instance's stores from outside its topology: the committed view of every task it runs. */
import { MillraceError } from '../errors.js'
import type { CommittedKeyValue, CommittedSessions, CommittedView, CommittedWindows } from '../state/committed-view.js'
import type { Session, ValueAndTimestamp, WindowEntry } from '../state/store.js'
import type { GlobalStores } from './global-stores.js'
import type { TaskSet } from './task-set.js'

/** What this instance holds of a store. A key of a partition that another instance runs is not found here. */
export interface QueryableKeyValueStore<K, V> {
  get(key: K): Promise<ValueAndTimestamp<V> | null>
  /** Task by task, in key order within a task. */
  all(): AsyncIterable<ValueAndTimestamp<V> & { readonly key: K }>
  range(from: K | null, to: K | null): AsyncIterable<ValueAndTimestamp<V> & { readonly key: K }>
}

export interface QueryableWindowStore<K, V> {
  get(key: K, startMs: number): Promise<ValueAndTimestamp<V> | null>
  fetch(key: K, fromMs: number, toMs: number): Promise<readonly WindowEntry<V>[]>
  fetchAll(fromMs: number, toMs: number): AsyncIterable<WindowEntry<V> & { readonly key: K }>
}

export interface QueryableSessionStore<K, V> {
  fetch(key: K): Promise<readonly Session<V>[]>
  fetchAll(fromMs: number, toMs: number): AsyncIterable<Session<V> & { readonly key: K }>
}

export class Queries {
  readonly #tasks: TaskSet
  readonly #globals: GlobalStores

  constructor(tasks: TaskSet, globals: GlobalStores) {
    this.#tasks = tasks
    this.#globals = globals
  }

  keyValue<K, V>(name: string): QueryableKeyValueStore<K, V> {
    const views = () => this.#views<CommittedKeyValue<K, V>>(name, 'keyValue')
    return {
      async get(key) {
        for (const view of views()) {
          const found = await view.get(key)
          if (found !== null) return found
        }
        return null
      },
      all: () => chain(views(), (view) => view.all()),
      range: (from, to) => chain(views(), (view) => view.range(from, to)),
    }
  }

  windows<K, V>(name: string): QueryableWindowStore<K, V> {
    const views = () => this.#views<CommittedWindows<K, V>>(name, 'window')
    return {
      async get(key, startMs) {
        for (const view of views()) {
          const found = await view.get(key, startMs)
          if (found !== null) return found
        }
        return null
      },
      fetch: (key, fromMs, toMs) => first(views(), (view) => view.fetch(key, fromMs, toMs)),
      fetchAll: (fromMs, toMs) => chain(views(), (view) => view.fetchAll(fromMs, toMs)),
    }
  }

  sessions<K, V>(name: string): QueryableSessionStore<K, V> {
    const views = () => this.#views<CommittedSessions<K, V>>(name, 'session')
    return {
      fetch: (key) => first(views(), (view) => view.fetch(key)),
      fetchAll: (fromMs, toMs) => chain(views(), (view) => view.fetchAll(fromMs, toMs)),
    }
  }

  /** @throws MillraceError QUERY_STORE_UNKNOWN, QUERY_STORE_KIND */
  #views<View extends CommittedView>(name: string, kind: View['kind']): View[] {
    const global = this.#globals.committed(name)
    const found = global !== null ? [global] : this.#tasks.committedViews(name)
    for (const view of found) {
      if (view.kind !== kind) {
        throw new MillraceError(
          'QUERY_STORE_KIND',
          `store ${name} is a ${view.kind} store, it was asked for as ${kind}`,
        )
      }
    }
    return found as View[]
  }
}

async function* chain<View, Entry>(views: readonly View[], read: (view: View) => AsyncIterable<Entry>) {
  for (const view of views) yield* read(view)
}

/** A key lives in one task: the first that has something has all. */
async function first<View, Entry>(views: readonly View[], read: (view: View) => Promise<readonly Entry[]>) {
  for (const view of views) {
    const entries = await read(view)
    if (entries.length > 0) return entries
  }
  return []
}
