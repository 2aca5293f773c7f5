/** Where a topology begins: streams and tables of topics, and stores for processors. */
import { MillraceError } from '../errors.js'
import { type OffsetReset, offsetResetName } from '../record/offset-reset.js'
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
import { Graph, type GraphNode } from './plan/graph.js'
import { type AnySerde, type Named, streamHandle, untyped } from './plan/handle.js'
import { sourceTable, writeSourceTable } from './plan/source-table.js'
import { planStore, required, type StoreSettings, storeName } from './plan/store-options.js'
import { KStream } from './stream.js'
import { KTable } from './table.js'

/** Of a source whose topic has its serdes. */
export interface TopicSourceSettings extends Named {
  /** Default: the record's own timestamp; a negative one is an error. */
  readonly timestampExtractor?: TimestampExtractor
  /** Where to begin when the group has no offset yet; default: the application's setting. */
  readonly offsetReset?: OffsetReset
}

export interface SourceSettings<K, V> extends TopicSourceSettings {
  readonly key: Serde<K>
  readonly value: Serde<V>
}

/** Of a table whose topic has its serdes. */
export interface TopicTableSettings extends TopicSourceSettings {
  /** A store with a name makes the table queryable. */
  readonly store?: StoreSettings
}

export interface TableSourceSettings<K, V> extends TopicTableSettings {
  readonly key: Serde<K>
  readonly value: Serde<V>
}

/** Of a global store whose topic has its serdes. */
export interface TopicGlobalStoreSettings<K, V> extends Named {
  readonly topic: Topic<K, V>
  readonly store: StoreOptions<never, never> | StoreOptions<K, V>
  /** Fills the store from the topic's records; default: every record is put as it is. */
  readonly supplier?: ProcessorSupplier<K, V | null, never, never>
  readonly timestampExtractor?: TimestampExtractor
}

export interface GlobalStoreSettings<K, V> extends Omit<TopicGlobalStoreSettings<K, V>, 'topic'> {
  readonly topic: string
  readonly key: Serde<K>
  readonly value: Serde<V>
}

interface KnownSource {
  readonly topics: readonly string[]
  readonly offsetReset: string
  readonly node: GraphNode
}

function sameTopics(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((topic) => b.includes(topic))
}

export interface StreamsBuilderOptions {
  /** For every source that names none; default: the record's own timestamp. */
  readonly timestampExtractor?: TimestampExtractor
}

function topicNames(topics: readonly string[] | RegExp): readonly string[] {
  return topics instanceof RegExp ? [String(topics)] : topics
}

export class StreamsBuilder {
  readonly #graph = new Graph()
  readonly #sources: KnownSource[] = []
  readonly #timestampExtractor: TimestampExtractor | null

  constructor(options: StreamsBuilderOptions = {}) {
    this.#timestampExtractor = options.timestampExtractor ?? null
  }

  /**
   * A stream of one or several topics, or of every topic whose whole name matches a pattern, those that come to be later
   * included. Asked for again with the same topics or pattern, it shares the source. A record without a value, a tombstone,
   * comes as null: `filterNotNull()` drops it.
   */
  stream<K, V>(topics: Topic<K, V> | readonly Topic<K, V>[], options?: TopicSourceSettings): KStream<K, V | null>
  stream<K, V>(topics: string | readonly string[] | RegExp, options: SourceSettings<K, V>): KStream<K, V | null>
  stream<K, V>(topics: unknown, given: TopicSourceSettings = {}): KStream<K, V | null> {
    const resolved = topicsWithSerdes(topics, given, 'stream')
    const options = resolved.options as SourceSettings<K, V>
    // A pattern goes by its text, which no topic can be called.
    const list = Object.freeze([...new Set(topicNames(resolved.names))])
    const read = resolved.names instanceof RegExp ? resolved.names : list
    const name = this.#graph.nameOr(options.name, 'KSTREAM-SOURCE-')
    const reset = offsetResetName(options.offsetReset ?? null)
    const known = this.#knownSource(list, reset)
    const node = known === null ? this.#addSource(name, read, options) : this.#graph.reuseSource(known)
    if (known === null) this.#sources.push({ topics: list, offsetReset: reset, node })
    return new KStream(
      streamHandle({
        graph: this.#graph,
        node,
        name,
        key: untyped(options.key),
        value: untyped(options.value),
        sources: new Set([node.name]),
        rekeyed: false,
      }),
    )
  }

  /** A topic taken as a changelog: the latest value of a key is its row, null deletes, null keys are dropped. */
  table<K, V>(topic: Topic<K, V>, options?: TopicTableSettings): KTable<K, V>
  table<K, V>(topic: string, options: TableSourceSettings<K, V>): KTable<K, V>
  table<K, V>(given: unknown, settings: TopicTableSettings = {}): KTable<K, V> {
    const resolved = topicWithSerdes(given, settings, 'table')
    const { name: topic } = resolved
    const options = resolved.options as TableSourceSettings<K, V>
    const graph = this.#graph
    const store = storeName(graph, options.store, `${topic}-`)
    const { source, processor } = this.#tableNames(options.name)
    const key = untyped(options.key)
    const value = untyped(options.value)
    const origin = sourceTable(store, key, value, options.store)
    const node = graph.add([], {
      name: processor,
      write: (topology, _parents, { reuseSourceTopics, tables }) => {
        const fields = this.#sourceFields(options, source)
        // An extractor may know more than the record (partition time, the clock): a restore could give other timestamps.
        const reuse = reuseSourceTopics && fields.timestampExtractor === undefined
        topology.addSource({ ...fields, topics: [topic] })
        const place = { name: processor, parents: [source] }
        writeSourceTable(topology, place, origin, tables, reuse ? topic : null)
      },
    })
    return new KTable({ graph, node, name: processor, key, value, sources: new Set([source]), origin })
  }

