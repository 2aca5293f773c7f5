/** Tables whose rows are grouped by a new key, and the common part of their aggregations. */
import { changed } from '../../serde/changed.js'
import type { Serde } from '../../serde/serde.js'
import type { Fold } from '../../topology/aggregate-nodes.js'
import type { TableAggregateNode, TableGroupByNode } from '../../topology/table-nodes.js'
import type { GroupSettings } from './aggregation.js'
import type { GraphNode } from './graph.js'
import { type AnySerde, type Named, type TableHandle, untyped } from './handle.js'
import { sendsOldValues } from './materialization.js'
import { checkOptions } from './operator-options.js'
import { type Materialized, planStore, required, storeName } from './store-options.js'
import { type AggregateTable, isVersioned, keepsVersions } from './table-origin.js'

/** The rows under their new keys: they are no table until they are aggregated. */
export interface TableGroupHandle {
  readonly rows: Omit<TableHandle, 'origin'>
  /** The user's name for the repartition topic, shared by all aggregations of the group. */
  readonly name: string | undefined
  /** Remembers the repartition an aggregation made, so that further ones of a group with a name share it. */
  readonly shared: { repartition: GraphNode | null }
}

export function groupTable(
  table: TableHandle,
  mapper: TableGroupByNode['mapper'],
  options: GroupSettings | undefined,
): TableGroupHandle {
  checkOptions('groupBy', options, table.name)
  const { graph, sources, origin } = table
  const name = graph.nameOr(options?.name, 'KTABLE-SELECT-')
  const node = graph.add([table.node], {
    name,
    needs: [{ need: 'oldValues', of: origin }],
    write: (topology, parents) =>
      topology.addNode({ kind: 'tableGroupBy', name, parents, stores: [], mapper, versioned: isVersioned(origin) }),
  })
  const key = untyped(options?.key) ?? table.key
  const value = untyped(options?.value) ?? table.value
  const rows = { graph, node, name, key, value, sources }
  return { rows, name: options?.name, shared: { repartition: null } }
}

/** What one aggregation adds. */
export interface TableAggregationPlan {
  readonly prefix: string
  readonly fold: Fold
  readonly subtractor: TableAggregateNode['subtractor']
  /** Value serde where the store's options have none. */
  readonly value: AnySerde | null
  readonly options: (Named & { readonly store?: Materialized<unknown, unknown> }) | undefined
}

export function aggregateTable(group: TableGroupHandle, plan: TableAggregationPlan): TableHandle {
  const { graph } = group.rows
  const { options, fold, subtractor } = plan
  const settings = options?.store
  // Kafka Streams calls the store of a reduce AGGREGATE too.
  const store = storeName(graph, settings, 'KTABLE-AGGREGATE-')
  const suffixed = (suffix: string, generated: string) =>
    graph.nameOr(options?.name === undefined ? undefined : options.name + suffix, generated)
  const sink = suffixed('-sink', 'KSTREAM-SINK-')
  const source = suffixed('-source', 'KSTREAM-SOURCE-')
  const name = graph.nameOr(options?.name, plan.prefix)
  const key = untyped(settings?.key) ?? group.rows.key
  const value = untyped(settings?.value as Serde<unknown> | undefined) ?? plan.value
  const definition = planStore({ kind: 'timestampedKeyValue', name: store, key, value, settings })
  const parent = repartitioned(group, `${group.name ?? store}-repartition`, { sink, source })
  const origin: AggregateTable = { kind: 'aggregate', store, keepsVersions: keepsVersions(settings) }
  const node = graph.add([parent], {
    name,
    write: (topology, parents, { tables }) =>
      topology.addStore(definition).addNode({
        kind: 'tableAggregate',
        name,
        parents,
        stores: [store],
        store,
        fold,
        subtractor,
        sendOldValues: sendsOldValues(tables, origin),
      }),
  })
  return { graph, node, name, key, value, sources: new Set([parent.name]), origin }
}

function repartitioned(
  group: TableGroupHandle,
  topic: string,
  { sink, source }: { readonly sink: string; readonly source: string },
): GraphNode {
  const { graph, node, key, value } = group.rows
  const { shared } = group
  if (shared.repartition !== null && group.name !== undefined) {
    graph.append([node], shared.repartition)
    return shared.repartition
  }
  shared.repartition = graph.add([node], {
    name: source,
    write(topology, parents) {
      const where = `repartition topic ${topic}`
      const keySerde = required(key, 'key', where)
      const valueSerde = changed(required(value, 'value', where)) as AnySerde
      const wire = { stores: [], keySerde, valueSerde }
      topology
        .addRepartitionTopic({ name: topic, partitions: null })
        .addNode({ kind: 'sink', name: sink, parents, topic, ...wire, partitioner: null })
        .addNode({
          kind: 'source',
          name: source,
          parents: [],
          topics: [topic],
          ...wire,
          timestampExtractor: null,
          offsetReset: null,
        })
    },
  })
  return shared.repartition
}
