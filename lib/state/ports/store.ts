/**
 * The store ports operators and queries see. Reads and writes are synchronous and typed; a write is visible to its own
 * task at once and to queries when its transaction has committed.
 */
import type { Headers } from '../../record/record.js'

/** A row of a store. */
export interface ValueAndTimestamp<V> {
  readonly value: V
  /** Milliseconds since the epoch: the latest of the records that made the value. */
  readonly timestamp: number
}

/**
 * Called at commit (or when the cache is full) once per changed key, oldest change first, with what was forwarded last
 * and the headers given with the last change.
 */
export type FlushListener<K, V> = (
  key: K,
  newValue: V | null,
  oldValue: V | null,
  timestamp: number,
  headers: Headers,
) => void

/** What every store has. */
export interface StoreBase {
  readonly name: string
}

/** Whether updates should be forwarded by the operator itself (`cached` false) or wait for the flush listener. */
export interface CachedStore<K, V> extends StoreBase {
  /** @internal */
  readonly cached: boolean
  /** @internal */
  onFlush(listener: FlushListener<K, V>): void
}

/** A store of one value for each key, in a processor. Calls are synchronous and see the task's own writes. */
export interface KeyValueStore<K, V> extends CachedStore<K, V> {
  /** The value with its timestamp, or null. Costs a lookup in memory, or one disk read. */
  get(key: K): ValueAndTimestamp<V> | null
  /** Sets the value; null deletes. Only a store declared with `headers` keeps the headers. */
  put(key: K, value: V | null, timestamp: number, headers?: Headers): void
  /** Sets the value if the key has none, and returns null. Otherwise changes nothing, and returns the present row. */
  putIfAbsent(key: K, value: V, timestamp: number, headers?: Headers): ValueAndTimestamp<V> | null
  /** Removes the row and returns it; null: there was none. */
  delete(key: K): ValueAndTimestamp<V> | null
}

/** A row of a store that keeps headers. */
export interface ValueTimestampHeaders<V> extends ValueAndTimestamp<V> {
  /** The headers it was put with. */
  readonly headers: Headers
}

/** A key-value store declared with `headers: true` (KIP-1271): its rows keep their headers. */
export interface HeadersKeyValueStore<K, V> extends KeyValueStore<K, V> {
  get(key: K): ValueTimestampHeaders<V> | null
  putIfAbsent(key: K, value: V, timestamp: number, headers?: Headers): ValueTimestampHeaders<V> | null
  delete(key: K): ValueTimestampHeaders<V> | null
}

/** A row of a window store. */
export interface WindowEntry<V> extends ValueAndTimestamp<V> {
  /** Start of the window, milliseconds since the epoch. */
  readonly startMs: number
}

/** A store of one value for each key and window. Rows whose window starts more than the retention before stream time are removed. */
export interface WindowStore<K, V> extends CachedStore<{ readonly key: K; readonly startMs: number }, V> {
  /** The row of one window, or null. */
  get(key: K, startMs: number): ValueAndTimestamp<V> | null
  /** Sets the value; null deletes. False: the window is past its retention, and nothing was written. */
  put(key: K, startMs: number, value: V | null, timestamp: number, headers?: Headers): boolean
  /** Rows of one key with fromMs <= start <= toMs, by ascending start. */
  fetch(key: K, fromMs: number, toMs: number): readonly WindowEntry<V>[]
  /** The same, descending. */
  backwardFetch(key: K, fromMs: number, toMs: number): readonly WindowEntry<V>[]
  /**
   * Entries of all keys with from <= start <= to, ascending by start, then key bytes; also entries past their retention
   * that the next commit will remove, so that a jump of stream time loses no final result.
   * @throws MillraceError STATE_NOT_INDEXED unless the store was declared `timeIndexed`
   * @internal
   */
  startingBetween(fromMs: number, toMs: number): readonly (WindowEntry<V> & { readonly key: K })[]
}

/** A row of a session store. */
export interface Session<V> {
  /** Time of the session's first record, milliseconds since the epoch. */
  readonly startMs: number
  /** Time of the session's last record. */
  readonly endMs: number
  readonly value: V
}

/** A store of sessions, several for each key. Sessions that end more than the retention before stream time are removed. */
export interface SessionStore<K, V>
  extends CachedStore<{ readonly key: K; readonly startMs: number; readonly endMs: number }, V> {
  /** Sessions of one key with end >= earliestEndMs and start <= latestStartMs, ascending by end, then start. */
  find(key: K, earliestEndMs: number, latestStartMs: number): readonly Session<V>[]
  /** The same, descending. */
  backwardFind(key: K, earliestEndMs: number, latestStartMs: number): readonly Session<V>[]
  /** The value of one session, or null. */
  fetchSession(key: K, startMs: number, endMs: number): V | null
  /**
   * Sessions of all keys with from <= end <= to, ascending by end, then start, then key bytes; also those past their
   * retention that the next commit will remove.
   * @throws MillraceError STATE_NOT_INDEXED unless the store was declared `timeIndexed`
   * @internal
   */
  endingBetween(fromMs: number, toMs: number): readonly (Session<V> & { readonly key: K })[]
  /** Sets the value of one session; null removes the session. The timestamp of the row is `endMs`. */
  put(key: K, startMs: number, endMs: number, value: V | null, headers?: Headers): void
}

/** Keyed by (foreign key, primary key), all serialised. Never cached: it has no flush listener. */
export interface SubscriptionStore extends StoreBase {
  /** Value null deletes. */
  put(foreignKey: Buffer, primaryKey: Buffer, value: Buffer | null, timestamp: number): void
  /** What is stored under a foreign key at the time of the call, ascending by the primary key's bytes. */
  forEach(foreignKey: Buffer, visit: (primaryKey: Buffer, value: Buffer) => void): void
}
