/** Timers of users are set for round times, so that users come in groups. */

export const SECOND_MS = 1_000
/** Waiting events are applied in groups: their timer is rounded up to this part of the grace period. */
const GROUPS_IN_GRACE = 10

/** The length of such a group, milliseconds. */
export function groupMs(graceMs: number): number {
  return Math.ceil(graceMs / GROUPS_IN_GRACE)
}

/** At `nowMs`, every waiting event from before this time has been applied. */
export function appliedUpToMs(nowMs: number, graceMs: number): number {
  const stepMs = groupMs(graceMs)
  return stepMs === 0 ? nowMs - graceMs : Math.floor((nowMs - graceMs) / stepMs) * stepMs
}

/** The first multiple of `stepMs` that is not before `ms`; Infinity stays what it is. */
export function roundedUp(ms: number, stepMs: number): number {
  return stepMs === 0 || ms === Number.POSITIVE_INFINITY ? ms : Math.ceil(ms / stepMs) * stepMs
}
