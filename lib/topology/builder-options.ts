/** The options of the topology builder for sources, processors, sinks and stores. */
import type { OffsetReset } from '../record/offset-reset.js'
import type { Serde } from '../serde/serde.js'
import type { Topic } from '../serde/topic.js'
import type { UsedStore } from './declared-stores.js'
import type { Partitioner, TimestampExtractor, TopicNameExtractor } from './node-base.js'
import type { ProcessorSupplier } from './processor.js'
import type { StoreOptions } from './store-definition.js'

/** Of a source whose topics have their serdes. */
export interface TopicSourceOptions<K, V> {
  readonly name: string
  /** The topics to read. Several topics must have the same serdes. */
  readonly topics: Topic<K, V> | readonly Topic<K, V>[]
  /** Computes the time of each record. Default: the record's timestamp. */
  readonly timestampExtractor?: TimestampExtractor
  /** Where to begin when the group has no offset yet; default: the application's setting. */
  readonly offsetReset?: OffsetReset
}

/** Options of {@link TopologyBuilder.addSource} with names of topics. */
export interface SourceOptions<K, V> extends Omit<TopicSourceOptions<K, V>, 'topics'> {
  /** By name, or every topic whose whole name matches, those that come to be later included. */
  readonly topics: readonly string[] | RegExp
  readonly key: Serde<K>
  readonly value: Serde<V>
}

/** Options of {@link TopologyBuilder.addProcessor}. */
export interface ProcessorOptions<KIn, VIn, KOut, VOut> {
  readonly name: string
  readonly parents: readonly string[]
  /** Makes the processor of each task. */
  readonly supplier: ProcessorSupplier<KIn, VIn, KOut, VOut>
  /** Of the stores the processor uses: names of those added with `addStateStore`, or options of others, which adds them. */
  readonly stores?: readonly UsedStore[]
}

/** Of a sink whose topic has its serdes. */
export interface TopicSinkOptions<K, V> {
  readonly name: string
  readonly parents: readonly string[]
  readonly topic: Topic<K, V>
  /** Chooses the partition of each record. Default: by the key, as Kafka's producer does. */
  readonly partitioner?: Partitioner
}

/** Options of {@link TopologyBuilder.addSink} with the name of a topic. */
export interface SinkOptions<K, V> extends Omit<TopicSinkOptions<K, V>, 'topic'> {
  readonly topic: string | TopicNameExtractor<K, V>
  readonly key: Serde<K>
  readonly value: Serde<V>
}

export interface GlobalStoreOptions<K, V> extends StoreOptions<K, V> {
  readonly topic: string
  /** Name of the source node. */
  readonly sourceName: string
  /** Name of the processor node. */
  readonly processorName: string
  /** Fills the store; default: every record is put as it is. */
  readonly supplier?: ProcessorSupplier<K, V, never, never>
  /** Computes the time of each record. Default: the record's timestamp. */
  readonly timestampExtractor?: TimestampExtractor
}

/** Of a global store whose topic has its serdes. */
export interface TopicGlobalStoreOptions<K, V> extends Omit<GlobalStoreOptions<K, V>, 'topic' | 'key' | 'value'> {
  readonly topic: Topic<K, V>
}

/** Of a read-only store whose topic has its serdes. */
export interface TopicReadOnlyStoreOptions<K, V, SK = K, SV = V> {
  readonly store: Omit<StoreOptions<SK, SV>, 'logged' | 'cached' | 'topicConfig'>
  /** Read from its beginning, and the store's log: compact it, or the store forgets what the topic forgets. */
  readonly topic: Topic<K, V>
  /** Name of the source node. */
  readonly sourceName: string
  /** Name of the processor node. */
  readonly processorName: string
  /**
   * Fills the store, by the record alone: a restore gives it the records again. It may not schedule, nor use other
   * stores. Default, for key-value stores: every record is put as it is.
   */
  readonly supplier?: ProcessorSupplier<K, V, never, never>
  /** Computes the time of each record. Default: the record's timestamp. */
  readonly timestampExtractor?: TimestampExtractor
}

/** Options of {@link TopologyBuilder.addReadOnlyStateStore} with the name of a topic. */
export interface ReadOnlyStoreOptions<K, V, SK = K, SV = V>
  extends Omit<TopicReadOnlyStoreOptions<K, V, SK, SV>, 'topic'> {
  readonly topic: string
  /** Serdes of the topic. */
  readonly key: Serde<K>
  readonly value: Serde<V>
}
