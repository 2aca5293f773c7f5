/** Nodes without state: each processes one record at a time. */
import type { NodeBase } from './node-base.js'
import type { ProcessorSupplier } from './processor.js'

export interface FilterNode extends NodeBase {
  readonly kind: 'filter'
  /** True for `filterNot`. */
  readonly negate: boolean
  readonly predicate: (key: unknown, value: unknown) => boolean
  /** Why what it rejects is counted as dropped; omitted: it is what the user asked for, and not counted. */
  readonly dropReason?: string
}

export interface MapNode extends NodeBase {
  readonly kind: 'map'
  readonly mapper: (key: unknown, value: unknown) => readonly [unknown, unknown]
}

export interface MapValuesNode extends NodeBase {
  readonly kind: 'mapValues'
  readonly mapper: (value: unknown, key: unknown) => unknown
}

export interface FlatMapNode extends NodeBase {
  readonly kind: 'flatMap'
  readonly mapper: (key: unknown, value: unknown) => Iterable<readonly [unknown, unknown]>
}

export interface FlatMapValuesNode extends NodeBase {
  readonly kind: 'flatMapValues'
  readonly mapper: (value: unknown, key: unknown) => Iterable<unknown>
}

export interface SelectKeyNode extends NodeBase {
  readonly kind: 'selectKey'
  readonly mapper: (key: unknown, value: unknown) => unknown
}

export interface PeekNode extends NodeBase {
  readonly kind: 'peek'
  readonly action: (key: unknown, value: unknown) => void
}

/** Hands on whatever comes from any parent: merge, and the pass-through nodes Kafka Streams names. */
export interface MergeNode extends NodeBase {
  readonly kind: 'merge'
}

/** First predicate that holds decides the child; unmatched records go to `defaultChild`, or are dropped without one. */
export interface SplitNode extends NodeBase {
  readonly kind: 'split'
  readonly predicates: readonly ((key: unknown, value: unknown) => boolean)[]
  /** Child node name per predicate, same order. */
  readonly branches: readonly string[]
  readonly defaultBranch: string | null
}

/** User code with a context: `process` may change the key, `processValues` may not (`fixedKey`). */
export interface ProcessNode extends NodeBase {
  readonly kind: 'process'
  readonly fixedKey: boolean
  /** Makes one processor per task; typed `ProcessorSupplier` in `processor.ts`. */
  readonly supplier: ProcessorSupplier
}

export type StatelessNode =
  | FilterNode
  | MapNode
  | MapValuesNode
  | FlatMapNode
  | FlatMapValuesNode
  | SelectKeyNode
  | PeekNode
  | MergeNode
  | SplitNode
  | ProcessNode
