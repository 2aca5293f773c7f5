/** Timers of users are set for round times, so that users come in groups. */

export const SECOND_MS = 1_000

/** The first multiple of `stepMs` that is not before `ms`; Infinity stays what it is. */
export function roundedUp(ms: number, stepMs: number): number {
  return stepMs === 0 || ms === Number.POSITIVE_INFINITY ? ms : Math.ceil(ms / stepMs) * stepMs
}
