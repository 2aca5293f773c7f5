/** Event time of one partition of `user-activity`, in a store so that it survives a restart. */
import type { KeyValueStore } from '../../index.js'

export interface PartitionTime {
  /** Highest event time admitted, or where the idle timeout has moved it; -1 before the first event. */
  readonly streamTimeMs: number
  /** Events before this are late whatever the grace: the end of the input has closed every window. */
  readonly closedBeforeMs: number
  /** A replay is in progress: only event time moves timers. */
  readonly replaying: boolean
}

const KEY = 'time'
const START: PartitionTime = { streamTimeMs: -1, closedBeforeMs: 0, replaying: false }

export function readTime(store: KeyValueStore<string, string>): PartitionTime {
  const text = store.get(KEY)?.value
  if (text === undefined) return START
  const [streamTime, closedBefore, replaying] = text.split(' ')
  return { streamTimeMs: Number(streamTime), closedBeforeMs: Number(closedBefore), replaying: replaying === '1' }
}

export function writeTime(store: KeyValueStore<string, string>, time: PartitionTime): void {
  const { streamTimeMs, closedBeforeMs, replaying } = time
  store.put(KEY, `${streamTimeMs} ${closedBeforeMs} ${replaying ? 1 : 0}`, Math.max(0, streamTimeMs))
}

/** How far behind the partition's time an event comes that may not count any more; 0 where it still counts. */
export function latenessMs(time: PartitionTime, atMs: number, graceMs: number): number {
  if (atMs >= time.streamTimeMs - graceMs && atMs >= time.closedBeforeMs) return 0
  return Math.max(1, time.streamTimeMs - atMs)
}
