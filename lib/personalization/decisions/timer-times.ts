/** Timers of the rules are set for round times. */

/**
 * The first multiple of `exactlyMs` that is not before `dueMs`. Timers of many users then come together, and records between two such
 * times find none due.
 */
export function roundedUp(dueMs: number, exactlyMs: number): number {
  return Math.ceil(dueMs / exactlyMs) * exactlyMs
}
