/**
 * When windows close: the one rule, for every kind. From the moment it is closed a window takes no record, its result is final,
 * and its row need not be kept. Pure; all times in milliseconds.
 */

/**
 * What closes. `time`: tumbling and hopping, ends exclusive. `unlimited`: its end is never reached. `session`, `sliding` and `join`
 * (what a record of one side waits for, from its own time to the last of the other side's that could match it): ends inclusive.
 */
export type ClosingWindows =
  | { readonly kind: 'time'; readonly sizeMs: number; readonly graceMs: number }
  | { readonly kind: 'unlimited' }
  | { readonly kind: 'session'; readonly gapMs: number; readonly graceMs: number }
  | { readonly kind: 'sliding'; readonly timeDifferenceMs: number; readonly graceMs: number }
  | { readonly kind: 'join'; readonly beforeMs: number; readonly afterMs: number; readonly graceMs: number }

/** How long a record may still come after the last moment of the window. A record up to a gap later extends a session. */
function lateMs(windows: ClosingWindows): number {
  if (windows.kind === 'unlimited') return 0
  return windows.kind === 'session' ? windows.gapMs + windows.graceMs : windows.graceMs
}

/** A window is closed from its end + this on. An inclusive end belongs to the window, so it closes one millisecond later. */
export function closesAfterEndMs(windows: ClosingWindows): number {
  const inclusive = windows.kind !== 'time' && windows.kind !== 'unlimited'
  return lateMs(windows) + (inclusive ? 1 : 0)
}

/** Whether the window that ends at `endMs` is closed. `afterEndMs`: of `closesAfterEndMs`. */
export function isClosed(endMs: number, afterEndMs: number, streamTimeMs: number): boolean {
  return endMs + afterEndMs <= streamTimeMs
}

/** All windows that end before this are closed, all others are open. */
export function firstOpenEndMs(afterEndMs: number, streamTimeMs: number): number {
  return streamTimeMs - afterEndMs + 1
}

/** The same when nothing has closed before time 0, or before the first record (`streamTimeMs` -1). */
export function firstOpenEndFromZeroMs(afterEndMs: number, streamTimeMs: number): number {
  return streamTimeMs < 0 ? 0 : Math.max(0, firstOpenEndMs(afterEndMs, streamTimeMs))
}

/** How long after stream time a store keeps a row, by the start of its window or the end of its session, at the least. */
export function leastRetentionMs(windows: ClosingWindows): number {
  switch (windows.kind) {
    case 'unlimited':
      return Number.POSITIVE_INFINITY
    case 'time':
      return windows.sizeMs + lateMs(windows)
    case 'session':
      return lateMs(windows)
    case 'sliding':
      // A record makes windows out of those that end where it begins.
      return 2 * windows.timeDifferenceMs + lateMs(windows)
    case 'join':
      return windows.beforeMs + windows.afterMs + lateMs(windows)
  }
}

/**
 * Kafka Streams commits how far windows were closed when it last emitted, ends taken as exclusive: stream time - `behindMs`, from
 * `leastMs` on, where the first window ends.
 */
export function emittedUntil(windows: Exclude<ClosingWindows, { readonly kind: 'join' }>): {
  readonly behindMs: number
  readonly leastMs: number
} {
  const behindMs = lateMs(windows)
  if (windows.kind === 'time') return { behindMs, leastMs: windows.sizeMs }
  if (windows.kind === 'unlimited') return { behindMs, leastMs: Number.POSITIVE_INFINITY }
  return { behindMs, leastMs: windows.kind === 'sliding' ? windows.timeDifferenceMs + 1 : 1 }
}
