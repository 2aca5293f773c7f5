/** Reads of an instance's stores from outside its topology: the committed view of every task it runs. */
import { MillraceError } from '../errors.js'
import type { CommittedVersions } from '../state/committed-versions.js'
import type { CommittedKeyValue, CommittedSessions, CommittedView, CommittedWindows } from '../state/committed-view.js'
import type { Session, ValueAndTimestamp, WindowEntry } from '../state/store.js'
import type { Version } from '../state/versioned.js'
import type { GlobalStores } from './global-stores.js'
import { type QueryOptions, requirePosition, type StoreMetadata } from './query-bound.js'
import type { TaskSet } from './task-set.js'

/** What this instance holds of a store. A key of a partition that another instance runs is not found here. */
export interface QueryableKeyValueStore<K, V> {
  get(key: K): Promise<ValueAndTimestamp<V> | null>
  /** Task by task, in key order within a task. */
  all(): AsyncIterable<ValueAndTimestamp<V> & { readonly key: K }>
  /** from <= key <= to, by the order of serialised keys; null leaves an end open. */
  range(from: K | null, to: K | null): AsyncIterable<ValueAndTimestamp<V> & { readonly key: K }>
}

/** Its other methods read the latest versions. */
export interface QueryableVersionedStore<K, V> extends QueryableKeyValueStore<K, V> {
  /** What stood at `asOfMs`; null: nothing, or longer ago than the history is kept. */
  getAsOf(key: K, asOfMs: number): Promise<Version<V> | null>
}

export interface QueryableWindowStore<K, V> {
  get(key: K, startMs: number): Promise<ValueAndTimestamp<V> | null>
  /** Windows of one key with from <= start <= to, ascending. */
  fetch(key: K, fromMs: number, toMs: number): Promise<readonly WindowEntry<V>[]>
  fetchAll(fromMs: number, toMs: number): AsyncIterable<WindowEntry<V> & { readonly key: K }>
}

export interface QueryableSessionStore<K, V> {
  /** Sessions of one key, ascending by end, then start. */
  fetch(key: K): Promise<readonly Session<V>[]>
  fetchAll(fromMs: number, toMs: number): AsyncIterable<Session<V> & { readonly key: K }>
}

/**
 * Every read sees one commit of each task, never a part of one. Options hold for each read made with what a method
 * returns. @throws MillraceError QUERY_STORE_UNKNOWN, QUERY_STORE_KIND, QUERY_POSITION_BEHIND, at the read
 */
export class Queries {
  readonly #tasks: TaskSet
  readonly #globals: GlobalStores
  readonly #stores: ReadonlySet<string>

  constructor(tasks: TaskSet, globals: GlobalStores, stores: ReadonlySet<string>) {
    this.#tasks = tasks
    this.#globals = globals
    this.#stores = stores
  }

  keyValue<K, V>(name: string, options: QueryOptions = {}): QueryableKeyValueStore<K, V> {
    const views = () => this.#views<CommittedKeyValue<K, V>>(name, 'keyValue', options)
    return {
      get: async (key) => firstRow(views(), (view) => view.get(key)),
      all: () => chain(views, (view) => view.all()),
      range: (from, to) => chain(views, (view) => view.range(from, to)),
    }
  }

  versions<K, V>(name: string, options: QueryOptions = {}): QueryableVersionedStore<K, V> {
    return {
      ...this.keyValue<K, V>(name, options),
      getAsOf: async (key, asOfMs) => {
        const views = this.#views<CommittedKeyValue<K, V>>(name, 'keyValue', options)
        return firstRow(views, (view) => {
          if (!('getAsOf' in view)) throw wrongKind(name, 'key-value', 'versioned')
          return (view as CommittedVersions<K, V>).getAsOf(key, asOfMs)
        })
      },
    }
  }

  windows<K, V>(name: string, options: QueryOptions = {}): QueryableWindowStore<K, V> {
    const views = () => this.#views<CommittedWindows<K, V>>(name, 'window', options)
    return {
      get: async (key, startMs) => firstRow(views(), (view) => view.get(key, startMs)),
      fetch: async (key, fromMs, toMs) => firstList(views(), (view) => view.fetch(key, fromMs, toMs)),
      fetchAll: (fromMs, toMs) => chain(views, (view) => view.fetchAll(fromMs, toMs)),
    }
  }

  sessions<K, V>(name: string, options: QueryOptions = {}): QueryableSessionStore<K, V> {
    const views = () => this.#views<CommittedSessions<K, V>>(name, 'session', options)
    return {
      fetch: async (key) => firstList(views(), (view) => view.fetch(key)),
      fetchAll: (fromMs, toMs) => chain(views, (view) => view.fetchAll(fromMs, toMs)),
    }
  }

  /** Which partitions of a store are here, and how far each is. @throws MillraceError QUERY_STORE_UNKNOWN */
  metadata(name: string): StoreMetadata {
    const global = this.#globals.committed(name) !== null
    if (!global) this.#requireStore(name)
    const tasks = this.#tasks.holders(name).map(({ taskId, partition, position }) => ({ taskId, partition, position }))
    return { store: name, global, tasks }
  }

  #requireStore(name: string): void {
    if (this.#stores.has(name)) return
    throw new MillraceError('QUERY_STORE_UNKNOWN', `the topology has no store ${name}`)
  }

  #views<View extends CommittedView>(name: string, kind: View['kind'], options: QueryOptions): View[] {
    const { partitions } = options
    const global = this.#globals.committed(name)
    if (global !== null) return asKind<View>(name, kind, [global])
    this.#requireStore(name)
    const holders = this.#tasks
      .holders(name)
      .filter(({ partition }) => partitions === undefined || partitions.includes(partition))
    requirePosition(name, holders, options)
    return asKind<View>(
      name,
      kind,
      holders.map(({ view }) => view),
    )
  }
}

function asKind<View extends CommittedView>(name: string, kind: View['kind'], views: readonly CommittedView[]): View[] {
  for (const view of views) if (view.kind !== kind) throw wrongKind(name, view.kind, kind)
  return views as View[]
}

function wrongKind(name: string, is: string, asked: string): MillraceError {
  return new MillraceError('QUERY_STORE_KIND', `store ${name} is a ${is} store, it was asked for as ${asked}`)
}

async function* chain<View, Entry>(views: () => readonly View[], read: (view: View) => AsyncIterable<Entry>) {
  for (const view of views()) yield* read(view)
}

/** A key lives in one task: the first that has something has all. */
async function firstRow<View, Row>(views: readonly View[], read: (view: View) => Promise<Row | null>) {
  for (const view of views) {
    const row = await read(view)
    if (row !== null) return row
  }
  return null
}

async function firstList<View, Entry>(views: readonly View[], read: (view: View) => Promise<readonly Entry[]>) {
  for (const view of views) {
    const entries = await read(view)
    if (entries.length > 0) return entries
  }
  return []
}
