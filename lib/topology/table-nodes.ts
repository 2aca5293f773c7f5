/** Nodes on table edges: their records have a `Change` as value. */
import type { Fold } from './aggregate-nodes.js'
import type { NodeBase, TableNodeBase } from './node-base.js'
import type { ValueTransformerSupplier } from './processor.js'
import type { SuppressNode } from './suppress-nodes.js'

/**
 * How a table is read by key. A table without a store of its own is computed from the tables it was made of, so that
 * `filter` and `mapValues` cost no second store.
 */
export type TableView = StoreView | FilterView | MapValuesView | TransformValuesView | JoinView | SuppressView

export interface StoreView {
  readonly kind: 'store'
  readonly store: string
}

export interface FilterView {
  readonly kind: 'filter'
  readonly of: TableView
  readonly negate: boolean
  readonly predicate: (key: unknown, value: unknown) => boolean
}

export interface MapValuesView {
  readonly kind: 'mapValues'
  readonly of: TableView
  readonly mapper: (value: unknown, key: unknown) => unknown
}

/** Computed by a transformer of the reader's own; stores it uses are those of the transforming node. */
export interface TransformValuesView {
  readonly kind: 'transformValues'
  readonly of: TableView
  readonly supplier: ValueTransformerSupplier
  readonly transformerStores: readonly string[]
}

/** `left` joined with `right`: inner needs both values, left needs the left one, outer either. */
export interface JoinView {
  readonly kind: 'join'
  readonly join: 'inner' | 'left' | 'outer'
  readonly left: TableView
  readonly right: TableView
  readonly joiner: (key: unknown, left: unknown, right: unknown) => unknown
}

/** A key that is buffered still shows what downstream saw last; any other what the table above shows. */
export interface SuppressView {
  readonly kind: 'suppress'
  readonly of: TableView
  readonly store: string
}

/** Makes a table of its input stream: a source topic (`table`), or any stream (`toTable`). Value null deletes. */
export interface TableSourceNode extends TableNodeBase {
  readonly kind: 'tableSource'
  /** Null where no store is needed (nobody asks for old values or queries it). */
  readonly store: string | null
}

export interface TableFilterNode extends TableNodeBase {
  readonly kind: 'tableFilter'
  /** The table above is versioned: a row that never passed is a version too. */
  readonly versioned: boolean
  readonly negate: boolean
  readonly predicate: (key: unknown, value: unknown) => boolean
  readonly store: string | null
}

export interface TableMapValuesNode extends TableNodeBase {
  readonly kind: 'tableMapValues'
  readonly mapper: (value: unknown, key: unknown) => unknown
  readonly store: string | null
}

/** As `tableMapValues`, by user code with a context, which sees deletes too. */
export interface TableTransformValuesNode extends TableNodeBase {
  readonly kind: 'tableTransformValues'
  readonly supplier: ValueTransformerSupplier
  readonly transformerStores: readonly string[]
  readonly store: string | null
}

/** Change → plain record with the new value. */
export interface TableToStreamNode extends NodeBase {
  readonly kind: 'tableToStream'
  /** `toStream(selector)`: the new key, else null. */
  readonly mapper: ((key: unknown, value: unknown) => unknown) | null
}

/** First half of a table's groupBy: (oldKey, subtract) and (newKey, add) records towards the repartition topic (KIP-904). */
export interface TableGroupByNode extends NodeBase {
  readonly kind: 'tableGroupBy'
  /** The table above is versioned: its changes may be out of order, which an aggregation ignores (KIP-914). */
  readonly versioned: boolean
  readonly mapper: (key: unknown, value: unknown) => readonly [unknown, unknown] | null
}

/** Second half: subtract the old value, add the new one. */
export interface TableAggregateNode extends TableNodeBase {
  readonly kind: 'tableAggregate'
  readonly fold: Fold
  readonly subtractor: (key: unknown, value: unknown, aggregate: unknown) => unknown
  readonly store: string
}

export type TableNode =
  | TableSourceNode
  | TableFilterNode
  | TableMapValuesNode
  | TableTransformValuesNode
  | TableToStreamNode
  | TableGroupByNode
  | TableAggregateNode
  | SuppressNode
