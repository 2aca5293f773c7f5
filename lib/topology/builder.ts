/** Builds a topology node by node: the Processor API. The DSL uses it too. */
import { MillraceError } from '../errors.js'
import { requireKnown } from '../record/known-options.js'
import { checkOffsetReset } from '../record/offset-reset.js'
import { checked } from '../serde/checked.js'
import type { Serde } from '../serde/serde.js'
import { topicsWithSerdes, topicWithSerdes } from '../serde/topic.js'
import { type StoreDefinition, storeInfo } from '../state/stores/index.js'
import type { StorePort } from '../state/stores/store-info.js'
import type {
  GlobalStoreOptions,
  ProcessorOptions,
  ReadOnlyStoreOptions,
  SinkOptions,
  SourceOptions,
  TopicGlobalStoreOptions,
  TopicReadOnlyStoreOptions,
  TopicSinkOptions,
  TopicSourceOptions,
} from './builder-options.js'
import { DeclaredStores } from './declared-stores.js'
import type { Node, SinkNode } from './node.js'
import { parentsFirst } from './parents-first.js'
import { checkPatterns, matchesOf } from './patterns.js'
import type { ProcessorSupplier } from './processor.js'
import { checkApart, type WrapOptions, wrapNodes } from './processor-wrapper.js'
import { putEach } from './put-each.js'
import { type StoreOptions, storeDefinition, type TimerStoreOptions, timerStoreDefinition } from './store-definition.js'
import type { GlobalStoreDefinition, RepartitionTopic, Topology } from './topology.js'
import { validate } from './validate/validate.js'

const SOURCE = ['name', 'topics', 'key', 'value', 'timestampExtractor', 'offsetReset']
const PROCESSOR = ['name', 'parents', 'supplier', 'stores']
const SINK = ['name', 'parents', 'topic', 'key', 'value', 'partitioner']
const GLOBAL = ['topic', 'sourceName', 'processorName', 'supplier', 'timestampExtractor']
const READ_ONLY = ['store', 'topic', 'key', 'value', 'sourceName', 'processorName', 'supplier', 'timestampExtractor']

/** Stores that take each record of a topic as a row. */
const PUT_AS_THEY_ARE: readonly StorePort[] = ['keyValue', 'versioned']

/** Builds a topology node by node: the Processor API. Nodes may be added in any order; `build` checks them. */
export class TopologyBuilder {
  readonly #nodes: Node[] = []
  readonly #declared = new DeclaredStores()
  readonly #stores = new Map<string, StoreDefinition>()
  readonly #globalStores: GlobalStoreDefinition[] = []
  readonly #repartitionTopics = new Map<string, RepartitionTopic>()
  readonly #copartitionGroups: (readonly string[])[] = []
  readonly #connections = new Map<string, string[]>()

  /** Adds a node that reads topics. @throws MillraceError CONFIG_INVALID */
  addSource<K, V>(given: TopicSourceOptions<K, V> | SourceOptions<K, V>): this {
    requireKnown(given, SOURCE, `source ${given?.name}`, 'CONFIG_INVALID')
    const { names: topics, options } = topicsWithSerdes(given.topics, given, `source ${given.name}`)
    const { offsetReset = null } = options
    if (offsetReset !== null) checkOffsetReset(offsetReset, `offsetReset of source ${options.name}`)
    return this.addNode({
      kind: 'source',
      name: options.name,
      parents: [],
      stores: [],
      ...(topics instanceof RegExp ? { topics: [], pattern: topics } : { topics }),
      keySerde: checked(options.key as Serde<unknown>),
      valueSerde: checked(options.value as Serde<unknown>),
      timestampExtractor: options.timestampExtractor ?? null,
      offsetReset:
        typeof offsetReset === 'object' && offsetReset !== null ? Object.freeze({ ...offsetReset }) : offsetReset,
    })
  }

  /** Adds a processor. Stores given with their options are added and connected. */
  addProcessor<KIn, VIn, KOut, VOut>(options: ProcessorOptions<KIn, VIn, KOut, VOut>): this {
    requireKnown(options, PROCESSOR, `processor ${options?.name}`, 'CONFIG_INVALID')
    const { names, definitions } = this.#declared.used(options.stores)
    for (const definition of definitions) this.addStore(definition)
    return this.addNode({
      kind: 'process',
      name: options.name,
      parents: options.parents,
      stores: names,
      fixedKey: false,
      supplier: options.supplier as ProcessorSupplier,
    })
  }

