/** The port of the store of `suppress`: the latest change per key, in the order in which changes are emitted. */
import type { Headers } from '../../record/record.js'

/** The record a change came with. */
export interface ChangeContext {
  /** Event time, ms. */
  readonly timestamp: number
  readonly headers: Headers
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface BufferedChange<K, V> {
  readonly key: K
  /** The latest change of the key. */
  readonly newValue: V | null
  readonly oldValue: V | null
  readonly timestamp: number
  readonly headers: Headers
}

export interface SuppressBuffer<K, V> {
  readonly name: string
  /** Keys held. */
  readonly records: number
  /** What they count towards a limit in bytes, as Kafka Streams estimates it. */
  readonly bytes: number
  /** Lowest buffer time held, Infinity when nothing is. */
  readonly firstTimeMs: number
  /** Replaces the key's change; a key that is held keeps its first `bufferTimeMs`. */
  put(key: K, bufferTimeMs: number, newValue: V | null, oldValue: V | null, context: ChangeContext): void
  /** The change with the lowest buffer time, then key bytes; null when nothing is held. */
  first(): BufferedChange<K, V> | null
  /** Removes what `first` returns. `atMs`: time of the record that is the reason. */
  removeFirst(atMs: number): void
  /** What downstream saw last of a key that is held (null: nothing); undefined for one that is not. */
  prior(key: K): V | null | undefined
}
