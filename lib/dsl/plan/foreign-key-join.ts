/** Joins of a table with the rows of another table whose key is in this table's values. */

import { type ForeignResponse, responseSerde, subscriptionSerde } from '../../serde/foreign-key.js'
import { bytes } from '../../serde/primitive.js'
import type { Serde } from '../../serde/serde.js'
import type { StoreDefinition } from '../../state/stores/index.js'
import type { SinkNode } from '../../topology/node.js'
import type { Partitioner } from '../../topology/node-base.js'
import { requireFunction } from '../../topology/validate/functions.js'
import type { GraphNode } from './graph.js'
import { type AnySerde, type Named, sameBuilder, type TableHandle, untyped } from './handle.js'
import { requireOptions } from './operator-options.js'
import type { NotNull, SerdeState, ValueOption } from './serde-state.js'
import { sourceTable, writeSourceTable } from './source-table.js'
import { type Materialized, planStore, required, storeName } from './store-options.js'
import { isVersioned, viewOf, viewStores } from './table-origin.js'

/** `VL` is what the joiner is given of the left row, `VR` of the other table's row. */
export type ForeignKeyJoin<
  K,
  VL,
  VR,
  FK,
  VOut,
  VS extends SerdeState,
  OS extends SerdeState,
  Store = Materialized<K, VOut>,
> = Named & {
  /** The key of the other table's row; null: the row points nowhere (inner join: it has no result). */
  readonly foreignKey: (value: VL, key: K) => FK | null
  readonly joiner: (left: VL, right: VR, key: K) => VOut
  /** Keeps the result in a store. Without, it is computed when needed. */
  readonly store?: Store
  /** Where rows of this table lie, if not where their key's hash says: answers are sent there. */
  readonly partitioner?: Partitioner
  /** The same for the other table: subscriptions are sent there. */
  readonly otherPartitioner?: Partitioner
} & ValueOption<VL, VS> &
  OtherValue<VR, OS>

/** Serde of the other table's values; needed once a mapper returned another type. */
export type OtherValue<VR, OS extends SerdeState> = OS extends 'known'
  ? { readonly otherValue?: Serde<NotNull<VR>> }
  : { readonly otherValue: Serde<NotNull<VR>> }

interface Options extends Named {
  readonly foreignKey: (value: never, key: never) => unknown
  readonly joiner: (left: never, right: never, key: never) => unknown
  readonly store?: Materialized<unknown, unknown>
  readonly partitioner?: Partitioner
  readonly otherPartitioner?: Partitioner
  readonly value?: unknown
  readonly otherValue?: unknown
}

const TOPIC_SUFFIX = '-topic'
const PROCESSOR = 'KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-'
const REGISTRATION = 'KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-'

interface Names {
  readonly registrationTopic: string
  readonly subscribe: string
  readonly subscribeSink: string
  readonly subscribeSource: string
  readonly store: string
  readonly receive: string
  readonly answer: string
  readonly notify: string
  readonly responseTopic: string
  readonly responseSink: string
  readonly responseSource: string
  readonly resolve: string
  readonly result: string
}

/** In the order Kafka Streams numbers them. */
function joinNames({ graph }: TableHandle, name: string | undefined): Names {
  const suffixed = (suffix: string, prefix: string) =>
    graph.nameOr(name === undefined ? undefined : name + suffix, prefix)
  return {
    registrationTopic: suffixed('-subscription-registration', REGISTRATION) + TOPIC_SUFFIX,
    subscribe: suffixed('-subscription-registration-processor', REGISTRATION),
    subscribeSink: suffixed('-subscription-registration-sink', 'KTABLE-SINK-'),
    subscribeSource: suffixed('-subscription-registration-source', 'KTABLE-SOURCE-'),
    store: suffixed('-subscription-store', 'KTABLE-FK-JOIN-SUBSCRIPTION-STATE-STORE-'),
    receive: suffixed('-subscription-receive', PROCESSOR),
    answer: suffixed('-subscription-join-foreign', PROCESSOR),
    notify: suffixed('-foreign-join-subscription', PROCESSOR),
    responseTopic: suffixed('-subscription-response', 'KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-') + TOPIC_SUFFIX,
    responseSink: suffixed('-subscription-response-sink', 'KTABLE-SINK-'),
    responseSource: suffixed('-subscription-response-source', 'KTABLE-SOURCE-'),
    resolve: suffixed('-subscription-response-resolver', 'KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-RESOLVER-PROCESSOR-'),
    result: suffixed('-result', 'KTABLE-FK-JOIN-OUTPUT-'),
  }
}

