/**
 * The ports of stores declared `ordered`: what one finds by walking keys instead of naming one. A walk is synchronous,
 * begins where its loop begins, needs no closing and sees the task's own writes: of keys that were there when it began
 * those that still are, with the values they have when reached. Keys that came since are left out.
 */
import type { Serde } from '../../serde/serde.js'
import type { KeyValueStore, Session, SessionStore, ValueAndTimestamp, WindowEntry, WindowStore } from './store.js'

export interface Row<K, V> extends ValueAndTimestamp<V> {
  readonly key: K
}

/** By the bytes of keys, as a sorted engine has them: not by number or by alphabet. */
export interface OrderedKeyValueStore<K, V> extends KeyValueStore<K, V> {
  /** Ascending. @throws MillraceError STATE_NOT_ORDERED where the store was not declared `ordered`; so do all below */
  all(): Iterable<Row<K, V>>
  reverseAll(): Iterable<Row<K, V>>
  /** from <= key <= to, ascending; null leaves an end open. */
  range(from: K | null, to: K | null): Iterable<Row<K, V>>
  reverseRange(from: K | null, to: K | null): Iterable<Row<K, V>>
  /** Keys whose bytes begin with `prefix`, ascending. */
  prefixScan(prefix: Buffer): Iterable<Row<K, V>>
  /** Keys whose bytes begin with those of `prefix`. A serde of the whole key may write more than a beginning: check it. */
  prefixScan<P>(prefix: P, serde: Serde<P>): Iterable<Row<K, V>>
  /** How many keys there are; with `ttlMs`, also those that are over and not yet removed. One look-up. */
  approximateEntries(): number
}

export type WindowRow<K, V> = WindowEntry<V> & { readonly key: K }

/** All walks go by window start, then key bytes. Times are inclusive. */
export interface OrderedWindowStore<K, V> extends WindowStore<K, V> {
  all(): Iterable<WindowRow<K, V>>
  backwardAll(): Iterable<WindowRow<K, V>>
  /** from <= start <= to, of all keys. */
  fetchAll(fromMs: number, toMs: number): Iterable<WindowRow<K, V>>
  backwardFetchAll(fromMs: number, toMs: number): Iterable<WindowRow<K, V>>
  /** The same of keyFrom <= key <= keyTo by bytes; null leaves an end open. */
  fetchRange(keyFrom: K | null, keyTo: K | null, fromMs: number, toMs: number): Iterable<WindowRow<K, V>>
  backwardFetchRange(keyFrom: K | null, keyTo: K | null, fromMs: number, toMs: number): Iterable<WindowRow<K, V>>
}

export type SessionRow<K, V> = Session<V> & { readonly key: K }

/** All walks go by session end, then start, then key bytes. Bounds are inclusive. */
export interface OrderedSessionStore<K, V> extends SessionStore<K, V> {
  all(): Iterable<SessionRow<K, V>>
  backwardAll(): Iterable<SessionRow<K, V>>
  /** earliestEnd <= end <= latestEnd, of all keys. */
  findByEnd(earliestEndMs: number, latestEndMs: number): Iterable<SessionRow<K, V>>
  backwardFindByEnd(earliestEndMs: number, latestEndMs: number): Iterable<SessionRow<K, V>>
  /** Sessions of keyFrom <= key <= keyTo with end >= earliestEnd and start <= latestStart; a key null leaves its end open. */
  findRange(
    keyFrom: K | null,
    keyTo: K | null,
    earliestEndMs: number,
    latestStartMs: number,
  ): Iterable<SessionRow<K, V>>
  backwardFindRange(
    keyFrom: K | null,
    keyTo: K | null,
    earliestEndMs: number,
    latestStartMs: number,
  ): Iterable<SessionRow<K, V>>
}
