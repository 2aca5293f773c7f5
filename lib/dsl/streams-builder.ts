/** The start of a topology: streams and tables of topics, and stores for processors. */
import { checked } from '../serde/checked.js'
import type { Serde } from '../serde/serde.js'
import { type Topic, topicsWithSerdes, topicWithSerdes } from '../serde/topic.js'
import type { StoreDefinition } from '../state/stores/index.js'
import type { TimestampExtractor } from '../topology/node-base.js'
import type { ProcessorSupplier } from '../topology/processor.js'
import {
  type StoreOptions,
  storeDefinition,
  type TimerStoreOptions,
  timerStoreDefinition,
} from '../topology/store-definition.js'
import type { Topology } from '../topology/topology.js'
import { GlobalKTable } from './global-table.js'
import { type BuildOptions, buildGraph } from './plan/build.js'
import { Graph } from './plan/graph.js'
import type { AnySerde, Named } from './plan/handle.js'
import { checkOptions } from './plan/operator-options.js'
import {
  addGlobalStore,
  globalTableOfTopic,
  type SourceSettings,
  type SourcesHandle,
  sourceStream,
  type TableSourceSettings,
  type TopicSourceSettings,
  type TopicTableSettings,
  tableOfTopic,
} from './plan/sources.js'
import { KStream } from './stream.js'
import { KTable } from './table.js'

/** Options of `addGlobalStore` with a topic that has its serdes. */
export interface TopicGlobalStoreSettings<K, V> extends Named {
  readonly topic: Topic<K, V>
  readonly store: StoreOptions<never, never> | StoreOptions<K, V>
  /** Makes a processor that fills the store from the topic's records. Default: each record is put as it is. */
  readonly supplier?: ProcessorSupplier<K, V | null, never, never>
  /** Computes the time of each record. Default: the record's timestamp. */
  readonly timestampExtractor?: TimestampExtractor
}

/** Options of `addGlobalStore` with the name of a topic. */
export interface GlobalStoreSettings<K, V> extends Omit<TopicGlobalStoreSettings<K, V>, 'topic'> {
  readonly topic: string
  readonly key: Serde<K>
  readonly value: Serde<V>
}

/** Options of {@link StreamsBuilder}. */
export interface StreamsBuilderOptions {
  /** For all sources without one of their own. Default: the record's timestamp. */
  readonly timestampExtractor?: TimestampExtractor
}

/** Builds a topology from streams and tables: the DSL. */
export class StreamsBuilder {
  readonly #sources: SourcesHandle

  constructor(options: StreamsBuilderOptions = {}) {
    checkOptions('StreamsBuilder', options)
    this.#sources = { graph: new Graph(), timestampExtractor: options.timestampExtractor ?? null, streams: [] }
  }

  /**
   * A stream of one topic, several topics, or all topics whose whole name matches a pattern, also those created later. A second call
   * with the same topics or pattern shares the source. A record without a value (a tombstone) has the value null; `filterNotNull()`
   * drops it.
   */
  stream<K, V>(topics: Topic<K, V> | readonly Topic<K, V>[], options?: TopicSourceSettings): KStream<K, V | null>
  stream<K, V>(topics: string | readonly string[] | RegExp, options: SourceSettings<K, V>): KStream<K, V | null>
  stream<K, V>(topics: unknown, given: TopicSourceSettings = {}): KStream<K, V | null> {
    checkOptions('stream', given)
    const { names, options } = topicsWithSerdes(topics, given, 'stream')
    return new KStream(sourceStream(this.#sources, names, options as SourceSettings<unknown, unknown>))
  }

  /** A table of a topic: the latest value of a key is its row, and null deletes it. Records without a key are dropped. */
  table<K, V>(topic: Topic<K, V>, options?: TopicTableSettings): KTable<K, V>
  table<K, V>(topic: string, options: TableSourceSettings<K, V>): KTable<K, V>
  table<K, V>(given: unknown, settings: TopicTableSettings = {}): KTable<K, V> {
    checkOptions('table', settings)
    const { name, options } = topicWithSerdes(given, settings, 'table')
    return new KTable(tableOfTopic(this.#sources, name, options as TableSourceSettings<unknown, unknown>))
  }

  /** A table of a topic that every instance reads completely, before it starts to process. */
  globalTable<K, V>(topic: Topic<K, V>, options?: Omit<TopicTableSettings, 'offsetReset'>): GlobalKTable<K, V>
  globalTable<K, V>(topic: string, options: Omit<TableSourceSettings<K, V>, 'offsetReset'>): GlobalKTable<K, V>
  globalTable<K, V>(given: unknown, settings: Omit<TopicTableSettings, 'offsetReset'> = {}): GlobalKTable<K, V> {
    checkOptions('globalTable', settings)
    const { name, options } = topicWithSerdes(given, settings, 'globalTable')
    return new GlobalKTable(globalTableOfTopic(this.#sources, name, options as TableSourceSettings<unknown, unknown>))
  }

  /** Adds a store for processors, which use it by name in their `stores`. A store that is given there with its options need not be added. */
  addStateStore<K, V>(options: StoreOptions<K, V>): this {
    return this.#addStore(this.#sources.graph.stores.define(options as StoreOptions<unknown, unknown>))
  }

  /** Adds a store of timers for one processor, which uses it by name in its `stores`. Timers call its `onTimer`, or wait for its `takeDue`. */
  addTimerStore<K>(options: TimerStoreOptions<K>): this {
    return this.#addStore(timerStoreDefinition(options))
  }

  #addStore(definition: StoreDefinition): this {
    this.#sources.graph.add([], { name: definition.name, write: (topology) => topology.addStore(definition) })
    return this
  }

  /** Adds a store that every instance fills completely from a topic. All processors can read it, without naming it in `stores`. */
  addGlobalStore<K, V>(options: TopicGlobalStoreSettings<K, V> | GlobalStoreSettings<K, V>): this {
    checkOptions('addGlobalStore', options)
    const { name: topic, options: serdes } = topicWithSerdes(options.topic, options, 'addGlobalStore')
    addGlobalStore(this.#sources, options.name, {
      store: storeDefinition({ ...(options.store as StoreOptions<unknown, unknown>), logged: false }),
      topic,
      keySerde: checked(serdes.key as AnySerde),
      valueSerde: checked(serdes.value as AnySerde),
      timestampExtractor: options.timestampExtractor ?? null,
      supplier: (options.supplier ?? null) as ProcessorSupplier | null,
    })
    return this
  }

  /** Checks and freezes the topology. @throws MillraceError CONFIG_INVALID, TOPOLOGY_* if it is not valid */
  build(options?: BuildOptions): Topology {
    return buildGraph(this.#sources.graph, options)
  }
}
