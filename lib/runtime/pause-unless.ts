/** Pauses of work outside the loop, which can be cancelled at any time. */
import { type Clock, delay } from '../record/clock.js'

/** How often a pause looks whether it was called off. */
export const CANCEL_CHECK_MS = 100

/** Resolves after `pauseMs`, or soon after `cancelled` has turned true. */
export async function pauseUnless(clock: Clock, cancelled: () => boolean, pauseMs: number): Promise<void> {
  const untilMs = clock.monotonicMs() + pauseMs
  for (;;) {
    const leftMs = untilMs - clock.monotonicMs()
    if (leftMs <= 0 || cancelled()) return
    await delay(clock, Math.min(leftMs, CANCEL_CHECK_MS))
  }
}
