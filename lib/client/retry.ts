/** The one retry policy: growing pauses with jitter within a time limit, for retriable errors. */
import { MillraceError } from '../errors.js'
import type { Clock } from '../record/clock.js'
import type { Random } from '../record/random.js'
import { mayRepeat } from './broker-error.js'

export interface RetryPolicy {
  readonly clock: Clock
  readonly random: Random
  /** First pause; doubles up to `maxBackoffMs`. */
  readonly backoffMs: number
  readonly maxBackoffMs: number
  /** No attempt begins later than this after the first one. */
  readonly budgetMs: number
  /** Resolves after so long. @throws CLIENT_CLOSED when the client closes */
  readonly pause: (pauseMs: number) => Promise<void>
}

/** Runs `attempt` until it succeeds, fails with an error that does not pass, or the budget is spent. */
export async function retrying<T>(policy: RetryPolicy, attempt: () => Promise<T>): Promise<T> {
  const { clock, random, backoffMs, maxBackoffMs } = policy
  const startedMs = clock.monotonicMs()
  for (let attempts = 0; ; attempts++) {
    const pauseMs = growingPauseMs(random, attempts, backoffMs, maxBackoffMs)
    try {
      return await attempt()
    } catch (error) {
      if (!mayRepeat(error)) throw error
      if (clock.monotonicMs() - startedMs + pauseMs > policy.budgetMs) throw error
    }
    await policy.pause(pauseMs)
  }
}

/** The pause after failure number `attempts` (from 0): `firstMs`, doubled each time up to `maxMs`, a fifth more or less. */
export function growingPauseMs(random: Random, attempts: number, firstMs: number, maxMs: number): number {
  return Math.round(Math.min(firstMs * 2 ** Math.min(attempts, 30), maxMs) * (0.8 + 0.4 * random.next()))
}

/** True for the one transport failure after which nothing can have taken effect. */
export function isCertainlyUnsent(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'TRANSPORT_UNREACHABLE'
}
