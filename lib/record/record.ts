/** The plain values everything else passes around. */

/** Header values are bytes or null, as on the wire; a key may repeat. */
export interface Header {
  readonly key: string
  readonly value: Buffer | null
}

export type Headers = readonly Header[]

/** The one empty header list, so that a record without headers allocates none. */
export const NO_HEADERS: Headers = Object.freeze([])

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** The text form used as a map key and in messages: `topic-partition`, as Kafka prints it. */
export function formatTopicPartition(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** What flows through a topology. Frozen by convention: an operator that changes something makes a new one. */
export interface StreamRecord<K = unknown, V = unknown> {
  readonly key: K
  readonly value: V
  /** Event time, milliseconds since the epoch, >= 0. */
  readonly timestamp: number
  readonly headers: Headers
}

/** A record as it lies on a topic: bytes, and where it stands. */
export interface TopicRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Headers
}
