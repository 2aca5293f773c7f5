/** A table: the latest value per key, and its changes. */

import type { Serde } from '../serde/serde.js'
import type { UsedStore } from '../topology/declared-stores.js'
import type { ValueTransformerSupplier } from '../topology/processor.js'
import { GroupedTable } from './grouped-table.js'
import type { GroupHint } from './hints.js'
import type { GroupSettings } from './plan/aggregation.js'
import { deriveTable } from './plan/derived-table.js'
import { type ForeignKeyJoin, joinByForeignKey } from './plan/foreign-key-join.js'
import type { Named, TableHandle } from './plan/handle.js'
import { materialize, storeOf } from './plan/materialization.js'
import type { After, NotNull, NullOf, SerdeState, ValueOption, WriteArgument } from './plan/serde-state.js'
import type { InheritedStore, Materialized, OwnSerde } from './plan/store-options.js'
import type { Suppressed } from './plan/suppressed.js'
import { groupTable } from './plan/table-aggregation.js'
import { tableChanges } from './plan/table-changes.js'
import { joinTables, type TableTableJoin } from './plan/table-joins.js'
import type { DerivedStep } from './plan/table-origin.js'
import { type SuppressOptions, suppressTable } from './plan/table-suppress.js'
import { KStream } from './stream.js'

export interface TransformSettings extends Named {
  /** Of the stores the transformer uses: names of those added with `addStateStore`, or options of others, which adds them. */
  readonly stores?: readonly UsedStore[]
}

export interface TableSettings<K, V> extends Named {
  /** A store with a name makes the result queryable; without, it is computed when needed. */
  readonly store?: Materialized<K, V>
}

type AnyTableJoin = Parameters<typeof joinTables>[3] | Parameters<typeof joinByForeignKey>[3]

/**
 * User code writes `KTable<K, V>`: any table of these types. `VS` says whether the value serde is known; `N` is `null` if
 * its changes may be deletes, `never` if they are not, as those of a count.
 */
export class KTable<K, V, VS extends SerdeState = 'known', N extends null = null> {
  /** @internal */
  readonly handle: TableHandle

  /** @internal */
  constructor(handle: TableHandle) {
    this.handle = handle
  }

  /** The store's name, where the user named one or something made it necessary so far. */
  get store(): string | null {
    const { graph, origin } = this.handle
    return storeOf(materialize(graph.nodes), origin)
  }

  /** Rows for which `predicate` does not hold become deletes. */
  filter(predicate: (key: K, value: V) => boolean, options?: TableSettings<K, V>): KTable<K, V, VS> {
    return this.#derive('KTABLE-FILTER-', { kind: 'filter', negate: false, predicate: predicate as never }, options)
  }

  /** Rows for which `predicate` holds become deletes. */
  filterNot(predicate: (key: K, value: V) => boolean, options?: TableSettings<K, V>): KTable<K, V, VS> {
    return this.#derive('KTABLE-FILTER-', { kind: 'filter', negate: true, predicate: predicate as never }, options)
  }

  /** Never called for a delete. An answer of null deletes the row. */
  mapValues<V2>(
    mapper: (value: V, key: K) => V2,
    options: Named & OwnSerde<K, V2>,
  ): KTable<K, NotNull<V2>, 'known', N | NullOf<V2>>
  mapValues<V2>(
    mapper: (value: V, key: K) => V2,
    options?: Named & { readonly store?: InheritedStore<K, V, V2, VS> },
  ): KTable<K, NotNull<V2>, After<V, V2, VS>, N | NullOf<V2>>
  mapValues<V2>(
    mapper: (value: V, key: K) => V2,
    options?: Named & { readonly store?: Materialized<unknown, unknown> },
  ): KTable<K, V2, SerdeState> {
    return this.#derive('KTABLE-MAPVALUES-', { kind: 'mapValues', mapper: mapper as never }, options)
  }

