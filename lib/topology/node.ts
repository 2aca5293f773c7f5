/**
 * A topology is data: frozen nodes in one discriminated union. No node has a method or knows the runtime; `operators/`
 * has one file per kind that turns a node into a closure.
 */

import type { OffsetReset } from '../record/offset-reset.js'
import type { Headers } from '../record/record.js'
import type { Serde } from '../serde/serde.js'
import type { AggregateNodes } from './aggregate-nodes.js'
import type { AsyncNode } from './async-node.js'
import type { ForeignKeyNode } from './foreign-key-nodes.js'
import type { JoinNode } from './join-nodes.js'
import type { RecordMetadata } from './processor.js'
import type { NodeWrapping } from './processor-wrapper.js'
import type { StatelessNode } from './stateless-nodes.js'
import type { TableNode } from './table-nodes.js'

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
  /** What the user's wrapper put around it; left out: nothing. */
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

export interface SourceNode extends NodeBase {
  readonly kind: 'source'
  /** With a pattern: the topics known to match. */
  readonly topics: readonly string[]
  /** Reads every topic whose whole name matches; left out: the topics named. */
  readonly pattern?: RegExp
  readonly keySerde: Serde<unknown>
  readonly valueSerde: Serde<unknown>
  readonly timestampExtractor: TimestampExtractor | null
  readonly offsetReset: OffsetReset | null
}

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

export interface SinkNode extends NodeBase {
  readonly kind: 'sink'
  readonly topic: string | TopicNameExtractor
  readonly keySerde: Serde<unknown>
  readonly valueSerde: Serde<unknown>
  readonly partitioner: Partitioner | null
}

export type Node =
  | SourceNode
  | SinkNode
  | StatelessNode
  | AggregateNodes
  | TableNode
  | JoinNode
  | ForeignKeyNode
  | AsyncNode
