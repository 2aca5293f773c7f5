/** What all aggregations of a grouped stream share: store name, repartition, node, table. */
import type { Serde } from '../../serde/serde.js'
import type { Fold } from '../../topology/aggregate-nodes.js'
import { requireFunction } from '../../topology/validate/functions.js'
import { KTable } from '../table.js'
import type { GraphNode } from './graph.js'
import { type AnySerde, erased, type Named, type StreamHandle } from './handle.js'
import { planRepartition } from './repartition-node.js'
import type { After, SerdeState } from './serde-state.js'
import { type Materialized, planStore, storeName } from './store-options.js'
import { AggregateOrigin } from './table-origin.js'
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
export function reduceFold<V>(reducer: (aggregate: V, value: V) => V, stream: StreamHandle): Fold {
  requireFunction(reducer, 'reducer', `reduce of ${stream.name}`)
  return {
    initializer: null,
    adder: (_key, value, aggregate) => reducer(aggregate as V, value as V),
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
  readonly burn: boolean
  readonly fold: Fold
  readonly window: WindowPlan
}

export class Aggregation {
  readonly stream: StreamHandle
  /** The user's name for the repartition topic, shared by all aggregations of the group. */
  readonly groupName: string | undefined
  #repartition: GraphNode | null = null

  constructor(stream: StreamHandle, groupName: string | undefined) {
    this.stream = stream
    this.groupName = groupName
  }

  build<K, V>(plan: AggregationPlan): KTable<K, V> {
    const { graph } = this.stream
    if (plan.burn && plan.store?.name === undefined) graph.nextStoreName(plan.prefix)
    const store = storeName(graph, plan.store, plan.prefix)
    const name = graph.nameOr(plan.name, plan.prefix)
    const key = erased(plan.store?.key) ?? this.stream.key
    const value = erased(plan.store?.value) ?? plan.value
    const definition = planStore({ ...plan.window.storeKind, name: store, key, value, settings: plan.store })
    const parent = this.#parent(store)
    const origin = new AggregateOrigin(store, plan.store?.versioned !== undefined)
    const node = graph.add([parent.node], {
      name,
      windowClose: plan.window.windowClose,
      write: (topology, parents) =>
        topology
          .addStore(definition)
          .addNode(
            plan.window.node({ name, parents, stores: [store], store, sendOldValues: origin.sendOldValues }, plan.fold),
          ),
    })
    const tableKey = plan.window.tableKey(definition.keySerde)
    return new KTable({ graph, node, name, key: tableKey, value, sources: parent.sources, origin })
  }

  #parent(store: string): { readonly node: GraphNode; readonly sources: ReadonlySet<string> } {
    const { graph, node, key, value, sources, rekeyed } = this.stream
    if (!rekeyed) return { node, sources }
    const planned = planRepartition(graph, { prefix: this.groupName ?? store, key, value })
    if (this.#repartition === null || this.groupName === undefined) this.#repartition = planned.attach(node)
    else graph.append([node], this.#repartition)
    return { node: this.#repartition, sources: new Set([planned.sourceName]) }
  }
}
