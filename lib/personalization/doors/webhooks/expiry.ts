/** Until when a decision is worth sending, by the wall clock. */
import type { Recommendation } from '../../records/recommendation.js'

/** A clock that runs ahead may give a live decision a time after that of its record. */
const CLOCK_SKEW_MS = 60_000

/** Of a live decision that was made late, because the service did not run. The topic keeps records no longer. */
const MAX_LATE_MS = 7 * 24 * 3_600_000

/**
 * Of live decisions: `validUntil`. A decision of a replay or of the simulated shop has a time of its own: it is valid for
 * as long after the broker stored it as it was after its own time. `hasReplay`: this instance loads such an input.
 */
export function expiresAtMs({ at, validUntil }: Recommendation, storedAtMs: number, hasReplay: boolean): number {
  const isAhead = at > storedAtMs + CLOCK_SKEW_MS
  const isOld = storedAtMs > validUntil && (hasReplay || storedAtMs - at > MAX_LATE_MS)
  return isAhead || isOld ? storedAtMs + (validUntil - at) : validUntil
}
