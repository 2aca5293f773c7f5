/**
 * The common part of nodes of all kinds: their place in the topology, their wrapper, and the functions at their edges.
 * Types only.
 */
import type { Headers, StreamRecord } from '../record/record.js'
import type { ProcessorContext, RecordMetadata } from './processor.js'

/** A change on a table edge: what stands now, what stood before (null: nothing, or nobody downstream asked for it). */
export interface Change<V> {
  readonly newValue: V | null
  readonly oldValue: V | null
  /** False for an out-of-order update of a versioned table (KIP-914). */
  readonly isLatest: boolean
}

/** User code sees unknown keys and values here; the DSL's types guarantee they fit. */
export interface NodeBase {
  /** Unique in the topology; Kafka Streams' name for the same build order, e.g. `KSTREAM-FILTER-0000000001`. */
  readonly name: string
  /** Names of the nodes that push into this one; empty for sources. */
  readonly parents: readonly string[]
  /** Names of the state stores the node uses. */
  readonly stores: readonly string[]
  /** What the user's wrapper put around it; omitted: nothing. */
  readonly wrapping?: NodeWrapping
}

/** Takes the record's key, value, and the partition's highest timestamp so far (-1: none); returns event time in ms. */
export type TimestampExtractor = (
  record: {
    readonly key: unknown
    readonly value: unknown
    readonly timestamp: number
    readonly topic: string
    readonly partition: number
    readonly offset: number
  },
  partitionTimeMs: number,
) => number

/**
 * Chooses the partition of an outgoing record; `null` means by the key's murmur2 hash. Several partitions: each gets the
 * record (a tombstone for all, KIP-837); none: it is dropped.
 */
export type Partitioner = (
  topic: string,
  key: unknown,
  value: unknown,
  partitions: number,
) => number | readonly number[] | null

/** What a topic is chosen by, beside key, value and timestamp. */
export interface OutgoingContext {
  readonly headers: Headers
  /** The source record this one was made of; null in a punctuation. */
  readonly source: RecordMetadata | null
}

/** Chooses the topic of an outgoing record (Kafka Streams' TopicNameExtractor). The topic must exist. */
export type TopicNameExtractor<K = unknown, V = unknown> = (
  key: K,
  value: V,
  timestamp: number,
  context: OutgoingContext,
) => string

/** Runs the wrapped processor, or forwards. */
export type Next = (record: StreamRecord) => void

/**
 * User code around a processor of one task. Between tables, a record's value is `{ newValue, oldValue, isLatest }`. An error it
 * throws is handled as one of the processor.
 */
export interface ProcessorWrap {
  /** Before the processor's `init`. `context` has the stores of both. */
  init?(context: ProcessorContext): void
  /** Instead of the processor. Call `next` to run the processor: not at all, once, or several times. */
  process?(record: StreamRecord, next: Next): void
  /** Instead of forwarding. Call `next` to forward the record. */
  forward?(record: StreamRecord, next: Next): void
  /** After the processor's `close`. */
  close?(): void
}

/** What a wrapped node carries. */
export interface NodeWrapping {
  readonly fixedKey: boolean
  readonly supplier: () => ProcessorWrap
  /** Names of the stores that are the wrapper's. */
  readonly stores: readonly string[]
}

/** What every node on a table edge shares. */
export interface TableNodeBase extends NodeBase {
  /**
   * True where something downstream needs the old value of a change. Where false, an operator may leave it null, and a
   * filter forwards a tombstone for every record it rejects (it cannot know that nothing stood there).
   */
  readonly sendOldValues: boolean
}
