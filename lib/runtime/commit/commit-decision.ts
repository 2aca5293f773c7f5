/**
 * When to commit: a pure function from facts to a decision. Under exactly-once a record is visible only after its
 * transaction, so this decision determines latency.
 */

export interface CommitFacts {
  /** Milliseconds on the monotonic clock. */
  readonly nowMs: number
  /** A commit is in progress; only one may be. */
  readonly inFlight: boolean
  /** When the oldest uncommitted input was processed, null: nothing to commit. */
  readonly pendingSinceMs: number | null
  /** True when that work produced output somebody may be waiting for (not only offsets). */
  readonly hasOutput: boolean
  readonly pendingBytes: number
  /** No task has a record it could process now. */
  readonly drained: boolean
  /** User code or a rebalance asked for a commit. */
  readonly requested: boolean
  /** How long the previous commit took. */
  readonly lastCommitMs: number
  readonly lastCommitStartedMs: number
}

export interface CommitPolicy {
  /** No uncommitted output grows older than this, if the broker keeps up. */
  readonly commitLatencyMs: number
  /** No uncommitted work at all grows older than this. */
  readonly commitIntervalMs: number
  readonly commitBytes: number
  readonly commitWhenDrained: boolean
}

export type CommitDecision =
  | { readonly kind: 'commit' }
  | {
      readonly kind: 'wait' /** Monotonic time to look again; null: only an event changes the answer. */
      readonly untilMs: number | null
    }

/** At most a quarter of the time a commit is in flight, however steadily records trickle in. */
const COMMIT_GAP_FACTOR = 4

const WAIT: CommitDecision = { kind: 'wait', untilMs: null }
const COMMIT: CommitDecision = { kind: 'commit' }

/**
 * A drained input is committed at once, except that from one commit's start to the next pass at least four times its
 * duration (never more than `commitLatencyMs`): a commit costs the broker and us a fixed price per partition touched, and
 * records that arrive meanwhile share it. Without `commitWhenDrained` it waits as any other.
 */
export function decideCommit(facts: CommitFacts, policy: CommitPolicy): CommitDecision {
  if (facts.inFlight || facts.pendingSinceMs === null) return WAIT
  if (facts.requested || facts.pendingBytes >= policy.commitBytes) return COMMIT
  let dueMs = facts.pendingSinceMs + (facts.hasOutput ? policy.commitLatencyMs : policy.commitIntervalMs)
  if (facts.drained && facts.hasOutput && policy.commitWhenDrained) {
    const gapMs = Math.min(facts.lastCommitMs * COMMIT_GAP_FACTOR, policy.commitLatencyMs)
    dueMs = Math.min(dueMs, facts.lastCommitStartedMs + gapMs)
  }
  return facts.nowMs >= dueMs ? COMMIT : { kind: 'wait', untilMs: dueMs }
}
