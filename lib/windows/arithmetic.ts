/** Which windows a record falls into, and when a window is closed. Pure; all times in milliseconds. */
import type { SessionWindows, TimeWindows } from './definitions.js'

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

/** Tumbling and hopping: true from the moment no record for the window ending (exclusive) at `endMs` is accepted. */
export function isTimeWindowClosed(endMs: number, graceMs: number, streamTimeMs: number): boolean {
  return endMs + graceMs <= streamTimeMs
}

/** Sliding: `endMs` is inclusive, so a record exactly at end + grace still counts. */
export function isSlidingWindowClosed(endMs: number, graceMs: number, streamTimeMs: number): boolean {
  return endMs + graceMs < streamTimeMs
}

/** Sessions: a record up to `gapMs` after the end would still extend it. */
export function isSessionClosed(endMs: number, windows: SessionBounds, streamTimeMs: number): boolean {
  return endMs + windows.gapMs + windows.graceMs < streamTimeMs
}

type SessionBounds = Pick<SessionWindows, 'gapMs' | 'graceMs'>

/** The range of sessions a record at `timestamp` merges with: end >= earliestEndMs and start <= latestStartMs. */
export function sessionReach(timestamp: number, gapMs: number): { earliestEndMs: number; latestStartMs: number } {
  return { earliestEndMs: timestamp - gapMs, latestStartMs: timestamp + gapMs }
}

/** Left window of a record, [timestamp - difference, timestamp]; early records share [0, difference]. */
export function slidingLeftStart(timestamp: number, timeDifferenceMs: number): number {
  return Math.max(0, timestamp - timeDifferenceMs)
}

/** Right window of a record starts just after it; it exists once a record falls into it. */
export function slidingRightStart(timestamp: number): number {
  return timestamp + 1
}

/** Least time a store must keep an entry after stream time, so that no open window is lost. */
export function leastRetentionMs(windows: RetainedWindows): number {
  if (windows.kind === 'time') return windows.sizeMs + windows.graceMs
  if (windows.kind === 'session') return windows.gapMs + windows.graceMs
  return 2 * windows.timeDifferenceMs + windows.graceMs
}

type RetainedWindows =
  | { readonly kind: 'time'; readonly sizeMs: number; readonly graceMs: number }
  | { readonly kind: 'session'; readonly gapMs: number; readonly graceMs: number }
  | { readonly kind: 'sliding'; readonly timeDifferenceMs: number; readonly graceMs: number }
