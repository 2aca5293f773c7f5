/** Which windows a record falls into. Pure; all times in milliseconds. */
import type { TimeWindows } from './definitions.js'

/** Start of the latest window that holds `timestamp`. */
export function latestWindowStart(timestamp: number, advanceMs: number): number {
  return timestamp - (timestamp % advanceMs)
}

/**
 * Start of the earliest window that holds `timestamp`: starts are multiples of `advanceMs`, never negative. The windows
 * of a record are this start, then one every `advanceMs` up to and including `latestWindowStart`.
 */
export function earliestWindowStart(timestamp: number, windows: Pick<TimeWindows, 'sizeMs' | 'advanceMs'>): number {
  const { sizeMs, advanceMs } = windows
  const from = timestamp - sizeMs + advanceMs
  return from <= 0 ? 0 : latestWindowStart(from, advanceMs)
}

/** All window starts of `timestamp`, ascending; none before 0. */
export function windowStarts(timestamp: number, windows: Pick<TimeWindows, 'sizeMs' | 'advanceMs'>): number[] {
  const starts: number[] = []
  for (let start = earliestWindowStart(timestamp, windows); start <= timestamp; start += windows.advanceMs) {
    starts.push(start)
  }
  return starts
}

/** Left window of a record, [timestamp - difference, timestamp]; early records share [0, difference]. */
export function slidingLeftStart(timestamp: number, timeDifferenceMs: number): number {
  return Math.max(0, timestamp - timeDifferenceMs)
}

/** Right window of a record starts just after it; it exists once a record falls into it. */
export function slidingRightStart(timestamp: number): number {
  return timestamp + 1
}
