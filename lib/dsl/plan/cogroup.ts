/**
 * The common part of all forms of a cogroup: one node per grouped stream on one store, and the node that merges them.
 */
import type { Serde } from '../../serde/serde.js'
import type { Fold } from '../../topology/aggregate-nodes.js'
import type { GroupHandle } from './aggregation.js'
import { type Named, type StreamHandle, sameBuilder, type TableHandle, untyped } from './handle.js'
import { sendsOldValues } from './materialization.js'
import { requireOptions } from './operator-options.js'
import { planRepartition } from './repartition-node.js'
import { type Materialized, planStore, required, storeName } from './store-options.js'
import type { AggregateTable } from './table-origin.js'
import type { WindowPlan } from './window-plan.js'

const PREFIX = 'COGROUPKSTREAM-AGGREGATE-'
const MERGE_PREFIX = 'COGROUPKSTREAM-MERGE-'

/** A name names the nodes: `<name>-cogroup-agg-0`, ..., `<name>-cogroup-merge`. */
export interface CogroupOptions<K, VR> extends Named {
  /** Makes the aggregate of a new key. */
  readonly initializer: () => VR
  readonly store: Materialized<K, VR> & { readonly value: Serde<VR> }
}

/** The same for any types: the classes' parameters say which. */
interface AnyCogroupOptions extends Named {
  readonly initializer: () => unknown
  readonly store: Materialized<unknown, unknown>
}

type Parent = Pick<StreamHandle, 'node' | 'sources'>

/** Grouped streams that are aggregated into one table, each by an adder of its own. */
export interface CogroupHandle {
  readonly adders: ReadonlyMap<GroupHandle, Fold['adder']>
  /** A grouped stream is repartitioned once, however many tables are made of it. */
  readonly parents: Map<GroupHandle, Parent>
}

export function cogroupOf(group: GroupHandle, adder: Fold['adder']): CogroupHandle {
  return { adders: new Map([[group, adder]]), parents: new Map() }
}

/** A stream that takes part already gets the new adder. */
export function cogroupWith(cogroup: CogroupHandle, group: GroupHandle, adder: Fold['adder']): CogroupHandle {
  const [first] = cogroup.adders.keys()
  sameBuilder(first!.stream, group.stream, 'cogroup')
  return { adders: new Map([...cogroup.adders, [group, adder]]), parents: cogroup.parents }
}

export function aggregateCogroup(cogroup: CogroupHandle, options: AnyCogroupOptions, window: WindowPlan): TableHandle {
  const groups = [...cogroup.adders.keys()]
  const { graph, name: first } = groups[0]!.stream
  requireOptions('cogroup', options, first)
  if (options.store === undefined) required(null, 'value', `the store of a cogroup of ${first}`)
  const store = storeName(graph, options.store, PREFIX)
  const parents = groups.map((group) => parentOf(cogroup, group, store))
  const sources = new Set(parents.flatMap((parent) => [...parent.sources]))
  graph.copartition(sources)
  const key =
    untyped(options.store.key) ?? groups.map(({ stream }) => stream.key).find((serde) => serde !== null) ?? null
  const value = untyped(options.store.value)
  const definition = planStore({ ...window.storeKind, name: store, key, value, settings: options.store })
  const origin: AggregateTable = { kind: 'aggregate', store, keepsVersions: false }
  const named = (suffix: string, prefix: string) =>
    graph.nameOr(options.name === undefined ? undefined : options.name + suffix, prefix)
  const nodes = [...cogroup.adders.values()].map((adder, i) => {
    const name = named(`-cogroup-agg-${i}`, PREFIX)
    const fold = { initializer: options.initializer, adder }
    return graph.add([parents[i]!.node], {
      name,
      windowClose: window.windowClose,
      write(topology, above, { tables, final }) {
        const fields = { name, parents: above, stores: [store], store, sendOldValues: sendsOldValues(tables, origin) }
        topology.addStore(definition).addNode(window.node(fields, fold, final.has(name)))
      },
    })
  })
  const name = named('-cogroup-merge', MERGE_PREFIX)
  const node = graph.add(nodes, {
    name,
    write: (topology, above) => topology.addNode({ kind: 'merge', name, parents: above, stores: [] }),
  })
  return { graph, node, name, key: window.tableKey(definition.keySerde), value, sources, origin }
}

function parentOf({ parents }: CogroupHandle, group: GroupHandle, store: string): Parent {
  const { graph, node, key, value, sources, rekeyed } = group.stream
  if (!rekeyed) return { node, sources }
  const planned = planRepartition(graph, { prefix: group.name ?? store, key, value })
  let parent = parents.get(group)
  if (parent === undefined) {
    parent = { node: planned.attach(node), sources: new Set([planned.sourceName]) }
    parents.set(group, parent)
  }
  return parent
}