interface Serdes {
  readonly key: AnySerde
  readonly value: AnySerde
  readonly otherKey: AnySerde
  readonly otherValue: AnySerde
}

interface Plan {
  readonly left: TableHandle
  readonly other: TableHandle
  readonly isLeft: boolean
  readonly options: Options
  readonly names: Names
  readonly serdes: Serdes
  readonly subscriptions: StoreDefinition
}

export function joinByForeignKey(
  left: TableHandle,
  other: TableHandle,
  join: 'inner' | 'left',
  options: Options,
): TableHandle {
  const { graph } = left
  sameBuilder(left, other?.origin && other, 'foreign-key join')
  requireOptions('join by foreign key', options, left.name)
  requireFunction(options.joiner, 'joiner', `foreign-key join of ${left.name} and ${other.name}`)
  const names = joinNames(left, options.name)
  const where = `foreign-key join ${names.result}`
  const serdes: Serdes = {
    key: required(left.key, 'key', where),
    value: required(untyped(options.value as AnySerde | undefined) ?? left.value, 'value', where),
    otherKey: required(other.key, 'key', where),
    otherValue: required(untyped(options.otherValue as AnySerde | undefined) ?? other.value, 'value', where),
  }
  const subscriptions = planStore({
    kind: 'subscription',
    name: names.store,
    key: bytes as AnySerde,
    value: bytes as AnySerde,
    settings: { cached: false },
  })
  const plan: Plan = { left, other, isLeft: join === 'left', options, names, serdes, subscriptions }
  const subscribed = addSubscribe(plan)
  const answered = addAnswer(plan, subscribed)
  const responded = addResponse(plan, answered)
  graph.copartition(new Set([...other.sources, names.subscribeSource]))
  const sources = new Set([...left.sources, names.responseSource])
  graph.copartition(sources)
  return addResult(plan, responded, sources)
}

/** Changes of the left table, over the registration topic. Returns its source. */
function addSubscribe({ left, other, isLeft, options, names, serdes }: Plan): GraphNode {
  const { graph } = left
  const { registrationTopic } = names
  const subscribe = graph.add([left.node], {
    name: names.subscribe,
    needs: [
      { need: 'oldValues', of: other.origin },
      { need: 'oldValues', of: left.origin },
    ],
    write: (topology, parents) =>
      topology.addNode({
        kind: 'sendSubscription',
        name: names.subscribe,
        parents,
        stores: [],
        registrationTopic,
        left: isLeft,
        foreignKey: options.foreignKey as (value: unknown, key: unknown) => unknown,
        foreignKeySerde: serdes.otherKey,
        valueSerde: serdes.value,
        versioned: isVersioned(left.origin),
      }),
  })
  const sink = { topic: registrationTopic, partitioner: options.otherPartitioner ?? null }
  const wire = { keySerde: serdes.otherKey, valueSerde: subscriptionSerde(serdes.key) as AnySerde }
  return addTopic(left, [subscribe], names.subscribeSink, names.subscribeSource, { ...sink, ...wire })
}

