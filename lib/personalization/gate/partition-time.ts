/** Event time of one partition of `user-activity`. */

export interface PartitionTime {
  /** Highest event time admitted, or where the idle timeout has moved it; -1 before the first event. */
  readonly streamTimeMs: number
  /** Events before this are late whatever the grace: the end of the input has closed every window. */
  readonly closedBeforeMs: number
  /** A replay is in progress: only event time moves timers. */
  readonly replaying: boolean
}

/** Before the first event. */
export const START: PartitionTime = { streamTimeMs: -1, closedBeforeMs: 0, replaying: false }

/** How far behind the partition's time an event comes that may not count any more; 0 where it still counts. */
export function latenessMs(time: PartitionTime, atMs: number, graceMs: number): number {
  if (atMs >= time.streamTimeMs - graceMs && atMs >= time.closedBeforeMs) return 0
  return Math.max(1, time.streamTimeMs - atMs)
}
