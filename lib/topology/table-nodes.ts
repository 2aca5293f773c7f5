/** Nodes on table edges: what flows are records whose value is a `Change`. */
import type { Fold } from './aggregate-nodes.js'
import type { NodeBase } from './node.js'

/** Makes a table of its input stream: a source topic (`table`), or any stream (`toTable`). Value null deletes. */
export interface TableSourceNode extends NodeBase {
  readonly kind: 'tableSource'
  /** Null where no store is needed (nobody asks for old values or queries it). */
  readonly store: string | null
}

export interface TableFilterNode extends NodeBase {
  readonly kind: 'tableFilter'
  readonly negate: boolean
  readonly predicate: (key: unknown, value: unknown) => boolean
  readonly store: string | null
}

export interface TableMapValuesNode extends NodeBase {
  readonly kind: 'tableMapValues'
  readonly mapper: (value: unknown, key: unknown) => unknown
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
  readonly mapper: (key: unknown, value: unknown) => readonly [unknown, unknown] | null
}

/** Second half: subtract the old value, add the new one. */
export interface TableAggregateNode extends NodeBase {
  readonly kind: 'tableAggregate'
  readonly fold: Fold
  readonly subtractor: (key: unknown, value: unknown, aggregate: unknown) => unknown
  readonly store: string
}

export type TableNode =
  | TableSourceNode
  | TableFilterNode
  | TableMapValuesNode
  | TableToStreamNode
  | TableGroupByNode
  | TableAggregateNode
