/** The common part of all aggregations of a grouped stream: store name, repartition, node, table. */
import type { Serde } from '../../serde/serde.js'
import type { Fold } from '../../topology/aggregate-nodes.js'
import { requireFunction } from '../../topology/validate/functions.js'
import type { GraphNode } from './graph.js'
import { type AnySerde, type Named, type StreamHandle, type TableHandle, untyped } from './handle.js'
import { sendsOldValues } from './materialization.js'
import { checkOptions } from './operator-options.js'
import { planRepartition } from './repartition-node.js'
import type { After, SerdeState } from './serde-state.js'
import { type Materialized, planStore, storeName } from './store-options.js'
import { type AggregateTable, keepsVersions } from './table-origin.js'
import type { WindowPlan } from './window-plan.js'

export interface GroupSettings extends Named {
  readonly key?: Serde<unknown>
  readonly value?: Serde<unknown>
}

/** An aggregate of the stream's own value type inherits its serde; any other needs one. */
export type AggregateStore<K, V, VR, VS extends SerdeState> =
  After<V, VR, VS> extends 'known'
    ? { readonly store?: Materialized<K, VR> }
    : { readonly store: Materialized<K, VR> & { readonly value: Serde<VR> } }

export const countFold: Fold = Object.freeze({
  initializer: () => 0,
  adder: (_key: unknown, _value: unknown, aggregate: unknown) => (aggregate as number) + 1,
})

/** @throws MillraceError TOPOLOGY_FUNCTION_MISSING */
export function reduceFold<A, V>(reducer: (aggregate: A, value: V) => V, stream: StreamHandle): Fold {
  requireFunction(reducer, 'reducer', `reduce of ${stream.name}`)
  return {
    initializer: null,
    adder: (_key, value, aggregate) => reducer(aggregate as A, value as V),
  }
}

/** What one aggregation adds. */
export interface AggregationPlan {
  /** e.g. `KSTREAM-AGGREGATE-`, for the node and for its store. */
  readonly prefix: string
  readonly name: string | undefined
  readonly store: Materialized<unknown, unknown> | undefined
  /** Value serde where the store's options have none. */
  readonly value: AnySerde | null
  /** Kafka Streams' count with store options but without a name takes a number it does not use. */
  readonly takesUnusedNumber: boolean
  readonly fold: Fold
  readonly window: WindowPlan
}

/** A stream grouped by its key, waiting for what to make of each group. */
export interface GroupHandle {
  readonly stream: StreamHandle
  /** The user's name for the repartition topic, shared by all aggregations of the group. */
  readonly name: string | undefined
  /** Remembers the repartition an aggregation made, so that further ones of a group with a name share it. */
  readonly shared: { repartition: GraphNode | null }
}

export function groupStream(stream: StreamHandle, options: GroupSettings | undefined): GroupHandle {
  checkOptions('groupBy', options, stream.name)
  const key = untyped(options?.key) ?? stream.key
  const value = untyped(options?.value) ?? stream.value
  return { stream: { ...stream, key, value }, name: options?.name, shared: { repartition: null } }
}

export function aggregateGroup(group: GroupHandle, plan: AggregationPlan): TableHandle {
  const { graph } = group.stream
  if (plan.takesUnusedNumber && plan.store?.name === undefined) graph.nextStoreName(plan.prefix)
  const store = storeName(graph, plan.store, plan.prefix)
  const name = graph.nameOr(plan.name, plan.prefix)
  const key = untyped(plan.store?.key) ?? group.stream.key
  const value = untyped(plan.store?.value) ?? plan.value
  const definition = planStore({ ...plan.window.storeKind, name: store, key, value, settings: plan.store })
  const parent = parentOf(group, store)
  const origin: AggregateTable = { kind: 'aggregate', store, keepsVersions: keepsVersions(plan.store) }
  const node = graph.add([parent.node], {
    name,
    windowClose: plan.window.windowClose,
    write(topology, parents, { tables, final }) {
      const fields = { name, parents, stores: [store], store, sendOldValues: sendsOldValues(tables, origin) }
      topology.addStore(definition).addNode(plan.window.node(fields, plan.fold, final.has(name)))
    },
  })
  const tableKey = plan.window.tableKey(definition.keySerde)
  return { graph, node, name, key: tableKey, value, sources: parent.sources, origin }
}

/** What the aggregation stands under: the stream, or a repartition of it. */
function parentOf(group: GroupHandle, store: string): Pick<StreamHandle, 'node' | 'sources'> {
  const { graph, node, key, value, sources, rekeyed } = group.stream
  if (!rekeyed) return { node, sources }
  const planned = planRepartition(graph, { prefix: group.name ?? store, key, value })
  let { repartition } = group.shared
  if (repartition === null || group.name === undefined) repartition = planned.attach(node)
  else graph.append([node], repartition)
  group.shared.repartition = repartition
  return { node: repartition, sources: new Set([planned.sourceName]) }
}
