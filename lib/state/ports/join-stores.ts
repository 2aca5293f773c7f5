/** The ports of the stores behind a stream-stream join. */
import type { ValueAndTimestamp } from './store.js'

/** The records of one side, duplicates kept. Entries older than observed stream time - retention are gone. */
export interface JoinWindowStore<K, V> {
  readonly name: string
  put(key: K, timestampMs: number, value: V): void
  /** Records of one key with from <= timestamp <= to, by timestamp, then in the order they came. */
  fetch(key: K, fromMs: number, toMs: number): readonly ValueAndTimestamp<V>[]
}

export interface Unmatched<K, V> {
  readonly key: K
  readonly value: V
  readonly timestampMs: number
  readonly left: boolean
}

/** Records of either side that wait for a partner. */
export interface UnmatchedStore<K, V> {
  readonly name: string
  add(row: Unmatched<K, V>): void
  /** Forgets every record of that key, time and side; `atMs` is the time of the record that is the reason. */
  remove(key: K, timestampMs: number, left: boolean, atMs: number): void
  /**
   * Takes out left records before `leftBeforeMs` and right ones before `rightBeforeMs` (exclusive), by timestamp, then
   * right before left, then key bytes, then in the order they came: Kafka Streams' order.
   */
  take(leftBeforeMs: number, rightBeforeMs: number, atMs: number): readonly Unmatched<K, V>[]
}
