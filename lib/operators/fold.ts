/** One step of an aggregation. `reduce` has no initializer and starts with the first value, as in Kafka Streams. */
import type { Fold } from '../topology/aggregate-nodes.js'

export type FoldStep = (key: unknown, value: unknown, aggregate: unknown) => unknown

/** The aggregate after `value`, given the one before (null: none yet). */
export function foldStep(fold: Fold): FoldStep {
  const { adder, initializer } = fold
  if (initializer === null) {
    return (key, value, aggregate) => (aggregate === null ? value : adder(key, value, aggregate))
  }
  return (key, value, aggregate) => adder(key, value, aggregate === null ? initializer() : aggregate)
}

/** User code may answer undefined where it means "nothing": a store knows only null. */
export function orNull(value: unknown): unknown {
  return value === undefined ? null : value
}
