/**
 * What follows a failed commit: a function of the outcome, of earlier outcomes, and of a random number for the pause.
 */
import type { CommitOutcome } from '../../client/commit.js'
import { growingPauseMs } from '../../client/retry.js'
import type { StreamsConfig } from '../../config.js'
import { isMillraceError, MillraceError } from '../../errors.js'

/** Failures since the last commit that went through. */
export interface FailedCommits {
  readonly count: number
  /** Monotonic time of the first. */
  readonly sinceMs: number | null
  /** Of those, transactions that a record was at fault in: it is found when it comes again. */
  readonly rejected: number
}

export const NO_FAILED_COMMITS: FailedCommits = { count: 0, sinceMs: null, rejected: 0 }

export type AfterFailedCommit =
  /** Back to the committed offsets; the tasks stay. */
  | { readonly kind: 'rewind'; readonly pauseMs: number }
  /** Nobody knows what became of the transaction: every task is taken over as if it were another member's. */
  | { readonly kind: 'takeOver'; readonly pauseMs: number }
  | { readonly kind: 'end'; readonly error: unknown }

const FIRST_PAUSE_MS = 10
const MAX_PAUSE_MS = 5_000
/** More than the records of one commit that a broker can reject one after the other. */
const MAX_REJECTED = 1_000

/**
 * A cause that may pass is waited out with growing pauses for `taskTimeoutMs` (0: forever), counted from the first failure
 * in a row. A record at fault is processed again at once, and then goes to its handler. Any other cause ends the instance.
 */
export function afterFailedCommit(
  failed: FailedCommits,
  outcome: Exclude<CommitOutcome, { readonly kind: 'committed' }>,
  { recordAtFault, nowMs }: { readonly recordAtFault: boolean; readonly nowMs: number },
  { taskTimeoutMs, random }: Pick<StreamsConfig, 'taskTimeoutMs' | 'random'>,
): { readonly failed: FailedCommits; readonly next: AfterFailedCommit } {
  // The group moves on: that is no failure.
  if (outcome.kind === 'staleGeneration') return { failed, next: { kind: 'rewind', pauseMs: 0 } }
  const sinceMs = failed.sinceMs ?? nowMs
  const next: FailedCommits = {
    count: failed.count + 1,
    sinceMs,
    rejected: failed.rejected + (recordAtFault ? 1 : 0),
  }
  const { cause } = outcome
  if (recordAtFault) {
    if (next.rejected <= MAX_REJECTED) return { failed: next, next: { kind: 'rewind', pauseMs: 0 } }
    return { failed: next, next: { kind: 'end', error: refused(`${next.rejected} transactions in a row`, cause) } }
  }
  if (outcome.kind === 'aborted' && isMillraceError(cause) && !cause.retriable) {
    return { failed: next, next: { kind: 'end', error: cause } }
  }
  if (taskTimeoutMs > 0 && nowMs - sinceMs >= taskTimeoutMs) {
    const text = `every transaction of ${Math.round(nowMs - sinceMs)} ms (taskTimeoutMs is ${taskTimeoutMs})`
    return { failed: next, next: { kind: 'end', error: refused(text, cause) } }
  }
  const pauseMs = growingPauseMs(random, failed.count, FIRST_PAUSE_MS, MAX_PAUSE_MS)
  return { failed: next, next: { kind: outcome.kind === 'aborted' ? 'rewind' : 'takeOver', pauseMs } }
}

function refused(what: string, cause: unknown): MillraceError {
  return new MillraceError('STREAMS_COMMIT_REJECTED', `${what} failed`, { cause })
}