  /** Adds a node that writes to a topic, or to the topic that a function chooses for each record. */
  addSink<K, V>(given: TopicSinkOptions<K, V> | SinkOptions<K, V>): this {
    requireKnown(given, SINK, `sink ${given?.name}`, 'CONFIG_INVALID')
    const chosen = typeof given.topic === 'function'
    const { name: topic, options } = chosen
      ? { name: given.topic, options: given as SinkOptions<K, V> }
      : topicWithSerdes(given.topic, given, `sink ${given.name}`)
    return this.addNode({
      kind: 'sink',
      name: options.name,
      parents: options.parents,
      stores: [],
      topic: topic as SinkNode['topic'],
      keySerde: checked(options.key as Serde<unknown>),
      valueSerde: checked(options.value as Serde<unknown>),
      partitioner: options.partitioner ?? null,
    })
  }

  /** Adds a store and connects it to `processors`. */
  addStateStore<K, V>(options: StoreOptions<K, V>, ...processors: string[]): this {
    this.addStore(this.#declared.define(options as StoreOptions<unknown, unknown>))
    for (const processor of processors) this.connect(processor, options.name)
    return this
  }

  /** Adds a store of timers for one processor. Timers call its `onTimer`, or wait for its `takeDue`. */
  addTimerStore<K>(options: TimerStoreOptions<K>, ...processors: string[]): this {
    this.addStore(timerStoreDefinition(options))
    for (const processor of processors) this.connect(processor, options.name)
    return this
  }

  /** Connects a processor to stores. Processors with a common store are in the same sub-topology. */
  connect(processor: string, ...stores: string[]): this {
    if (stores.length === 0) {
      throw new MillraceError(
        'TOPOLOGY_STORE_UNKNOWN',
        `node ${processor} is connected to no store: give the name of a store`,
      )
    }
    const connected = this.#connections.get(processor) ?? []
    this.#connections.set(processor, [...connected, ...stores])
    return this
  }

  /** Adds a store that every instance fills completely from `topic`. It has no changelog; it is restored from the topic. */
  addGlobalStore<K, V>(given: TopicGlobalStoreOptions<K, V> | GlobalStoreOptions<K, V>): this {
    const resolved = topicWithSerdes(given.topic, given, `global store ${given.name}`)
    const options = resolved.options as GlobalStoreOptions<K, V>
    const store = Object.fromEntries(Object.entries(options).filter(([name]) => !GLOBAL.includes(name)))
    return this.addGlobal({
      store: storeDefinition({ ...(store as unknown as StoreOptions<K, V>), logged: false }),
      topic: resolved.name,
      sourceName: options.sourceName,
      processorName: options.processorName,
      keySerde: checked(options.key as Serde<unknown>),
      valueSerde: checked(options.value as Serde<unknown>),
      timestampExtractor: options.timestampExtractor ?? null,
      supplier: (options.supplier ?? null) as ProcessorSupplier | null,
    })
  }

  /**
   * Adds a store that each task fills from its partition of `topic` (KIP-813). It has no changelog; it is restored from the topic.
   * `processors` can only read it.
   */
  addReadOnlyStateStore<K, V, SK = K, SV = V>(
    given: TopicReadOnlyStoreOptions<K, V, SK, SV> | ReadOnlyStoreOptions<K, V, SK, SV>,
    ...processors: string[]
  ): this {
    requireKnown(given, READ_ONLY, `store ${given?.store?.name}`, 'CONFIG_INVALID')
    const { name: topic, options: resolved } = topicWithSerdes(given.topic, given, `store ${given.store.name}`)
    const options = resolved as ReadOnlyStoreOptions<K, V, SK, SV>
    const { key, value, sourceName, processorName, timestampExtractor } = options
    const extractor = timestampExtractor === undefined ? {} : { timestampExtractor }
    const store = { ...storeDefinition(options.store), changelogTopic: topic, filledBy: processorName }
    if (options.supplier === undefined && !PUT_AS_THEY_ARE.includes(storeInfo(store).port)) {
      throw new MillraceError('CONFIG_INVALID', `store ${store.name} of kind ${store.kind} needs a supplier to fill it`)
    }
    const supplier = (options.supplier ?? putEach(store.name)) as ProcessorSupplier<K, V, never, never>
    this.addSource({ name: sourceName, topics: [topic], key, value, ...extractor, offsetReset: 'earliest' })
    this.addProcessor({ name: processorName, parents: [sourceName], supplier })
    this.addStore(store)
    for (const user of [processorName, ...processors]) this.connect(user, store.name)
    return this
  }

  /** Appends a node of any kind. @internal */
  addNode(node: Node): this {
    this.#nodes.push(node)
    return this
  }

  /** The same definition may be added again, by each node that uses it. @internal */
  addStore(store: StoreDefinition): this {
    putStore(this.#stores, store)
    return this
  }

  /** @internal */
  addGlobal(definition: Omit<GlobalStoreDefinition, 'position'>): this {
    this.#globalStores.push({ ...definition, position: this.#nodes.length })
    return this
  }

  /** @internal */
  addRepartitionTopic(topic: RepartitionTopic): this {
    const known = this.#repartitionTopics.get(topic.name)
    if (known !== undefined && known.partitions !== topic.partitions) {
      throw new MillraceError(
        'TOPOLOGY_NOT_COPARTITIONED',
        `repartition topic ${topic.name} is declared with ${known.partitions} and with ${topic.partitions} partitions`,
        { topic: topic.name },
      )
    }
    this.#repartitionTopics.set(topic.name, topic)
    return this
  }

  /** The topics of these sources must have equal partition counts. */
  addCopartitionGroup(sources: Iterable<string>): this {
    this.#copartitionGroups.push([...sources])
    return this
  }

  /** @throws MillraceError TOPOLOGY_* when the topology cannot work */
  build(options: WrapOptions = {}): Topology {
    requireKnown(options, ['wrapProcessor'], 'build', 'CONFIG_INVALID')
    const { wrapProcessor } = options
    const names = new Set(this.#nodes.map((node) => node.name))
    for (const [processor, stores] of this.#connections) {
      if (names.has(processor)) continue
      throw new MillraceError(
        'TOPOLOGY_PARENT_UNKNOWN',
        `store ${stores[0]} is connected to the unknown processor ${processor}`,
        { node: processor },
      )
    }
    const connected = this.#nodes.map((node) => {
      const more = this.#connections.get(node.name)
      return more === undefined ? node : { ...node, stores: [...new Set([...node.stores, ...more])] }
    })
    // What a wrapper adds belongs to this build.
    const stores = new Map(this.#stores)
    const fillers = new Set([...stores.values()].flatMap(({ filledBy }) => filledBy ?? []))
    const wrapped =
      wrapProcessor === undefined
        ? connected
        : wrapNodes(connected, fillers, wrapProcessor, (store) => putStore(stores, store))
    const topology: Topology = {
      nodes: parentsFirst(wrapped).map(frozenNode),
      stores: [...stores.values()].map((store) => Object.freeze(store)),
      repartitionTopics: [...this.#repartitionTopics.values()].map((topic) => Object.freeze(topic)),
      globalStores: this.#globalStores.map((global) => Object.freeze(global)),
      copartitionGroups: this.#copartitionGroups.map((sources) => Object.freeze(this.#topicsOf(sources))),
    }
    for (const list of Object.values(topology)) Object.freeze(list)
    validate(topology)
    checkPatterns(topology)
    if (wrapProcessor !== undefined) checkApart(connected, topology.nodes)
    return Object.freeze(topology)
  }

  #topicsOf(sources: readonly string[]): string[] {
    const topics = this.#nodes.flatMap((node) => {
      if (node.kind !== 'source' || !sources.includes(node.name)) return []
      return node.pattern === undefined ? node.topics : [matchesOf(node.name)]
    })
    return [...new Set(topics)]
  }
}

/** @throws MillraceError TOPOLOGY_NAME_DUPLICATE */
function putStore(stores: Map<string, StoreDefinition>, store: StoreDefinition): void {
  const known = stores.get(store.name)
  if (known !== undefined && known !== store) {
    throw new MillraceError('TOPOLOGY_NAME_DUPLICATE', `two stores have the name ${store.name}`)
  }
  stores.set(store.name, store)
}

/** A copy: lists that a user gave stay as they are. */
function frozenNode(node: Node): Node {
  const lists = { parents: Object.freeze([...node.parents]), stores: Object.freeze([...node.stores]) }
  return Object.freeze(
    node.kind === 'source' ? { ...node, ...lists, topics: Object.freeze([...node.topics]) } : { ...node, ...lists },
  )
}
