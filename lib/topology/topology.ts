/** A whole topology as frozen data, and the parts that the runtime uses. */
import type { Serde } from '../serde/serde.js'
import type { StoreDefinition } from '../state/stores/index.js'
import type { Node } from './node.js'
import type { TimestampExtractor } from './node-base.js'
import type { ProcessorSupplier } from './processor.js'

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

/** A topology as frozen data, from `build()`. Give it to `Streams`, to the test driver and to `describe`. */
export interface Topology {
  /** Sources, processors and sinks in the order in which they were added; parents come before children. @internal */
  readonly nodes: readonly Node[]
  /** The state stores of all tasks. @internal */
  readonly stores: readonly StoreDefinition[]
  /** Internal topics that records go through when their key has changed. @internal */
  readonly repartitionTopics: readonly RepartitionTopic[]
  /** Stores that every instance has completely. @internal */
  readonly globalStores: readonly GlobalStoreDefinition[]
  /** Topics that must have the same number of partitions, one group for each join. */
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
