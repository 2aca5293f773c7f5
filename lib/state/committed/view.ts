/** Reads for queries: the committed layer merged with the disk, without uncommitted writes. */
import { int64ByteString } from '../../serde/int64-bytes.js'
import type { Serde } from '../../serde/serde.js'
import { leadingTime, timeAt } from '../layers/time-keys.js'
import type { Row, SessionRow, WindowRow } from '../ports/ordered.js'
import type { Session, ValueAndTimestamp, WindowEntry } from '../ports/store.js'
import type { LocalSessionStore } from '../stores/session-store.js'
import type { StoreParts } from '../stores/store-parts.js'
import type { LocalWindowStore } from '../stores/window-store.js'
import { type CommittedEntry, committedEntries } from './entries.js'
import { type KeyBounds, keyFilter } from './key-bounds.js'

/** Options of reads of several rows. */
export interface ScanOptions {
  /** Descending instead of ascending. */
  readonly reverse?: boolean
}

/** Order of range results is that of the serialised keys. */
export interface CommittedKeyValue<K = unknown, V = unknown> {
  readonly kind: 'keyValue'
  get(key: K): Promise<ValueAndTimestamp<V> | null>
  all(options?: ScanOptions): AsyncIterable<Row<K, V>>
  /** from <= key <= to; null leaves an end open. */
  range(from: K | null, to: K | null, options?: ScanOptions): AsyncIterable<Row<K, V>>
  /** Keys whose serialised form begins with `prefix`, which are bytes where no serde is given. */
  prefixScan<P = Buffer>(prefix: P, serde?: Serde<P>, options?: ScanOptions): AsyncIterable<Row<K, V>>
}

export interface CommittedWindows<K = unknown, V = unknown> {
  readonly kind: 'window'
  get(key: K, startMs: number): Promise<ValueAndTimestamp<V> | null>
  /** Windows of one key with from <= start <= to, ascending. */
  fetch(key: K, fromMs: number, toMs: number, options?: ScanOptions): Promise<readonly WindowEntry<V>[]>
  /** Windows of all keys, or of a range of them, with from <= start <= to, ascending by start, then key. */
  fetchAll(fromMs: number, toMs: number, options?: ScanOptions & KeyBounds<K>): AsyncIterable<WindowRow<K, V>>
}

export interface CommittedSessions<K = unknown, V = unknown> {
  readonly kind: 'session'
  /** The value of one session, or null. */
  get(key: K, startMs: number, endMs: number): Promise<V | null>
  /** Sessions of one key with end >= earliestEndMs and start <= latestStartMs, ascending by end, then start. */
  find(key: K, earliestEndMs: number, latestStartMs: number, options?: ScanOptions): Promise<readonly Session<V>[]>
  /** Sessions of all keys, or of a range of them, with from <= end <= to, ascending by end, then start, then key. */
  fetchAll(fromMs: number, toMs: number, options?: ScanOptions & KeyBounds<K>): AsyncIterable<SessionRow<K, V>>
}

export type CommittedView = CommittedKeyValue | CommittedWindows | CommittedSessions

const never = () => false

export function keyValueView(
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
    range: (from, to, { reverse = false } = {}) =>
      scan(
        from === null ? '' : parts.keys.byteString(from),
        to === null ? null : `${parts.keys.byteString(to)}\0`,
        reverse,
      ),
    prefixScan: (prefix, serde, { reverse = false } = {}) => {
      const from = parts.keys.prefix(prefix, serde)
      return scan(from, afterPrefix(from), reverse)
    },
  }
}

export function windowView({ parts, directory, retention }: LocalWindowStore): CommittedWindows {
  return {
    kind: 'window',
    get: async (key, startMs) =>
      startMs <= retention.committedLimit()
        ? null
        : committedValue(parts, int64ByteString(startMs) + parts.keys.byteString(key)),
    fetch: async (key, fromMs, toMs, { reverse = false } = {}) => {
      const text = parts.keys.byteString(key)
      const found: WindowEntry<unknown>[] = []
      directory.forEachCommitted(text, Math.max(fromMs, retention.committedLimit() + 1), toMs, (startMs) => {
        const entry = committedValue(parts, int64ByteString(startMs) + text)
        if (entry !== null) found.push({ startMs, ...entry })
      })
      return reverse ? found.reverse() : found
    },
    async *fetchAll(fromMs, toMs, { reverse = false, ...bounds } = {}) {
      const from = Math.max(fromMs, retention.committedLimit() + 1, 0)
      const isAsked = keyFilter(parts, bounds, 8)
      for await (const entry of committedEntries(parts.data, int64ByteString(from), timeEnd(toMs), reverse)) {
        if (!isAsked(entry.key)) continue
        const startMs = leadingTime(entry.key)
        yield { key: parts.keys.fromByteString(entry.key.slice(8)), startMs, ...stamped(parts, entry) }
      }
    },
  }
}

export function sessionView({ parts, directory, retention }: LocalSessionStore): CommittedSessions {
  return {
    kind: 'session',
    get: async (key, startMs, endMs) => {
      if (endMs <= retention.committedLimit()) return null
      const text = parts.keys.byteString(key)
      return committedValue(parts, int64ByteString(endMs) + int64ByteString(startMs) + text)?.value ?? null
    },
    find: async (key, earliestEndMs, latestStartMs, { reverse = false } = {}) => {
      const text = parts.keys.byteString(key)
      const found: Session<unknown>[] = []
      const from = Math.max(earliestEndMs, retention.committedLimit() + 1)
      directory.forEachCommitted(text, from, Number.POSITIVE_INFINITY, (endMs, startMs) => {
        if (startMs > latestStartMs) return
        const entry = committedValue(parts, int64ByteString(endMs) + int64ByteString(startMs) + text)
        if (entry !== null) found.push({ startMs, endMs, value: entry.value })
      })
      return reverse ? found.reverse() : found
    },
    async *fetchAll(fromMs, toMs, { reverse = false, ...bounds } = {}) {
      const from = Math.max(fromMs, retention.committedLimit() + 1, 0)
      const isAsked = keyFilter(parts, bounds, 16)
      for await (const entry of committedEntries(parts.data, int64ByteString(from), timeEnd(toMs), reverse)) {
        if (!isAsked(entry.key)) continue
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
function afterPrefix(prefix: string): string | null {
  for (let last = prefix.length - 1; last >= 0; last--) {
    const byte = prefix.charCodeAt(last)
    if (byte < 255) return prefix.slice(0, last) + String.fromCharCode(byte + 1)
  }
  return null
}

function committedValue(parts: StoreParts, localKey: string): ValueAndTimestamp<unknown> | null {
  const entry = parts.data.committed(localKey)
  return entry === undefined ? null : parts.row(entry.held, entry.timestamp)
}

function stamped(parts: StoreParts, entry: CommittedEntry): ValueAndTimestamp<unknown> {
  return parts.row(entry.held, entry.timestamp)
}
