/** A table whose rows are grouped anew, waiting for what to make of each group. */
import { changed } from '../serde/changed.js'
import { int64 } from '../serde/primitive.js'
import type { Serde } from '../serde/serde.js'
import type { Fold } from '../topology/aggregate-nodes.js'
import type { TableAggregateNode } from '../topology/table-nodes.js'
import { requireFunction } from '../topology/validate/functions.js'
import { type AggregateStore, countFold } from './plan/aggregation.js'
import type { GraphNode } from './plan/graph.js'
import { type AnySerde, erased, type Named, type TableHandle } from './plan/handle.js'
import { type Materialized, planStore, required, storeName } from './plan/store-options.js'
import { AggregateOrigin } from './plan/table-origin.js'
import { KTable } from './table.js'

type Subtractor = TableAggregateNode['subtractor']

export type TableAggregateOptions<K, V, VR> = Named & {
  readonly initializer: () => VR
  readonly adder: (key: K, value: V, aggregate: VR) => VR
  /** Takes a row out of its group again: called before `adder` when a row changes. */
  readonly subtractor: (key: K, value: V, aggregate: VR) => VR
} & AggregateStore<K, V, VR, 'known'>

interface Plan {
  readonly prefix: string
  readonly fold: Fold
  readonly subtractor: Subtractor
  readonly value: AnySerde | null
  readonly options: (Named & { readonly store?: Materialized<unknown, unknown> }) | undefined
}

export class GroupedTable<K, V> {
  readonly #table: Omit<TableHandle, 'origin'>
  readonly #groupName: string | undefined
  #repartition: GraphNode | null = null
  /** Never set: it carries the types. */
  declare readonly rowType?: { readonly key: K; readonly value: V }

  constructor(table: Omit<TableHandle, 'origin'>, groupName: string | undefined) {
    this.#table = table
    this.#groupName = groupName
  }

  /** Rows per group. Stored as int64. */
  count(options?: Named & { readonly store?: Materialized<K, number> }): KTable<K, number> {
    const subtractor: Subtractor = (_key, _value, aggregate) => (aggregate as number) - 1
    return this.#build({ prefix: 'KTABLE-AGGREGATE-', fold: countFold, subtractor, value: int64 as AnySerde, options })
  }

  reduce(
    options: Named & {
      readonly adder: (aggregate: V, value: V) => V
      readonly subtractor: (aggregate: V, value: V) => V
      readonly store?: Materialized<K, V>
    },
  ): KTable<K, V> {
    requireFunction(options.adder, 'adder', `reduce of ${this.#table.name}`)
    requireFunction(options.subtractor, 'subtractor', `reduce of ${this.#table.name}`)
    const fold: Fold = { initializer: null, adder: (_key, value, sum) => options.adder(sum as V, value as V) }
    const subtractor: Subtractor = (_key, value, sum) => options.subtractor(sum as V, value as V)
    return this.#build({ prefix: 'KTABLE-REDUCE-', fold, subtractor, value: this.#table.value, options })
  }

  aggregate<VR>(options: TableAggregateOptions<K, V, VR>): KTable<K, VR> {
    const fold = { initializer: options.initializer, adder: options.adder as Fold['adder'] }
    const subtractor = options.subtractor as Subtractor
    return this.#build({ prefix: 'KTABLE-AGGREGATE-', fold, subtractor, value: this.#table.value, options })
  }

  #build<VR>({ prefix, fold, subtractor, value: inherited, options }: Plan): KTable<K, VR> {
    const { graph } = this.#table
    // Kafka Streams calls the store of a reduce AGGREGATE too.
    const store = storeName(graph, options?.store, 'KTABLE-AGGREGATE-')
    const suffixed = (suffix: string, generated: string) =>
      graph.nameOr(options?.name === undefined ? undefined : options.name + suffix, generated)
    const sink = suffixed('-sink', 'KSTREAM-SINK-')
    const source = suffixed('-source', 'KSTREAM-SOURCE-')
    const name = graph.nameOr(options?.name, prefix)
    const key = erased(options?.store?.key) ?? this.#table.key
    const value = erased(options?.store?.value as Serde<unknown> | undefined) ?? inherited
    const settings = options?.store
    const definition = planStore({ kind: 'timestampedKeyValue', name: store, key, value, settings })
    const parent = this.#repartitionNode(`${this.#groupName ?? store}-repartition`, sink, source)
    const origin = new AggregateOrigin(store, settings?.versioned !== undefined)
    const node = graph.add([parent], {
      name,
      write: (topology, parents) =>
        topology.addStore(definition).addNode({
          kind: 'tableAggregate',
          name,
          parents,
          stores: [store],
          store,
          fold,
          subtractor,
          sendOldValues: origin.sendOldValues,
        }),
    })
    return new KTable({ graph, node, name, key, value, sources: new Set([parent.name]), origin })
  }

  #repartitionNode(topic: string, sink: string, source: string): GraphNode {
    const { graph, node, key, value } = this.#table
    if (this.#repartition !== null && this.#groupName !== undefined) {
      graph.append([node], this.#repartition)
      return this.#repartition
    }
    this.#repartition = graph.add([node], {
      name: source,
      write(topology, parents) {
        const where = `repartition topic ${topic}`
        const keySerde = required(key, 'key', where)
        const valueSerde = changed(required(value, 'value', where)) as AnySerde
        const serdes = { stores: [], keySerde, valueSerde }
        topology
          .addRepartitionTopic({ name: topic, partitions: null })
          .addNode({ kind: 'sink', name: sink, parents, topic, ...serdes, partitioner: null })
          .addNode({
            kind: 'source',
            name: source,
            parents: [],
            topics: [topic],
            ...serdes,
            timestampExtractor: null,
            offsetReset: null,
          })
      },
    })
    return this.#repartition
  }
}
