/** The window of a stream-stream join, checked once. Bounds are whole milliseconds. */
import { MillraceError } from '../errors.js'
import { requireNames } from './window-options.js'

/** Two records match if `-beforeMs <= right time - left time <= afterMs`, both inclusive. From {@link joinWindow}. */
export interface JoinWindow {
  /** Tells it from other windows. */
  readonly kind: 'join'
  /** How much older than the left record the right one may be. Negative: how much younger it must be. */
  readonly beforeMs: number
  /** How much younger than the left record the right one may be. Negative: how much older it must be. */
  readonly afterMs: number
  /** How long, after the window, a record waits for a late partner. */
  readonly graceMs: number
}

/**
 * The window of a stream-stream join, in whole milliseconds. `beforeMs + afterMs` must be 0 or more, and so must `graceMs`
 * (default 0). A longer grace keeps records longer; an inner join drops no record for being late.
 * @throws MillraceError WINDOW_INVALID
 */
export function joinWindow(options: {
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs?: number
}): JoinWindow {
  requireNames(options, ['beforeMs', 'afterMs', 'graceMs'], 'joinWindow')
  const { beforeMs, afterMs, graceMs = 0 } = options
  for (const [name, value] of Object.entries({ beforeMs, afterMs, graceMs })) {
    if (Number.isSafeInteger(value) && (name !== 'graceMs' || value >= 0)) continue
    throw new MillraceError(
      'WINDOW_INVALID',
      `${name} of a join window must be a whole number of milliseconds${name === 'graceMs' ? ' >= 0' : ''}, got ${value}`,
    )
  }
  if (beforeMs + afterMs < 0) {
    throw new MillraceError(
      'WINDOW_INVALID',
      `a join window of beforeMs ${beforeMs} and afterMs ${afterMs} has no width: their sum must be >= 0`,
    )
  }
  return Object.freeze({ kind: 'join', beforeMs, afterMs, graceMs })
}