  /** A topic every instance reads whole before anything starts. */
  globalTable<K, V>(topic: Topic<K, V>, options?: Omit<TopicTableSettings, 'offsetReset'>): GlobalKTable<K, V>
  globalTable<K, V>(topic: string, options: Omit<TableSourceSettings<K, V>, 'offsetReset'>): GlobalKTable<K, V>
  globalTable<K, V>(given: unknown, settings: Omit<TopicTableSettings, 'offsetReset'> = {}): GlobalKTable<K, V> {
    const resolved = topicWithSerdes(given, settings, 'globalTable')
    const { name: topic } = resolved
    const options = resolved.options as TableSourceSettings<K, V>
    if (options.store?.versioned !== undefined) {
      throw new MillraceError(
        'CONFIG_INVALID',
        `the global table of ${topic} cannot keep versions: leave out versioned`,
      )
    }
    const graph = this.#graph
    const store = storeName(graph, options.store, `${topic}-`)
    const { source, processor } = this.#tableNames(options.name)
    const keySerde = required(untyped(options.key), 'key', `global table ${topic}`)
    const valueSerde = required(untyped(options.value), 'value', `global table ${topic}`)
    const definition = planStore({
      kind: 'timestampedKeyValue',
      name: store,
      key: keySerde,
      value: valueSerde,
      settings: { ...options.store, logged: false, cached: false },
    })
    graph.add([], {
      name: processor,
      write: (topology) =>
        topology.addGlobal({
          store: definition,
          topic,
          sourceName: source,
          processorName: processor,
          keySerde,
          valueSerde,
          timestampExtractor: options.timestampExtractor ?? this.#timestampExtractor,
          supplier: null,
        }),
    })
    return new GlobalKTable(store)
  }

  /** A store for processors, which name it in their `stores`. A store given there by its options needs no adding. */
  addStateStore<K, V>(options: StoreOptions<K, V>): this {
    return this.#addStore(this.#graph.stores.define(options as StoreOptions<unknown, unknown>))
  }

  /** A store of timers for one processor, which names it in its `stores` and has them fire into its `onTimer`. */
  addTimerStore<K>(options: TimerStoreOptions<K>): this {
    return this.#addStore(timerStoreDefinition(options))
  }

  #addStore(definition: StoreDefinition): this {
    this.#graph.add([], { name: definition.name, write: (topology) => topology.addStore(definition) })
    return this
  }

  /** A store every instance holds whole, filled from a topic. Every processor can read it, without naming it in `stores`. */
  addGlobalStore<K, V>(options: TopicGlobalStoreSettings<K, V> | GlobalStoreSettings<K, V>): this {
    const { name: topic, options: serdes } = topicWithSerdes(options.topic, options, 'addGlobalStore')
    const { source, processor } = this.#tableNames(options.name)
    const definition = storeDefinition({ ...(options.store as StoreOptions<unknown, unknown>), logged: false })
    this.#graph.add([], {
      name: processor,
      write: (topology) =>
        topology.addGlobal({
          store: definition,
          topic,
          sourceName: source,
          processorName: processor,
          keySerde: checked(serdes.key as AnySerde),
          valueSerde: checked(serdes.value as AnySerde),
          timestampExtractor: options.timestampExtractor ?? this.#timestampExtractor,
          supplier: (options.supplier ?? null) as ProcessorSupplier | null,
        }),
    })
    return this
  }

  /** @throws MillraceError TOPOLOGY_* where the topology cannot work */
  build(options?: BuildOptions): Topology {
    return buildGraph(this.#graph, options)
  }

  #tableNames(name: string | undefined): { readonly source: string; readonly processor: string } {
    const source = this.#graph.nameOr(name === undefined ? undefined : `${name}-source`, 'KSTREAM-SOURCE-')
    return { source, processor: this.#graph.nameOr(name, 'KTABLE-SOURCE-') }
  }

  #addSource<K, V>(name: string, topics: readonly string[] | RegExp, options: SourceSettings<K, V>): GraphNode {
    return this.#graph.add([], {
      name,
      write: (topology) => topology.addSource({ ...this.#sourceFields(options, name), topics }),
    })
  }

  #sourceFields<K, V>(options: SourceSettings<K, V>, name: string): SourceSettings<K, V> & { readonly name: string } {
    const timestampExtractor = options.timestampExtractor ?? this.#timestampExtractor
    return {
      name,
      key: options.key,
      value: options.value,
      ...(timestampExtractor !== null && { timestampExtractor }),
      ...(options.offsetReset !== undefined && { offsetReset: options.offsetReset }),
    }
  }

  #knownSource(topics: readonly string[], offsetReset: string): GraphNode | null {
    const known = this.#sources.find((source) => source.topics.some((topic) => topics.includes(topic)))
    if (known === undefined) return null
    if (!sameTopics(known.topics, topics)) {
      throw new MillraceError(
        'TOPOLOGY_SOURCE_CONFLICT',
        `streams of [${known.topics.join(', ')}] and of [${topics.join(', ')}] overlap but are not the same topics`,
      )
    }
    if (known.offsetReset !== offsetReset) {
      throw new MillraceError(
        'TOPOLOGY_SOURCE_CONFLICT',
        `the streams of [${topics.join(', ')}] have different offsetReset: ${known.offsetReset} and ${offsetReset}`,
      )
    }
    return known.node
  }
}
