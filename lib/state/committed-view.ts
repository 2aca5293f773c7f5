/** Reads for queries: the committed layer merged with the disk, never what a transaction has not committed. */
import { MillraceError } from '../errors.js'
import { int64ByteString } from '../serde/int64-bytes.js'
import { type CommittedEntry, committedEntries } from './committed-entries.js'
import { joinWindowView } from './committed-joins.js'
import { versionedView } from './committed-versions.js'
import type { LocalExpiringStore } from './expiring-store.js'
import type { LocalJoinWindowStore } from './join-window-store.js'
import type { LocalKeyValueStore } from './key-value-store.js'
import type { LocalStore, StoreParts } from './local-store.js'
import type { LocalSessionStore } from './session-store.js'
import type { Session, ValueAndTimestamp, WindowEntry } from './store.js'
import { leadingTime, timeAt } from './time-keys.js'
import type { LocalVersionedStore } from './versioned-store.js'
import type { LocalWindowStore } from './window-store.js'

/** Order of range results is that of the serialised keys. */
export interface CommittedKeyValue<K = unknown, V = unknown> {
  readonly kind: 'keyValue'
  get(key: K): Promise<ValueAndTimestamp<V> | null>
  all(options?: { readonly reverse?: boolean }): AsyncIterable<ValueAndTimestamp<V> & { readonly key: K }>
  /** from <= key <= to; null leaves an end open. */
  range(from: K | null, to: K | null): AsyncIterable<ValueAndTimestamp<V> & { readonly key: K }>
  /** Keys whose serialised form begins with `prefix`. */
  prefix(prefix: Buffer): AsyncIterable<ValueAndTimestamp<V> & { readonly key: K }>
}

export interface CommittedWindows<K = unknown, V = unknown> {
  readonly kind: 'window'
  get(key: K, startMs: number): Promise<ValueAndTimestamp<V> | null>
  /** Windows of one key with from <= start <= to, ascending. */
  fetch(key: K, fromMs: number, toMs: number): Promise<readonly WindowEntry<V>[]>
  /** Windows of all keys with from <= start <= to, ascending by start, then key. */
  fetchAll(fromMs: number, toMs: number): AsyncIterable<WindowEntry<V> & { readonly key: K }>
}

export interface CommittedSessions<K = unknown, V = unknown> {
  readonly kind: 'session'
  /** Sessions of one key, ascending by end, then start. */
  fetch(key: K): Promise<readonly Session<V>[]>
  /** Sessions of all keys with from <= end <= to, ascending by end, then start, then key. */
  fetchAll(fromMs: number, toMs: number): AsyncIterable<Session<V> & { readonly key: K }>
}

export type CommittedView = CommittedKeyValue | CommittedWindows | CommittedSessions

export function committedView(store: LocalStore): CommittedView {
  const { name, kind, keepsDuplicates, ttlMs } = store.definition
  switch (kind) {
    case 'window':
      if (keepsDuplicates === true) return joinWindowView(store as LocalJoinWindowStore)
      return windowView(store as LocalWindowStore)
    case 'versioned':
      return versionedView(store as LocalVersionedStore, keyValueView(store as LocalVersionedStore))
    case 'unmatched':
    case 'streamBuffer':
      throw new MillraceError('QUERY_STORE_KIND', `store ${name} keeps records that wait for a join: it has no rows`)
    case 'suppressBuffer':
      throw new MillraceError('QUERY_STORE_KIND', `store ${name} keeps what a suppression holds back: it has no rows`)
    case 'session':
      return sessionView(store as LocalSessionStore)
    default: {
      if (ttlMs === undefined) return keyValueView(store as LocalKeyValueStore)
      const expiring = store as LocalExpiringStore
      return keyValueView(expiring, (timestampMs) => expiring.isOver(timestampMs))
    }
  }
}

const never = () => false

