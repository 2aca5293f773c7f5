/** What all forms of a cogroup share: one node per grouped stream over one store, and the node where they meet. */
import type { Serde } from '../../serde/serde.js'
import type { Fold } from '../../topology/aggregate-nodes.js'
import { KTable } from '../table.js'
import type { Aggregation } from './aggregation.js'
import type { GraphNode } from './graph.js'
import { erased, type Named, sameBuilder } from './handle.js'
import { planRepartition } from './repartition-node.js'
import { type Materialized, planStore, storeName } from './store-options.js'
import { AggregateOrigin } from './table-origin.js'
import type { WindowPlan } from './window-plan.js'

const PREFIX = 'COGROUPKSTREAM-AGGREGATE-'
const MERGE_PREFIX = 'COGROUPKSTREAM-MERGE-'

/** A name names the nodes: `<name>-cogroup-agg-0`, ..., `<name>-cogroup-merge`. */
export interface CogroupOptions<K, VR> extends Named {
  readonly initializer: () => VR
  readonly store: Materialized<K, VR> & { readonly value: Serde<VR> }
}

/** The same for any types: the classes' parameters say which. */
interface AnyCogroupOptions extends Named {
  readonly initializer: () => unknown
  readonly store: Materialized<unknown, unknown>
}

interface Parent {
  readonly node: GraphNode
  readonly sources: ReadonlySet<string>
}

export class Cogroup {
  readonly #adders: ReadonlyMap<Aggregation, Fold['adder']>
  /** A grouped stream is repartitioned once, however many tables are made of it. */
  readonly #parents: Map<Aggregation, Parent>

  private constructor(adders: ReadonlyMap<Aggregation, Fold['adder']>, parents: Map<Aggregation, Parent>) {
    this.#adders = adders
    this.#parents = parents
  }

  static of(stream: Aggregation, adder: Fold['adder']): Cogroup {
    return new Cogroup(new Map([[stream, adder]]), new Map())
  }

  /** A stream that takes part already gets the new adder. */
  and(stream: Aggregation, adder: Fold['adder']): Cogroup {
    const [first] = this.#adders.keys()
    sameBuilder(first!.stream, stream.stream, 'cogroup')
    return new Cogroup(new Map([...this.#adders, [stream, adder]]), this.#parents)
  }

  build<K, V>(options: AnyCogroupOptions, window: WindowPlan): KTable<K, V> {
    const streams = [...this.#adders.keys()]
    const { graph } = streams[0]!.stream
    const store = storeName(graph, options.store, PREFIX)
    const parents = streams.map((stream) => this.#parent(stream, store))
    const sources = new Set(parents.flatMap((parent) => [...parent.sources]))
    graph.copartition(sources)
    const key =
      erased(options.store.key) ?? streams.map(({ stream }) => stream.key).find((serde) => serde !== null) ?? null
    const value = erased(options.store.value)
    const definition = planStore({ ...window.storeKind, name: store, key, value, settings: options.store })
    const origin = new AggregateOrigin(store)
    const named = (suffix: string, prefix: string) =>
      graph.nameOr(options.name === undefined ? undefined : options.name + suffix, prefix)
    const nodes = [...this.#adders.values()].map((adder, i) => {
      const name = named(`-cogroup-agg-${i}`, PREFIX)
      const fold = { initializer: options.initializer, adder }
      return graph.add([parents[i]!.node], {
        name,
        windowClose: window.windowClose,
        write: (topology, above) =>
          topology
            .addStore(definition)
            .addNode(
              window.node({ name, parents: above, stores: [store], store, sendOldValues: origin.sendOldValues }, fold),
            ),
      })
    })
    const name = named('-cogroup-merge', MERGE_PREFIX)
    const node = graph.add(nodes, {
      name,
      write: (topology, above) => topology.addNode({ kind: 'merge', name, parents: above, stores: [] }),
    })
    return new KTable({ graph, node, name, key: window.tableKey(definition.keySerde), value, sources, origin })
  }

  #parent(grouped: Aggregation, store: string): Parent {
    const { graph, node, key, value, sources, rekeyed } = grouped.stream
    if (!rekeyed) return { node, sources }
    const planned = planRepartition(graph, { prefix: grouped.groupName ?? store, key, value })
    let parent = this.#parents.get(grouped)
    if (parent === undefined) {
      parent = { node: planned.attach(node), sources: new Set([planned.sourceName]) }
      this.#parents.set(grouped, parent)
    }
    return parent
  }
}
