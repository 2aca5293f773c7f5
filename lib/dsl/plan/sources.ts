/** The sources of streams and tables, and global stores. */
import { MillraceError } from '../../errors.js'
import { type OffsetReset, offsetResetName } from '../../record/offset-reset.js'
import type { Serde } from '../../serde/serde.js'
import type { TimestampExtractor } from '../../topology/node-base.js'
import type { GlobalStoreDefinition } from '../../topology/topology.js'
import type { Graph, GraphNode } from './graph.js'
import { type AnySerde, type Named, type StreamHandle, streamHandle, type TableHandle, untyped } from './handle.js'
import { sourceTable, writeSourceTable } from './source-table.js'
import { planStore, required, type StoreSettings, storeName } from './store-options.js'

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

interface KnownSource {
  readonly topics: readonly string[]
  readonly offsetReset: string
  readonly key: AnySerde
  readonly value: AnySerde
  readonly timestampExtractor: TimestampExtractor | null
  readonly node: GraphNode
}

/** The beginning of one graph. */
export interface SourcesHandle {
  readonly graph: Graph
  /** Of every source that names none; null: the record's own timestamp. */
  readonly timestampExtractor: TimestampExtractor | null
  /** The streams so far: a stream of the same topics shares its source. */
  readonly streams: KnownSource[]
}

function topicNames(topics: readonly string[] | RegExp): readonly string[] {
  // A pattern goes by its text, which no topic can be called.
  return topics instanceof RegExp ? [String(topics)] : topics
}

export function sourceStream(
  sources: SourcesHandle,
  topics: readonly string[] | RegExp,
  options: SourceSettings<unknown, unknown>,
): StreamHandle {
  const { graph, streams } = sources
  const list = Object.freeze([...new Set(topicNames(topics))])
  const where = `stream of ${list.join(', ')}`
  const key = required(untyped(options.key), 'key', where)
  const value = required(untyped(options.value), 'value', where)
  const name = graph.nameOr(options.name, 'KSTREAM-SOURCE-')
  const offsetReset = offsetResetName(options.offsetReset ?? null)
  const timestampExtractor = options.timestampExtractor ?? null
  const wanted = { topics: list, offsetReset, key, value, timestampExtractor }
  const known = knownSource(streams, wanted)
  let node: GraphNode
  if (known === null) {
    const read = topics instanceof RegExp ? topics : list
    const fields = sourceFields(sources, options, name)
    node = graph.add([], { name, write: (topology) => topology.addSource({ ...fields, topics: read }) })
    streams.push({ ...wanted, node })
  } else node = graph.reuseSource(known)
  return streamHandle({ graph, node, name, key, value, sources: new Set([node.name]), rekeyed: false })
}

function knownSource(streams: readonly KnownSource[], wanted: Omit<KnownSource, 'node'>): GraphNode | null {
  const { topics, offsetReset } = wanted
  const known = streams.find((source) => source.topics.some((topic) => topics.includes(topic)))
  if (known === undefined) return null
  if (known.topics.length !== topics.length || !known.topics.every((topic) => topics.includes(topic))) {
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
  for (const part of ['key', 'value', 'timestampExtractor'] as const) {
    if (known[part] === wanted[part]) continue
    const what = part === 'timestampExtractor' ? part : `serdes of the ${part}`
    const text = `the streams of [${topics.join(', ')}] share a source, but have different ${what}: call stream once and use its result twice, or give both the same value of topic()`
    throw new MillraceError('TOPOLOGY_SOURCE_CONFLICT', text)
  }
  return known.node
}

export function tableOfTopic(
  sources: SourcesHandle,
  topic: string,
  options: TableSourceSettings<unknown, unknown>,
): TableHandle {
  const { graph } = sources
  const store = storeName(graph, options.store, `${topic}-`)
  const { source, processor } = tableNames(graph, options.name)
  const key = required(untyped(options.key), 'key', `table of ${topic}`)
  const value = required(untyped(options.value), 'value', `table of ${topic}`)
  const origin = sourceTable(store, key, value, options.store)
  const fields = sourceFields(sources, options, source)
  const node = graph.add([], {
    name: processor,
    write(topology, _parents, { reuseSourceTopics, tables }) {
      // An extractor may know more than the record (partition time, the clock): a restore could give other timestamps.
      const reuse = reuseSourceTopics && fields.timestampExtractor === undefined
      topology.addSource({ ...fields, topics: [topic] })
      writeSourceTable(topology, { name: processor, parents: [source] }, origin, tables, reuse ? topic : null)
    },
  })
  return { graph, node, name: processor, key, value, sources: new Set([source]), origin }
}

/** Returns the name of its store. */
export function globalTableOfTopic(
  sources: SourcesHandle,
  topic: string,
  options: TableSourceSettings<unknown, unknown>,
): string {
  if (options.store?.versioned !== undefined) {
    throw new MillraceError('CONFIG_INVALID', `the global table of ${topic} cannot keep versions: omit versioned`)
  }
  const { graph } = sources
  const name = storeName(graph, options.store, `${topic}-`)
  const names = tableNames(graph, options.name)
  const keySerde = required(untyped(options.key), 'key', `global table ${topic}`)
  const valueSerde = required(untyped(options.value), 'value', `global table ${topic}`)
  const settings = { ...options.store, logged: false, cached: false }
  const store = planStore({ kind: 'timestampedKeyValue', name, key: keySerde, value: valueSerde, settings })
  const { timestampExtractor = null } = options
  addGlobal(sources, names, { store, topic, keySerde, valueSerde, timestampExtractor, supplier: null })
  return name
}

/** `user`: the name the user gave. */
export function addGlobalStore(
  sources: SourcesHandle,
  user: string | undefined,
  definition: Omit<GlobalStoreDefinition, 'position' | 'sourceName' | 'processorName'>,
): void {
  addGlobal(sources, tableNames(sources.graph, user), definition)
}

function addGlobal(
  { graph, timestampExtractor }: SourcesHandle,
  { source: sourceName, processor: processorName }: TableNames,
  definition: Omit<GlobalStoreDefinition, 'position' | 'sourceName' | 'processorName'>,
): void {
  const global = { ...definition, sourceName, processorName }
  const extractor = definition.timestampExtractor ?? timestampExtractor
  graph.add([], {
    name: processorName,
    write: (topology) => topology.addGlobal({ ...global, timestampExtractor: extractor }),
  })
}

interface TableNames {
  readonly source: string
  readonly processor: string
}

function tableNames(graph: Graph, name: string | undefined): TableNames {
  const source = graph.nameOr(name === undefined ? undefined : `${name}-source`, 'KSTREAM-SOURCE-')
  return { source, processor: graph.nameOr(name, 'KTABLE-SOURCE-') }
}

function sourceFields(
  sources: SourcesHandle,
  { key, value, offsetReset, ...options }: SourceSettings<unknown, unknown>,
  name: string,
): SourceSettings<unknown, unknown> & { readonly name: string } {
  const timestampExtractor = options.timestampExtractor ?? sources.timestampExtractor
  return {
    name,
    key,
    value,
    ...(timestampExtractor !== null && { timestampExtractor }),
    ...(offsetReset !== undefined && { offsetReset }),
  }
}
