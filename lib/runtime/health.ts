/** Whether an instance works, from its own facts: a pure function. */
import type { InstanceState } from './lifecycle.js'

/** What {@link Health} is computed from. */
export interface HealthFacts {
  /** A problem unless it is `running` or `rebalancing`. */
  readonly state: InstanceState
  /** How long no broker has answered; 0 while brokers answer. A problem after 10 seconds. */
  readonly unansweredMs: number
  /** How many tasks the instance has, and how many of them are running. */
  readonly tasks: { readonly assigned: number; readonly running: number }
  /** Sub-topologies that wait until no instance runs another version of them, one sentence each. Each is a problem. */
  readonly held: readonly string[]
  /** Records that can be read and are not committed. */
  readonly lagRecords: number
  /** How long records have waited without any commit; 0 without lag. A problem after 30 seconds. */
  readonly stalledMs: number
}

/** What {@link Streams.health} returns. */
export interface Health extends HealthFacts {
  /** Whether there is no problem. */
  readonly ok: boolean
  /** One sentence for each problem. */
  readonly problems: readonly string[]
}

/** Longer than a leader election or a restart of one broker takes. */
const MAX_UNANSWERED_MS = 10_000
/** Longer than any commit interval, and than the transaction timeout of another instance. */
const MAX_STALLED_MS = 30_000

export function healthOf(facts: HealthFacts): Health {
  const { state, unansweredMs, held, lagRecords, stalledMs } = facts
  const problems = [...held]
  if (state !== 'running' && state !== 'rebalancing') problems.push(`the instance is ${state}`)
  if (unansweredMs > MAX_UNANSWERED_MS) problems.push(`no broker has answered for ${Math.round(unansweredMs / 1000)} s`)
  if (stalledMs > MAX_STALLED_MS) {
    problems.push(`${lagRecords} records wait, and nothing was committed for ${Math.round(stalledMs / 1000)} s`)
  }
  return { ...facts, ok: problems.length === 0, problems }
}
