/** The windows a user asks for, checked once. All bounds are milliseconds and whole numbers. */
import { MillraceError } from '../errors.js'
import { requireNames } from './window-options.js'

/** Windows of a fixed size, [start, start + size), one every `advanceMs`; tumbling if the two are equal. From {@link tumbling} or {@link hopping}. */
export interface TimeWindows {
  readonly kind: 'time'
  readonly sizeMs: number
  readonly advanceMs: number
  readonly graceMs: number
}

/** One window [startMs, infinity). From {@link unlimited}. */
export interface UnlimitedWindows {
  readonly kind: 'unlimited'
  readonly startMs: number
}

/** Records of one key with no gap longer than `gapMs` between two; both ends inclusive. From {@link session}. */
export interface SessionWindows {
  readonly kind: 'session'
  readonly gapMs: number
  readonly graceMs: number
}

/** Every distinct set of records of one key within `timeDifferenceMs` of each other; both ends inclusive. From {@link sliding}. */
export interface SlidingWindows {
  readonly kind: 'sliding'
  /** Largest time between two records of a window. */
  readonly timeDifferenceMs: number
  readonly graceMs: number
}

function checked(name: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new MillraceError(
      'WINDOW_INVALID',
      `${name} must be a whole number of milliseconds >= ${least}, got ${value}`,
    )
  }
  return value
}

/**
 * Windows side by side: [0, size), [size, 2 size), ... Bounds are milliseconds, whole numbers; `sizeMs` at least 1. `graceMs`
 * (default 0): how late a record may be.
 * @throws MillraceError WINDOW_INVALID
 */
export function tumbling(options: { readonly sizeMs: number; readonly graceMs?: number }): TimeWindows {
  requireNames(options, ['sizeMs', 'graceMs'], 'tumbling')
  return hopping({ ...options, advanceMs: options.sizeMs })
}

/**
 * Overlapping windows of `sizeMs`, one starting every `advanceMs` (1 to `sizeMs`). `graceMs` (default 0): how late a record
 * may be.
 * @throws MillraceError WINDOW_INVALID
 */
export function hopping(options: {
  readonly sizeMs: number
  readonly advanceMs: number
  readonly graceMs?: number
}): TimeWindows {
  requireNames(options, ['sizeMs', 'advanceMs', 'graceMs'], 'hopping')
  const sizeMs = checked('sizeMs', options.sizeMs, 1)
  const advanceMs = checked('advanceMs', options.advanceMs, 1)
  if (advanceMs > sizeMs) {
    throw new MillraceError(
      'WINDOW_INVALID',
      `advanceMs ${advanceMs} is larger than sizeMs ${sizeMs}: records would fall between windows`,
    )
  }
  return Object.freeze({ kind: 'time', sizeMs, advanceMs, graceMs: checked('graceMs', options.graceMs ?? 0, 0) })
}

/**
 * A session ends when no record of its key has come for longer than `gapMs` (0 or more). `graceMs` (default 0): how late a record
 * may be.
 * @throws MillraceError WINDOW_INVALID
 */
export function session(options: { readonly gapMs: number; readonly graceMs?: number }): SessionWindows {
  requireNames(options, ['gapMs', 'graceMs'], 'session')
  return Object.freeze({
    kind: 'session',
    gapMs: checked('gapMs', options.gapMs, 0),
    graceMs: checked('graceMs', options.graceMs ?? 0, 0),
  })
}

/**
 * One window that starts at `startMs` (default 0) and never closes. Earlier records are dropped (`beforeStart`).
 * @throws MillraceError WINDOW_INVALID
 */
export function unlimited(options: { readonly startMs?: number } = {}): UnlimitedWindows {
  requireNames(options, ['startMs'], 'unlimited')
  return Object.freeze({ kind: 'unlimited', startMs: checked('startMs', options.startMs ?? 0, 0) })
}

/**
 * Windows [t, t + timeDifferenceMs], both ends inclusive, around every record. `graceMs` (default 0): how late a record may be.
 * @throws MillraceError WINDOW_INVALID
 */
export function sliding(options: { readonly timeDifferenceMs: number; readonly graceMs?: number }): SlidingWindows {
  requireNames(options, ['timeDifferenceMs', 'graceMs'], 'sliding')
  return Object.freeze({
    kind: 'sliding',
    timeDifferenceMs: checked('timeDifferenceMs', options.timeDifferenceMs, 0),
    graceMs: checked('graceMs', options.graceMs ?? 0, 0),
  })
}
