/**
 * The store ports operators and queries see. Reads and writes are synchronous and typed; a write is visible to its own
 * task at once and to queries when its transaction has committed.
 */
import type { Headers } from '../../record/record.js'

export interface ValueAndTimestamp<V> {
  readonly value: V
  /** Milliseconds since the epoch; max of the records that made the value. */
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

interface StoreBase {
  readonly name: string
}

/** Whether updates should be forwarded by the operator itself (`cached` false) or wait for the flush listener. */
interface CachedStore<K, V> extends StoreBase {
  readonly cached: boolean
  onFlush(listener: FlushListener<K, V>): void
}

export interface KeyValueStore<K, V> extends CachedStore<K, V> {
  /** The value with its timestamp, or null. Cost: a map look-up, or one disk read for a key not in memory. */
  get(key: K): ValueAndTimestamp<V> | null
  /** Value null deletes. `headers` are for the flush listener; only a store declared `headers` keeps them. */
  put(key: K, value: V | null, timestamp: number, headers?: Headers): void
  /** Puts where nothing stands. Returns what stood, which then still does, or null: `value` was put. */
  putIfAbsent(key: K, value: V, timestamp: number, headers?: Headers): ValueAndTimestamp<V> | null
  /** Removes what stands and returns it; null: nothing did. The removal keeps its timestamp. */
  delete(key: K): ValueAndTimestamp<V> | null
}

export interface ValueTimestampHeaders<V> extends ValueAndTimestamp<V> {
  /** Those of the put, none where it gave none. */
  readonly headers: Headers
}

/** A store declared `headers` (KIP-1271). */
export interface HeadersKeyValueStore<K, V> extends KeyValueStore<K, V> {
  get(key: K): ValueTimestampHeaders<V> | null
  putIfAbsent(key: K, value: V, timestamp: number, headers?: Headers): ValueTimestampHeaders<V> | null
  delete(key: K): ValueTimestampHeaders<V> | null
}

export interface WindowEntry<V> extends ValueAndTimestamp<V> {
  readonly startMs: number
}

/** Keyed by (key, window start). Entries older than observed stream time - retention are gone. */
export interface WindowStore<K, V> extends CachedStore<{ readonly key: K; readonly startMs: number }, V> {
  get(key: K, startMs: number): ValueAndTimestamp<V> | null
  /** False: the window is past its retention, nothing was written. */
  put(key: K, startMs: number, value: V | null, timestamp: number, headers?: Headers): boolean
  /** Entries of one key with from <= start <= to, ascending. */
  fetch(key: K, fromMs: number, toMs: number): readonly WindowEntry<V>[]
  /** The same, descending. */
  backwardFetch(key: K, fromMs: number, toMs: number): readonly WindowEntry<V>[]
  /**
   * Entries of all keys with from <= start <= to, ascending by start, then key bytes; also entries past their retention
   * that the next commit will remove, so that a jump of stream time loses no final result.
   * @throws MillraceError STATE_NOT_INDEXED unless the store was declared `timeIndexed`
   */
  startingBetween(fromMs: number, toMs: number): readonly (WindowEntry<V> & { readonly key: K })[]
}

export interface Session<V> {
  readonly startMs: number
  /** Inclusive. */
  readonly endMs: number
  readonly value: V
}

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
   */
  endingBetween(fromMs: number, toMs: number): readonly (Session<V> & { readonly key: K })[]
  /** Value null removes the session. The record time of a session is its end. */
  put(key: K, startMs: number, endMs: number, value: V | null, headers?: Headers): void
}

/** Keyed by (foreign key, primary key), all serialised. Never cached: it has no flush listener. */
export interface SubscriptionStore extends StoreBase {
  /** Value null deletes. */
  put(foreignKey: Buffer, primaryKey: Buffer, value: Buffer | null, timestamp: number): void
  /** What is stored under a foreign key at the time of the call, ascending by the primary key's bytes. */
  forEach(foreignKey: Buffer, visit: (primaryKey: Buffer, value: Buffer) => void): void
}
