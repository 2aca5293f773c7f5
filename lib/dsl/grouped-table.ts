/** A table whose rows are grouped by a new key, before an aggregation. */
import { int64 } from '../serde/primitive.js'
import type { Fold } from '../topology/aggregate-nodes.js'
import type { TableAggregateNode } from '../topology/table-nodes.js'
import { requireFunction } from '../topology/validate/functions.js'
import { type AggregateStore, countFold } from './plan/aggregation.js'
import type { AnySerde, Named } from './plan/handle.js'
import { checkOptions, requireOptions } from './plan/operator-options.js'
import type { NotNull, NullOf } from './plan/serde-state.js'
import type { Materialized } from './plan/store-options.js'
import { aggregateTable, type TableAggregationPlan, type TableGroupHandle } from './plan/table-aggregation.js'
import { KTable } from './table.js'

type Subtractor = TableAggregateNode['subtractor']

/** Options of `aggregate` of a grouped table. */
export type TableAggregateOptions<K, V, VR> = Named & {
  readonly initializer: () => VR
  // Methods, so that a table of a narrower type is still a table of the wider one.
  adder(key: K, value: V, aggregate: VR): VR
  /** Removes a row's value from the aggregate: called before `adder` if the row changes, and alone if it leaves the group. */
  subtractor(key: K, value: V, aggregate: VR): VR
} & AggregateStore<K, NotNull<V>, VR, 'known'>

/** A table whose rows are grouped by another key: aggregate it into a table. */
export class GroupedTable<K, V> {
  readonly #group: TableGroupHandle
  /** Never set: it carries the types. @hidden */
  declare readonly rowType?: { readonly key: K; readonly value: V }

  /** @internal */
  constructor(group: TableGroupHandle) {
    this.#group = group
  }

  /** The number of rows in each group, stored as int64. */
  count(options?: Named & { readonly store?: Materialized<K, number> }): KTable<K, number, 'known', never> {
    checkOptions('count', options, this.#group.rows.name)
    const subtractor: Subtractor = (_key, _value, aggregate) => (aggregate as number) - 1
    return this.#build({ prefix: 'KTABLE-AGGREGATE-', fold: countFold, subtractor, value: int64 as AnySerde, options })
  }

  /** Combines the values of a group: `adder` adds a row's value, `subtractor` removes it before the row changes or leaves the group. */
  reduce(
    options: Named & {
      adder(aggregate: V, value: V): V
      subtractor(aggregate: V, value: V): V
      readonly store?: Materialized<K, V>
    },
  ): KTable<K, V> {
    requireOptions('table reduce', options, this.#group.rows.name)
    requireFunction(options.adder, 'adder', `reduce of ${this.#group.rows.name}`)
    requireFunction(options.subtractor, 'subtractor', `reduce of ${this.#group.rows.name}`)
    const fold: Fold = { initializer: null, adder: (_key, value, sum) => options.adder(sum as V, value as V) }
    const subtractor: Subtractor = (_key, value, sum) => options.subtractor(sum as V, value as V)
    return this.#build({ prefix: 'KTABLE-REDUCE-', fold, subtractor, value: this.#group.rows.value, options })
  }

  /** Aggregates the values of a group, starting with `initializer()`. Return null to delete the row. */
  aggregate<VR>(options: TableAggregateOptions<K, V, VR>): KTable<K, NotNull<VR>, 'known', NullOf<VR>> {
    requireOptions('table aggregate', options, this.#group.rows.name)
    const fold = { initializer: options.initializer, adder: options.adder as Fold['adder'] }
    const subtractor = options.subtractor as Subtractor
    return this.#build({ prefix: 'KTABLE-AGGREGATE-', fold, subtractor, value: this.#group.rows.value, options })
  }

  #build<VR>(plan: TableAggregationPlan): KTable<K, VR, 'known', never> {
    return new KTable(aggregateTable(this.#group, plan))
  }
}
