/** Repeats a background task: one run at a time, whatever its result. */
import type { Clock } from '../record/clock.js'

export interface Periodic {
  /** Acts without waiting for the interval; after the `act` in progress, if there is one. */
  now(): void
  /** Resolves when an `act` in progress has ended. */
  stop(): Promise<void>
}

export interface Intervals {
  readonly firstMs: number
  readonly intervalMs: number
  /** After an `act` that failed. Default `intervalMs`. */
  readonly retryMs?: number
}

/** Calls `act` after `firstMs`, then `intervalMs` after each end of it, until stopped. */
export function periodically(
  clock: Clock,
  { firstMs, intervalMs, retryMs = intervalMs }: Intervals,
  act: () => Promise<void>,
  failed: (error: unknown) => void,
): Periodic {
  let stopped = false
  let acting = false
  let again = false
  let underWay: Promise<void> = Promise.resolve()
  let cancel = () => {}
  const schedule = (delayMs: number) => {
    if (stopped) return
    cancel = clock.setTimer(delayMs, () => {
      acting = true
      underWay = act()
        .then(
          () => intervalMs,
          (error) => {
            failed(error)
            return retryMs
          },
        )
        .then((pauseMs) => {
          acting = false
          const nextMs = again ? 0 : pauseMs
          again = false
          schedule(nextMs)
        })
    })
  }
  schedule(firstMs)
  return {
    now() {
      if (acting) again = true
      else {
        cancel()
        schedule(0)
      }
    },
    stop() {
      stopped = true
      cancel()
      return underWay
    },
  }
}
