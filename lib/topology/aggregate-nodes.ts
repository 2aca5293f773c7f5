/**
 * Nodes that aggregate a grouped stream into a table. The store has the aggregate; count and reduce are aggregates too.
 */
import type { TableNodeBase } from './node-base.js'

/** How a stream is aggregated. `reduce` has no initializer: the first value is the aggregate. */
export interface Fold {
  readonly initializer: (() => unknown) | null
  readonly adder: (key: unknown, value: unknown, aggregate: unknown) => unknown
}

interface StreamAggregateBase extends TableNodeBase {
  readonly fold: Fold
  /** The store the aggregate lives in; also in `stores`. */
  readonly store: string
}

/** groupBy(Key).count/reduce/aggregate without a window. Skips null keys and null values. */
export interface AggregateNode extends StreamAggregateBase {
  readonly kind: 'aggregate'
}

/** Tumbling and hopping windows, and unlimited ones (`sizeMs` Infinity). Null keys are dropped, null values counted. */
export interface WindowAggregateNode extends StreamAggregateBase {
  readonly kind: 'windowAggregate'
  readonly windows: TimeWindowsSpec
  readonly emit: EmitStrategy
  /** Lateness goes by the highest time of the key (KIP-540); omitted: of the operator. Only with `onWindowUpdate`. */
  readonly time?: 'perKey'
}

/** Sliding windows. Null keys and null values are dropped. */
export interface SlidingAggregateNode extends StreamAggregateBase {
  readonly kind: 'slidingAggregate'
  readonly windows: SlidingWindowsSpec
  readonly emit: EmitStrategy
}

export interface SessionAggregateNode extends StreamAggregateBase {
  readonly kind: 'sessionAggregate'
  readonly windows: SessionWindowsSpec
  readonly merger: (key: unknown, left: unknown, right: unknown) => unknown
  /** True where a suppression below takes results for final: a closed session takes part in no later merge. */
  readonly final: boolean
  readonly emit: EmitStrategy
}

/** When a windowed aggregation emits: at each change, or once when the window has closed. */
export type EmitStrategy = 'onWindowUpdate' | 'onWindowClose'

export interface TimeWindowsSpec {
  readonly kind: 'time' | 'unlimited'
  readonly sizeMs: number
  readonly advanceMs: number
  readonly graceMs: number
  /** First window start of an unlimited window; 0 otherwise. */
  readonly startMs: number
}

export interface SlidingWindowsSpec {
  readonly kind: 'sliding'
  readonly timeDifferenceMs: number
  readonly graceMs: number
}

export interface SessionWindowsSpec {
  readonly kind: 'session'
  readonly gapMs: number
  readonly graceMs: number
}

export type AggregateNodes = AggregateNode | WindowAggregateNode | SlidingAggregateNode | SessionAggregateNode
