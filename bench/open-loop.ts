/** Sends at a fixed rate: a slow answer never delays the next requests. */

import { delay, systemClock } from '../lib/record/clock.js'

export interface OpenLoopOptions {
  /** Items per second. */
  readonly rate: number
  /** How many items in all. */
  readonly records: number
}

/** Timers fire a millisecond late at best, so items are handed over in small groups. */
const TICK_MS = 2

/**
 * Calls `send(from, to, intendedMs)` with the items that are due; `intendedMs(i)` is when item i was meant to go, on the
 * monotonic clock. A late timer hands over all it missed, with the times they were meant to have.
 */
export async function openLoop(
  { rate, records }: OpenLoopOptions,
  send: (from: number, to: number, intendedMs: (item: number) => number) => void,
): Promise<void> {
  const startMs = systemClock.monotonicMs()
  const intendedMs = (item: number) => startMs + (item / rate) * 1_000
  let next = 0
  while (next < records) {
    const due = Math.min(records, Math.floor(((systemClock.monotonicMs() - startMs) / 1_000) * rate) + 1)
    if (due > next) {
      send(next, due, intendedMs)
      next = due
    }
    await delay(systemClock, TICK_MS)
  }
}
