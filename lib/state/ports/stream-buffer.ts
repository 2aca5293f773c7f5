/** The port of the store in which stream records wait for their table (`graceMs` of a stream-table join). */
import type { Headers } from '../../record/record.js'

export interface BufferedRecord<K, V> {
  readonly key: K
  readonly value: V
  readonly timestamp: number
  readonly headers: Headers
}

/** Where a record came from; empty topic, -1 and -1 inside a punctuation. */
export interface BufferedOrigin {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface StreamBuffer<K, V> {
  readonly name: string
  add(record: BufferedRecord<K, V>, origin: BufferedOrigin): void
  /** Takes out the first record with timestamp <= `untilMs`, by timestamp, key bytes, arrival; null: there is none. */
  take(untilMs: number, atMs: number): BufferedRecord<K, V> | null
}
