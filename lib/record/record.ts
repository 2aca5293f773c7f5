/** The plain values that all other code uses. */

/** Header values are bytes or null, as on the wire; a key may repeat. */
export interface Header {
  readonly key: string
  readonly value: Buffer | null
}

/** The headers of a record, in order. */
export type Headers = readonly Header[]

/** The one empty header list, so that a record without headers allocates none. */
export const NO_HEADERS: Headers = Object.freeze([])

/** One partition of a topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** The text form used as a map key and in messages: `topic-partition`, as Kafka prints it. */
export function formatTopicPartition(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** A record inside a topology. Do not change it: an operator that changes something makes a new one. */
export interface StreamRecord<K = unknown, V = unknown> {
  readonly key: K
  readonly value: V
  /** Event time, milliseconds since the epoch, >= 0. */
  readonly timestamp: number
  readonly headers: Headers
}

/** A record of a topic: key and value as bytes, and its position. */
export interface TopicRecord<K = Buffer, V = Buffer> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since the epoch. */
  readonly timestamp: number
  readonly key: K | null
  readonly value: V | null
  readonly headers: Headers
}