/** The side of the other table. Returns what sends answers: to a new subscription, and to a changed row. */
function addAnswer(plan: Plan, subscribed: GraphNode): readonly [GraphNode, GraphNode] {
  const { left, other, names, serdes, subscriptions } = plan
  const { graph } = left
  const keys = { foreignKeySerde: serdes.otherKey, primaryKeySerde: serdes.key }
  const store = { registrationTopic: names.registrationTopic, stores: [names.store], store: names.store }
  const receive = graph.add([subscribed], {
    name: names.receive,
    write: (topology, parents) =>
      topology
        .addStore(subscriptions)
        .addNode({ kind: 'receiveSubscription', name: names.receive, parents, ...store, ...keys }),
  })
  const table = viewOf(other.origin)
  const answer = graph.add([receive], {
    name: names.answer,
    needs: [{ need: 'rows', of: other.origin }],
    write: (topology, parents) =>
      topology.addNode({ kind: 'joinSubscription', name: names.answer, parents, stores: viewStores(table), table }),
  })
  const notify = graph.add([other.node], {
    name: names.notify,
    write: (topology, parents) => {
      const versioned = isVersioned(other.origin)
      topology
        .addStore(subscriptions)
        .addNode({ kind: 'joinForeign', name: names.notify, parents, versioned, ...store, ...keys })
    },
  })
  return [answer, notify]
}

/** Answers go to the partition the subscription came from. Returns the source of the response topic. */
function addResponse({ left, options, names, serdes }: Plan, answered: readonly GraphNode[]): GraphNode {
  const partitioner: Partitioner =
    options.partitioner ?? ((_topic, _key, value) => (value as ForeignResponse).primaryPartition)
  return addTopic(left, answered, names.responseSink, names.responseSource, {
    topic: names.responseTopic,
    partitioner,
    keySerde: serdes.key,
    valueSerde: responseSerde(serdes.otherValue) as AnySerde,
  })
}

function addResult(
  { left, isLeft, options, names, serdes }: Plan,
  responded: GraphNode,
  sources: ReadonlySet<string>,
): TableHandle {
  const { graph } = left
  const table = viewOf(left.origin)
  const userJoiner = options.joiner as (left: unknown, right: unknown, key: unknown) => unknown
  const resolve = graph.add([responded], {
    name: names.resolve,
    needs: [{ need: 'rows', of: left.origin }],
    write: (topology, parents) =>
      topology.addNode({
        kind: 'resolveResponse',
        name: names.resolve,
        parents,
        stores: viewStores(table),
        registrationTopic: names.registrationTopic,
        left: isLeft,
        joiner: (key, a, b) => userJoiner(a, b, key),
        table,
        valueSerde: serdes.value,
      }),
  })
  const name = names.result
  const store = storeName(graph, options.store, 'KTABLE-FK-JOIN-OUTPUT-')
  const key = untyped(options.store?.key) ?? left.key
  const value = untyped(options.store?.value) ?? left.value
  const origin = sourceTable(store, key, value, options.store)
  const node = graph.add([resolve], {
    name,
    write: (topology, parents, { tables }) => writeSourceTable(topology, { name, parents }, origin, tables),
  })
  return { graph, node, name, key, value, sources, origin }
}

type Wire = Pick<SinkNode, 'keySerde' | 'valueSerde' | 'partitioner'> & { readonly topic: string }

/** A sink to an internal topic and the source that reads it. */
function addTopic(
  { graph }: TableHandle,
  parents: readonly GraphNode[],
  sinkName: string,
  sourceName: string,
  { topic, keySerde, valueSerde, partitioner }: Wire,
): GraphNode {
  const sink = graph.add(parents, {
    name: sinkName,
    write: (topology, written) =>
      topology.addRepartitionTopic({ name: topic, partitions: null }).addNode({
        kind: 'sink',
        name: sinkName,
        parents: written,
        stores: [],
        topic,
        keySerde,
        valueSerde,
        partitioner,
      }),
  })
  return graph.add([sink], {
    name: sourceName,
    write: (topology) =>
      topology.addNode({
        kind: 'source',
        name: sourceName,
        parents: [],
        stores: [],
        topics: [topic],
        keySerde,
        valueSerde,
        timestampExtractor: null,
        offsetReset: null,
      }),
  })
}
