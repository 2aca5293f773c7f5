/** A whole topology as frozen data, and the parts the runtime works with. */
import type { Serde } from '../serde/serde.js'
import type { Node } from './node.js'
import type { TimestampExtractor } from './node-base.js'
import type { ProcessorSupplier, PunctuationType } from './processor.js'

export type StoreKind =
  | 'keyValue'
  | 'timestampedKeyValue'
  | 'window'
  | 'session'
  /** Stream-stream joins: records that wait for a partner. */
  | 'unmatched'
  /** Every version of a row as long as its history is kept. */
  | 'versioned'
  /** Stream-table joins: records that wait for the table. */
  | 'streamBuffer'
  /** Foreign-key joins: which rows of the left table wait for a row of the other. */
  | 'subscription'
  /** Changes that wait in a suppression. */
  | 'suppressBuffer'
  /** Processors: one timer per key. */
  | 'timers'

/** A state store as declared; every task of the sub-topology has its own instance. */
export interface StoreDefinition {
  readonly name: string
  readonly kind: StoreKind
  readonly keySerde: Serde<unknown>
  readonly valueSerde: Serde<unknown>
  /** False: nothing is written to Kafka and a lost disk loses the store. */
  readonly logged: boolean
  /** False: every update is forwarded and logged at once (Kafka Streams' `withCachingDisabled`). */
  readonly cached: boolean
  /** `level` (default) or `memory`. */
  readonly engine: 'level' | 'memory'
  /** Window stores of a stream-stream join: records of equal key and time are kept side by side. */
  readonly keepsDuplicates?: boolean
  /** Window, session and versioned stores: how long after stream time an entry is kept. Null for the others. */
  readonly retentionMs: number | null
  /** Window stores: the window's size, which turns a stored start into a window. Null otherwise. */
  readonly windowSizeMs: number | null
  /** Window and session stores an operator scans by time (emit on close): an index of live entries is kept in memory. */
  readonly timeIndexed?: boolean
  /** Key-value, window and session stores: the keys are kept in order, so that they can be walked. */
  readonly ordered?: boolean
  /** Key-value stores: an entry so much older than the newest put is gone, in milliseconds. */
  readonly ttlMs?: number
  /** Key-value stores in memory: one key more removes the one used least recently. */
  readonly maxEntries?: number
  /** Key-value stores: an entry keeps the headers it was put with, and its changelog record carries them. */
  readonly headers?: boolean
  /** Timer stores: the time that fires them. */
  readonly timerType?: PunctuationType
  /** A read-only store: the one node that writes to it, whose source topic is `changelogTopic`. */
  readonly filledBy?: string
  /** A source topic that serves as changelog (`topology.optimization` reuse), else null: the internal changelog topic. */
  readonly changelogTopic: string | null
  /** Extra topic configuration for the changelog. */
  readonly topicConfig: Readonly<Record<string, string>>
}

/** An internal topic the topology writes and reads. The real topic is `<applicationId>-<name>`. */
export interface RepartitionTopic {
  /** e.g. `KSTREAM-AGGREGATE-STATE-STORE-0000000003-repartition`. */
  readonly name: string
  /** Explicit count, or null: the largest count among the upstream source topics. */
  readonly partitions: number | null
}

/** A store every instance holds whole, filled from its topic before anything starts. */
export interface GlobalStoreDefinition {
  readonly store: StoreDefinition
  readonly topic: string
  readonly sourceName: string
  readonly processorName: string
  /** Serdes of the topic. */
  readonly keySerde: Serde<unknown>
  readonly valueSerde: Serde<unknown>
  readonly timestampExtractor: TimestampExtractor | null
  /** User code that fills the store; null: each record is put as it is (`globalTable`). */
  readonly supplier: ProcessorSupplier | null
  /** How many of `nodes` were added before it: sub-topology numbers count global stores too. */
  readonly position: number
}

export interface Topology {
  /** In build order. Parents come before children. */
  readonly nodes: readonly Node[]
  readonly stores: readonly StoreDefinition[]
  readonly repartitionTopics: readonly RepartitionTopic[]
  readonly globalStores: readonly GlobalStoreDefinition[]
  /** Topics that must have equal partition counts, one group per join. Names as in nodes. */
  readonly copartitionGroups: readonly (readonly string[])[]
}

/** Connected nodes: the unit that becomes one task per partition. */
export interface SubTopology {
  /** Counts from 0 in the order Kafka Streams numbers them. */
  readonly id: number
  readonly nodes: readonly Node[]
  readonly stores: readonly StoreDefinition[]
  /** User and repartition topics it reads; repartition topics without the application id prefix. */
  readonly sourceTopics: readonly string[]
  readonly sinkTopics: readonly string[]
}
