/** What one turn of the loop may do for the tasks: pure functions of the state of the instance and of facts. */
import { isStale } from './group-phase.js'
import { isStopping, type MembershipState } from './membership-state.js'

/** Pending output while a commit is in flight, in multiples of `commitBytes`, at which processing waits for its outcome. */
const MAX_PENDING_FACTOR = 2

export interface PendingCommit {
  readonly inFlight: boolean
  /** User code took so long at the last slice that nothing else got its turn. */
  readonly slow: boolean
  readonly pendingBytes: () => number
  readonly commitBytes: number
}

/** Slow records would keep a commit from its answers until the broker aborts it; output may gather for the next one only. */
export function waitsForCommit({ failedCommits }: MembershipState, facts: PendingCommit): boolean {
  const { inFlight, slow, pendingBytes, commitBytes } = facts
  if (!inFlight) return false
  return slow || failedCommits.count > 0 || pendingBytes() >= MAX_PENDING_FACTOR * commitBytes
}

/** `finishHandlers`: those that a last commit waits for, and no other record. */
export type Work = 'nothing' | 'finishHandlers' | 'process'

export function workNow(state: MembershipState, nowMs: number, waits: boolean): Work {
  // What the record to be retried left behind must not be added to.
  if (state.retry !== null) return 'nothing'
  if (isStopping(state)) return 'finishHandlers'
  return isStale(state.group) || waits || nowMs < state.pausedUntilMs ? 'nothing' : 'process'
}

/** Whether what the tasks have done may be committed when it is due. */
export function mayCommit({ group, retry, generation }: MembershipState): boolean {
  return !isStale(group) && retry === null && generation !== null
}