function keyValueView(
  { parts }: { readonly parts: StoreParts },
  isOver: (timestampMs: number) => boolean = never,
): CommittedKeyValue {
  async function* scan(from: string, to: string | null, reverse: boolean) {
    for await (const entry of committedEntries(parts.data, from, to, reverse)) {
      if (isOver(entry.timestamp)) continue
      yield { key: parts.keys.fromByteString(entry.key), ...stamped(parts, entry) }
    }
  }
  return {
    kind: 'keyValue',
    get: async (key) => {
      const entry = committedValue(parts, parts.keys.byteString(key))
      return entry === null || isOver(entry.timestamp) ? null : entry
    },
    all: ({ reverse = false } = {}) => scan('', null, reverse),
    // The smallest key after `to`: `to` and a zero byte.
    range: (from, to) =>
      scan(
        from === null ? '' : parts.keys.byteString(from),
        to === null ? null : `${parts.keys.byteString(to)}\0`,
        false,
      ),
    prefix: (prefix) => scan(prefix.toString('latin1'), afterPrefix(prefix), false),
  }
}

function windowView({ parts, directory, retention }: LocalWindowStore): CommittedWindows {
  return {
    kind: 'window',
    get: async (key, startMs) =>
      startMs <= retention.committedLimit()
        ? null
        : committedValue(parts, int64ByteString(startMs) + parts.keys.byteString(key)),
    fetch: async (key, fromMs, toMs) => {
      const text = parts.keys.byteString(key)
      const found: WindowEntry<unknown>[] = []
      directory.forEachCommitted(text, Math.max(fromMs, retention.committedLimit() + 1), toMs, (startMs) => {
        const entry = committedValue(parts, int64ByteString(startMs) + text)
        if (entry !== null) found.push({ startMs, ...entry })
      })
      return found
    },
    async *fetchAll(fromMs, toMs) {
      const from = Math.max(fromMs, retention.committedLimit() + 1, 0)
      for await (const entry of committedEntries(parts.data, int64ByteString(from), timeEnd(toMs))) {
        const startMs = leadingTime(entry.key)
        yield { key: parts.keys.fromByteString(entry.key.slice(8)), startMs, ...stamped(parts, entry) }
      }
    },
  }
}

function sessionView({ parts, directory, retention }: LocalSessionStore): CommittedSessions {
  return {
    kind: 'session',
    fetch: async (key) => {
      const text = parts.keys.byteString(key)
      const found: Session<unknown>[] = []
      const from = retention.committedLimit() + 1
      directory.forEachCommitted(text, from, Number.POSITIVE_INFINITY, (endMs, startMs) => {
        const entry = committedValue(parts, int64ByteString(endMs) + int64ByteString(startMs) + text)
        if (entry !== null) found.push({ startMs, endMs, value: entry.value })
      })
      return found
    },
    async *fetchAll(fromMs, toMs) {
      const from = Math.max(fromMs, retention.committedLimit() + 1, 0)
      for await (const entry of committedEntries(parts.data, int64ByteString(from), timeEnd(toMs))) {
        const key = parts.keys.fromByteString(entry.key.slice(16))
        yield { key, startMs: timeAt(entry.key, 8), endMs: leadingTime(entry.key), value: stamped(parts, entry).value }
      }
    },
  }
}

/** First local key after everything at `timeMs`; null: no end. */
function timeEnd(timeMs: number): string | null {
  return timeMs >= Number.MAX_SAFE_INTEGER ? null : int64ByteString(timeMs + 1)
}

/** First byte string after all that begin with `prefix`; null: none. */
function afterPrefix(prefix: Buffer): string | null {
  for (let last = prefix.length - 1; last >= 0; last--) {
    if (prefix[last]! === 255) continue
    return prefix.toString('latin1', 0, last) + String.fromCharCode(prefix[last]! + 1)
  }
  return null
}

function committedValue(parts: StoreParts, localKey: string): ValueAndTimestamp<unknown> | null {
  const entry = parts.data.committed(localKey)
  return entry === undefined ? null : { value: parts.values.value(entry.held), timestamp: entry.timestamp }
}

function stamped(parts: StoreParts, entry: CommittedEntry): ValueAndTimestamp<unknown> {
  return { value: parts.values.value(entry.held), timestamp: entry.timestamp }
}