  /**
   * As `mapValues`, by code with a context: stores, timers, times. It is called for deletes too. What reads the result
   * without a store runs a transformer of its own, so a transformer that keeps state needs `store`.
   */
  transformValues<V2>(
    supplier: ValueTransformerSupplier<K, V, V2>,
    options: TransformSettings & OwnSerde<K, V2>,
  ): KTable<K, V2>
  transformValues<V2>(
    supplier: ValueTransformerSupplier<K, V, V2>,
    options?: TransformSettings & { readonly store?: InheritedStore<K, V, V2, VS> },
  ): KTable<K, V2, After<V, V2, VS>>
  transformValues<V2>(
    supplier: ValueTransformerSupplier<K, V, V2>,
    options?: TransformSettings & { readonly store?: Materialized<unknown, unknown> },
  ): KTable<K, V2, SerdeState> {
    const stores = this.handle.graph.stores.used(options?.stores)
    const transformerStores = stores.names
    const step = { kind: 'transformValues', supplier: supplier as ValueTransformerSupplier, transformerStores } as const
    return new KTable(deriveTable(this.handle, 'KTABLE-TRANSFORMVALUES-', step, options, stores.definitions))
  }

  // First: a function has a name too, so it would pass for the options.
  /** As below, under another key: `toStream(options).selectKey(mapper)`. */
  toStream<K2>(mapper: (key: K, value: V | N) => K2, options?: Named): KStream<K2, V | N, After<K, K2, 'known'>, VS>
  /** The changes as records: the new value, or null for a delete; `filterNotNull()` drops the deletes. */
  toStream(options?: Named): KStream<K, V | N, 'known', VS>
  toStream(first?: Named | ((key: K, value: V | N) => unknown), second?: Named): unknown {
    if (typeof first !== 'function') return new KStream(tableChanges(this.handle, first))
    return new KStream<K, V | N>(tableChanges(this.handle, second)).selectKey(
      first as (key: K, value: V | N) => unknown,
    )
  }

  /**
   * Groups rows again: each change is taken from the group it was in and added to the one it is in now. A selector that
   * returns null leaves the row out. Other types need their serdes.
   */
  groupBy(
    selector: (key: K, value: V) => readonly [K, V] | null,
    ...options: WriteArgument<Named, K, V, 'known', VS>
  ): GroupedTable<K, V>
  groupBy<K2>(
    selector: (key: K, value: V) => readonly [K2 | null, V] | null,
    options: Named & { readonly key: Serde<K2> } & ValueOption<V, VS>,
  ): GroupedTable<K2, V>
  groupBy<K2, V2>(
    selector: (key: K, value: V) => readonly [K2 | null, V2 | null] | null,
    options: Named & { readonly key: Serde<K2>; readonly value: Serde<V2> },
  ): GroupedTable<K2, V2>
  /** Says what is missing. @hidden */
  groupBy<K2, V2>(this: GroupHint, selector: (key: K, value: V) => readonly [K2, V2] | null): GroupedTable<K2, V2>
  groupBy(selector: (key: K, value: V) => readonly [unknown, unknown] | null, options?: GroupSettings): unknown {
    return new GroupedTable(groupTable(this.handle, selector as never, options))
  }

  /** Holds changes back, the latest per key: `untilWindowCloses()` or `untilTimeLimit(ms)`. */
  suppress(suppressed: Suppressed<K>, options?: SuppressOptions): KTable<K, V, VS, N> {
    return new KTable(suppressTable(this.handle, suppressed, options))
  }

