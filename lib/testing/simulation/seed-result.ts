/** The result of a simulated run. */
import type { FaultKind } from './faults.js'
import type { SimPlan } from './plan.js'

/** An invariant that did not hold; docs/simulation.md lists them. */
export interface Violation {
  /** Its number, `I1` to `I12`. */
  readonly invariant: string
  /** What was observed. */
  readonly what: string
}

/** The result of one simulated run. */
export interface SeedResult {
  /** What was played. */
  readonly plan: SimPlan
  /** Empty: all invariants held. */
  readonly violations: readonly Violation[]
  /** How often each fault occurred. */
  readonly faults: ReadonlyMap<FaultKind, number>
  /** How many steps of each kind were done. */
  readonly steps: ReadonlyMap<string, number>
  /** Equal for two runs in which the same things happened in the same order. */
  readonly traceHash: string
  /** What happened, one line each; empty unless `trace` was set. */
  readonly trace: readonly string[]
  /** Records that the check has read. */
  readonly records: number
  /** Committed transactions. */
  readonly commits: number
  /** Simulated events. */
  readonly events: number
  /** How many instances ended with an error, by its code. */
  readonly failures: ReadonlyMap<string, number>
  /** Simulated time. */
  readonly virtualMs: number
  /** The longest rebalance, and the longest time in which lag did not fall. */
  readonly longest: { readonly rebalanceMs: number; readonly lagMs: number }
}
