/** How long the loop sleeps, and how long a record pauses before it is retried: pure functions. */

/** The pause before a record is retried doubles from `retryBackoffMs` to this. */
const MAX_RETRY_PAUSE_MS = 10_000

export function retryPauseMs(attempt: number, { retryBackoffMs }: { readonly retryBackoffMs: number }): number {
  return Math.min(retryBackoffMs * 2 ** (attempt - 1), Math.max(retryBackoffMs, MAX_RETRY_PAUSE_MS))
}

export interface SleepFacts {
  /** Until the next commit; null: only an event makes it due. */
  readonly commitMs: number | null
  /** Until records may be processed again; 0 or less: they may. */
  readonly pauseMs: number
  /** Until the next timer of a task; null: there is none. */
  readonly timerMs: number | null
  /**
   * No timer fires now: the instance stops, or its tasks wait for the outcome of a commit. One that is due must not keep the loop
   * turning.
   */
  readonly timersRest: boolean
}

/** Null: until something happens. */
export function sleepMs({ commitMs, pauseMs, timerMs, timersRest }: SleepFacts): number | null {
  const never = Number.POSITIVE_INFINITY
  const workMs = pauseMs > 0 ? pauseMs : timersRest ? never : (timerMs ?? never)
  const ms = Math.max(0, Math.min(commitMs ?? never, workMs))
  return ms === never ? null : ms
}
