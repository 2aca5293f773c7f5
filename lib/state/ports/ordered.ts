/**
 * The interfaces of stores declared `ordered`, for iterating over keys. An iteration is synchronous, starts with its
 * loop, needs no close and sees the task's own writes. It returns the keys that existed at its start and still exist,
 * with their present values. Later keys are not included.
 */
import type { Serde } from '../../serde/serde.js'
import type { KeyValueStore, Session, SessionStore, ValueAndTimestamp, WindowEntry, WindowStore } from './store.js'

/** A row of a key-value store, with its key. */
export interface Row<K, V> extends ValueAndTimestamp<V> {
  readonly key: K
}

/**
 * A key-value store declared with `ordered: true`: a processor can iterate over its keys, in the order of their serialised bytes. An
 * iteration is synchronous, needs no closing and sees the task's own writes; keys added after its start are omitted.
 */
export interface OrderedKeyValueStore<K, V> extends KeyValueStore<K, V> {
  /** All rows, ascending. @throws MillraceError STATE_NOT_ORDERED if the store was not declared with `ordered` */
  all(): Iterable<Row<K, V>>
  /** All rows, descending. */
  reverseAll(): Iterable<Row<K, V>>
  /** Rows with from <= key <= to, ascending; null leaves that end open. */
  range(from: K | null, to: K | null): Iterable<Row<K, V>>
  /** The same, descending. */
  reverseRange(from: K | null, to: K | null): Iterable<Row<K, V>>
  /** Rows whose serialised key begins with `prefix`, ascending. */
  prefixScan(prefix: Buffer): Iterable<Row<K, V>>
  /** The same, with the bytes that `serde` makes of `prefix`. Make sure that they are the beginning of a key's bytes. */
  prefixScan<P>(prefix: P, serde: Serde<P>): Iterable<Row<K, V>>
  /** The number of keys; with `ttlMs`, expired entries that are not yet removed count as well. One lookup. */
  approximateEntries(): number
}

/** A row of a window store, with its key. */
export type WindowRow<K, V> = WindowEntry<V> & { readonly key: K }

/** A window store declared with `ordered: true`. Rows come by window start, then by the bytes of the key. Bounds are inclusive. */
export interface OrderedWindowStore<K, V> extends WindowStore<K, V> {
  /** All rows, ascending. @throws MillraceError STATE_NOT_ORDERED if the store was not declared with `ordered` */
  all(): Iterable<WindowRow<K, V>>
  /** All rows, descending. */
  backwardAll(): Iterable<WindowRow<K, V>>
  /** Rows of all keys with fromMs <= start <= toMs, ascending. */
  fetchAll(fromMs: number, toMs: number): Iterable<WindowRow<K, V>>
  /** The same, descending. */
  backwardFetchAll(fromMs: number, toMs: number): Iterable<WindowRow<K, V>>
  /** Rows with keyFrom <= key <= keyTo, by bytes, and fromMs <= start <= toMs, ascending; a key null leaves that end open. */
  fetchRange(keyFrom: K | null, keyTo: K | null, fromMs: number, toMs: number): Iterable<WindowRow<K, V>>
  /** The same, descending. */
  backwardFetchRange(keyFrom: K | null, keyTo: K | null, fromMs: number, toMs: number): Iterable<WindowRow<K, V>>
}

/** A row of a session store, with its key. */
export type SessionRow<K, V> = Session<V> & { readonly key: K }

/** A session store declared with `ordered: true`. Rows come by session end, then start, then by the bytes of the key. Bounds are inclusive. */
export interface OrderedSessionStore<K, V> extends SessionStore<K, V> {
  /** All rows, ascending. @throws MillraceError STATE_NOT_ORDERED if the store was not declared with `ordered` */
  all(): Iterable<SessionRow<K, V>>
  /** All rows, descending. */
  backwardAll(): Iterable<SessionRow<K, V>>
  /** Rows of all keys with earliestEndMs <= end <= latestEndMs, ascending. */
  findByEnd(earliestEndMs: number, latestEndMs: number): Iterable<SessionRow<K, V>>
  /** The same, descending. */
  backwardFindByEnd(earliestEndMs: number, latestEndMs: number): Iterable<SessionRow<K, V>>
  /** Rows with keyFrom <= key <= keyTo, by bytes, end >= earliestEndMs and start <= latestStartMs; a key null leaves that end open. */
  findRange(
    keyFrom: K | null,
    keyTo: K | null,
    earliestEndMs: number,
    latestStartMs: number,
  ): Iterable<SessionRow<K, V>>
  /** The same, descending. */
  backwardFindRange(
    keyFrom: K | null,
    keyTo: K | null,
    earliestEndMs: number,
    latestStartMs: number,
  ): Iterable<SessionRow<K, V>>
}
