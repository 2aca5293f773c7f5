/** A repartition: a filter for null keys, a sink to an internal topic, and the source that reads it again. */
import { MillraceError } from '../../errors.js'
import type { Serde } from '../../serde/serde.js'
import type { Partitioner } from '../../topology/node-base.js'
import { feedsRelaxedJoin, type Graph, type GraphNode, type GraphNodeOptions, graphNode } from './graph.js'
import { required } from './store-options.js'

const SUFFIX = '-repartition'

/** A generated name: then the three nodes get generated names too; otherwise they are named after the topic. */
const GENERATED = /^KSTREAM.*-[0-9]{10}$/

export interface RepartitionPlan {
  /** The topic's name, with or without `-repartition` at its end. */
  readonly prefix: string
  readonly key: Serde<unknown> | null
  readonly value: Serde<unknown> | null
  readonly partitions?: number | undefined
  readonly partitioner?: Partitioner | undefined
  /** False where the user asked for this very topic. */
  readonly mergeable?: boolean
}

export interface Repartition {
  readonly sourceName: string
  /** Hangs the repartition under `parent` and returns its graph node. */
  attach(parent: GraphNode): GraphNode
}

/** Takes the three names now, so that numbers stay Kafka Streams'; nothing is added until `attach`. */
export function planRepartition(graph: Graph, plan: RepartitionPlan): Repartition {
  const topic = plan.prefix.endsWith(SUFFIX) ? plan.prefix : plan.prefix + SUFFIX
  const { partitions = 1 } = plan
  if (!Number.isSafeInteger(partitions) || partitions < 1) {
    const rule = 'partitions must be a whole number >= 1'
    throw new MillraceError('CONFIG_INVALID', `repartition topic ${topic}: ${rule}, got ${partitions}`, { topic })
  }
  const names = {
    sink: graph.nextName('KSTREAM-SINK-'),
    filter: graph.nextName('KSTREAM-FILTER-'),
    source: graph.nextName('KSTREAM-SOURCE-'),
  }
  if (!GENERATED.test(plan.prefix)) {
    names.sink = `${topic}-sink`
    names.filter = `${topic}-filter`
    names.source = `${topic}-source`
  }
  return {
    sourceName: names.source,
    attach: (parent) => graph.add([parent], repartitionNode(topic, names, plan)),
  }
}

const notNullKey = (key: unknown) => key !== null && key !== undefined
const always = () => true
const filter = { kind: 'filter', stores: [], negate: false, dropReason: 'nullKey' } as const

interface Names {
  readonly sink: string
  readonly filter: string
  readonly source: string
}

/** The graph node of a repartition, hung nowhere yet. */
export function repartitionGraphNode(topic: string, names: Names, plan: Omit<RepartitionPlan, 'prefix'>): GraphNode {
  return graphNode(repartitionNode(topic, names, plan))
}

function repartitionNode(topic: string, names: Names, plan: Omit<RepartitionPlan, 'prefix'>): GraphNodeOptions {
  const serdes = () => ({
    keySerde: required(plan.key, 'key', `repartition topic ${topic}`),
    valueSerde: required(plan.value, 'value', `repartition topic ${topic}`),
  })
  const { key, value } = plan
  return {
    name: names.source,
    repartition: plan.mergeable === false ? null : { topic, key, value },
    write(topology, parents, { self }) {
      const predicate = feedsRelaxedJoin(self) ? always : notNullKey
      topology
        .addRepartitionTopic({ name: topic, partitions: plan.partitions ?? null })
        .addNode({ ...filter, name: names.filter, parents, predicate })
        .addNode({
          kind: 'sink',
          name: names.sink,
          parents: [names.filter],
          stores: [],
          topic,
          ...serdes(),
          partitioner: plan.partitioner ?? null,
        })
        .addNode({
          kind: 'source',
          name: names.source,
          parents: [],
          stores: [],
          topics: [topic],
          ...serdes(),
          timestampExtractor: null,
          offsetReset: null,
        })
    },
  }
}