  // First, so that the compiler knows the parameters of `foreignKey` before it tries the other form.
  /** Rows whose `foreignKey` is a key of the other table. */
  join<KO, VO, VOut, OS extends SerdeState>(
    other: KTable<KO, VO, OS>,
    options: ForeignKeyJoin<K, V, VO, KO, VOut, VS, OS> & OwnSerde<K, VOut>,
  ): KTable<K, NotNull<VOut>>
  join<KO, VO, VOut, OS extends SerdeState>(
    other: KTable<KO, VO, OS>,
    options: ForeignKeyJoin<K, V, VO, KO, VOut, VS, OS, InheritedStore<K, V, VOut, VS>>,
  ): KTable<K, NotNull<VOut>, After<V, VOut, VS>>
  /** Rows whose key is in both tables. */
  join<VO, VOut, OS extends SerdeState>(
    other: KTable<K, VO, OS>,
    options: TableTableJoin<K, V, VO, VOut> & OwnSerde<K, VOut>,
  ): KTable<K, NotNull<VOut>>
  join<VO, VOut, OS extends SerdeState>(
    other: KTable<K, VO, OS>,
    options: TableTableJoin<K, V, VO, VOut, InheritedStore<K, V, VOut, VS>>,
  ): KTable<K, NotNull<VOut>, After<V, VOut, VS>>
  join(other: { readonly handle: TableHandle }, options: AnyTableJoin): unknown {
    return this.#join(other, 'inner', options)
  }

  /** All rows of this table; the other's value is null where it has no row under `foreignKey`. */
  leftJoin<KO, VO, VOut, OS extends SerdeState>(
    other: KTable<KO, VO, OS>,
    options: ForeignKeyJoin<K, V, VO | null, KO, VOut, VS, OS> & OwnSerde<K, VOut>,
  ): KTable<K, NotNull<VOut>>
  leftJoin<KO, VO, VOut, OS extends SerdeState>(
    other: KTable<KO, VO, OS>,
    options: ForeignKeyJoin<K, V, VO | null, KO, VOut, VS, OS, InheritedStore<K, V, VOut, VS>>,
  ): KTable<K, NotNull<VOut>, After<V, VOut, VS>>
  /** All rows of this table; the other's value is null where it has none. */
  leftJoin<VO, VOut, OS extends SerdeState>(
    other: KTable<K, VO, OS>,
    options: TableTableJoin<K, V, VO | null, VOut> & OwnSerde<K, VOut>,
  ): KTable<K, NotNull<VOut>>
  leftJoin<VO, VOut, OS extends SerdeState>(
    other: KTable<K, VO, OS>,
    options: TableTableJoin<K, V, VO | null, VOut, InheritedStore<K, V, VOut, VS>>,
  ): KTable<K, NotNull<VOut>, After<V, VOut, VS>>
  leftJoin(other: { readonly handle: TableHandle }, options: AnyTableJoin): unknown {
    return this.#join(other, 'left', options)
  }

  /** Rows of either table; a value is null where its table has none. */
  outerJoin<VO, VOut, OS extends SerdeState>(
    other: KTable<K, VO, OS>,
    options: TableTableJoin<K, V | null, VO | null, VOut> & OwnSerde<K, VOut>,
  ): KTable<K, NotNull<VOut>>
  outerJoin<VO, VOut, OS extends SerdeState>(
    other: KTable<K, VO, OS>,
    options: TableTableJoin<K, V | null, VO | null, VOut, InheritedStore<K, V, VOut, VS>>,
  ): KTable<K, NotNull<VOut>, After<V, VOut, VS>>
  outerJoin(other: { readonly handle: TableHandle }, options: Parameters<typeof joinTables>[3]): unknown {
    return new KTable(joinTables(this.handle, other.handle, 'outer', options))
  }

  #join(other: { readonly handle: TableHandle }, join: 'inner' | 'left', options: AnyTableJoin): unknown {
    return new KTable(
      'foreignKey' in options
        ? joinByForeignKey(this.handle, other.handle, join, options)
        : joinTables(this.handle, other.handle, join, options),
    )
  }

  #derive<V2, VS2 extends SerdeState>(
    prefix: string,
    step: DerivedStep,
    options: (Named & { readonly store?: Materialized<unknown, unknown> }) | undefined,
  ): KTable<K, V2, VS2, never> {
    return new KTable(deriveTable(this.handle, prefix, step, options))
  }
}
