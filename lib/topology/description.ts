/** A topology as plain data that can be saved: the output of `describe(topology, 'json')` and the input of `diff`. */

import { type StoreDefinition, storeInfo } from '../state/stores/index.js'
import type { Node } from './node.js'
import { nodeGroups } from './sub-topologies.js'
import type { Topology } from './topology.js'

/** A setting of a node that is data: windows, the kind of a join. User functions are omitted. */
export type Setting = string | number | boolean | null | { readonly [name: string]: Setting }

/** A node of a topology as JSON. */
export interface NodeDescription {
  readonly name: string
  readonly kind: Node['kind']
  readonly parents: readonly string[]
  /** Names of the stores connected to it. */
  readonly stores: readonly string[]
  /** What a source reads, what a sink writes; null: chosen per record. Internal topics without the application id. */
  readonly topics?: readonly string[] | null
  /** Names of the serdes of a source or sink. */
  readonly serdes?: { readonly key: string; readonly value: string }
  /** Its settings that are data. */
  readonly settings: { readonly [name: string]: Setting }
}

/** A store of a topology as JSON. */
export interface StoreDescription {
  readonly name: string
  /** As the store is called on disk. */
  readonly kind: string
  readonly key: string
  readonly value: string
  /** `own`: the internal topic `<application id>-<name>-changelog`; a source's name: that topic; null: none. */
  readonly changelog: 'own' | { readonly source: string } | null
  /** Milliseconds; null: kept permanently. */
  readonly retentionMs: number | null
  /** Milliseconds; null: not a window store. */
  readonly windowSizeMs: number | null
  /** Left out where entries do not expire. */
  readonly ttlMs?: number
  /** Left out where there is no limit. */
  readonly maxEntries?: number
  /** Of timers. */
  readonly timerType?: string
}

/** A topology as JSON: what `describe(topology, 'json')` contains and {@link diffTopologies} compares. */
export interface TopologyDescription {
  /** Tells it from other JSON. */
  readonly format: 'millrace-topology'
  /** Of this format. */
  readonly version: 1
  /** The parts that become one task for each partition. */
  readonly subTopologies: readonly {
    readonly id: number
    readonly nodes: readonly NodeDescription[]
    readonly stores: readonly string[]
  }[]
  /** The state stores of all sub-topologies. */
  readonly stores: readonly StoreDescription[]
  /** `partitions` null: as many as the largest source topic before it has. */
  readonly repartitionTopics: readonly { readonly name: string; readonly partitions: number | null }[]
  /** The stores that every instance has completely, with the topic that fills them. */
  readonly globalStores: readonly (StoreDescription & { readonly topic: string })[]
  /** Topics that must have the same number of partitions, one group for each join. */
  readonly copartitionGroups: readonly (readonly string[])[]
}

/** Infinity, which JSON lacks, is null here: no limit. */
function setting(value: unknown): Setting | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  if (typeof value !== 'object' || Array.isArray(value)) return undefined
  return Object.getPrototypeOf(value) === Object.prototype ? settings(value, []) : undefined
}

function settings(of: object, without: readonly string[]): { readonly [name: string]: Setting } {
  const found: { [name: string]: Setting } = {}
  for (const [name, value] of Object.entries(of)) {
    const data = without.includes(name) ? undefined : setting(value)
    if (data !== undefined) found[name] = data
  }
  return found
}

/** Said elsewhere in the description, or a consequence of it. */
const NOT_SETTINGS = ['name', 'kind', 'topic', 'keySerde', 'valueSerde', 'foreignKeySerde', 'primaryKeySerde', 'fold']
const VIEWS = ['table', 'other', 'sendOldValues', 'timestampExtractor', 'partitioner', 'dropReason', 'wrapping']

function describeNode(node: Node): NodeDescription {
  const base = {
    name: node.name,
    kind: node.kind,
    parents: node.parents,
    stores: node.stores,
    settings: settings(node, [...NOT_SETTINGS, ...VIEWS]),
  }
  if (node.kind !== 'source' && node.kind !== 'sink') return base
  const serdes = { key: node.keySerde.name, value: node.valueSerde.name }
  if (node.kind === 'source')
    return { ...base, topics: node.pattern === undefined ? node.topics : [String(node.pattern)], serdes }
  return { ...base, topics: typeof node.topic === 'string' ? [node.topic] : null, serdes }
}

function describeStore(store: StoreDefinition): StoreDescription {
  const { name, keySerde, valueSerde, logged, changelogTopic } = store
  const { savedAs, settings: rules } = storeInfo(store)
  const told = Object.entries(store).filter(([setting]) => (rules[setting] ?? 'silent') !== 'silent')
  return {
    name,
    kind: savedAs,
    key: keySerde.name,
    value: valueSerde.name,
    changelog: changelogTopic !== null ? { source: changelogTopic } : logged ? 'own' : null,
    retentionMs: null,
    windowSizeMs: null,
    ...Object.fromEntries(told.map(([setting, value]) => [setting, finite(value)])),
  }
}

/** JSON lacks Infinity: no limit. */
function finite(value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? null : value
}

export function describeAsData(topology: Topology): TopologyDescription {
  const parts = nodeGroups(topology).filter(({ global }) => global === null)
  return {
    format: 'millrace-topology',
    version: 1,
    subTopologies: parts.map(({ id, nodes }) => ({
      id,
      nodes: nodes.map(describeNode),
      stores: [...new Set(nodes.flatMap((node) => node.stores))].sort(),
    })),
    stores: topology.stores.map(describeStore),
    repartitionTopics: topology.repartitionTopics.map(({ name, partitions }) => ({ name, partitions })),
    globalStores: topology.globalStores.map(({ store, topic }) => ({ ...describeStore(store), topic })),
    copartitionGroups: topology.copartitionGroups,
  }
}
