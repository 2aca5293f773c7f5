/** How often the live application commits. */

/** A commit touches a dozen changelogs of every busy task: fewer cost half, and an answer is still there long before 200 ms. */
const COMMIT_LATENCY_MS = 50
/** At full speed nobody waits for a single decision. As soon as the input is processed, commits come at once again. */
export const FULL_SPEED_COMMIT_MS = 1_000

/** Options of its streams. */
export function commitPace(isAtFullSpeed: boolean) {
  return isAtFullSpeed
    ? { commitLatencyMs: FULL_SPEED_COMMIT_MS, commitIntervalMs: FULL_SPEED_COMMIT_MS }
    : { commitLatencyMs: COMMIT_LATENCY_MS }
}
