/** The one retry policy: exponential back-off with jitter inside a time budget, for errors that say they may pass. */
import { MillraceError } from '../errors.js'
import { type Clock, delay } from '../record/clock.js'
import type { Random } from '../record/random.js'

export interface RetryPolicy {
  readonly clock: Clock
  readonly random: Random
  /** First pause; doubles up to `maxBackoffMs`. */
  readonly backoffMs: number
  readonly maxBackoffMs: number
  /** No attempt begins later than this after the first one. */
  readonly budgetMs: number
}

/** Runs `attempt` until it succeeds, fails with an error that is not retriable, or the budget is spent. */
export async function retrying<T>(policy: RetryPolicy, attempt: () => Promise<T>): Promise<T> {
  const { clock, random } = policy
  const startedMs = clock.monotonicMs()
  let pauseMs = policy.backoffMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof MillraceError) || !error.retriable) throw error
      if (clock.monotonicMs() - startedMs + pauseMs > policy.budgetMs) throw error
    }
    await delay(clock, pauseMs * (0.8 + 0.4 * random.next()))
    pauseMs = Math.min(pauseMs * 2, policy.maxBackoffMs)
  }
}

/** True for the one transport failure after which nothing can have taken effect. */
export function isCertainlyUnsent(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'TRANSPORT_UNREACHABLE'
}
