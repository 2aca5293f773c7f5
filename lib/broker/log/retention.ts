/** Retention by time and size: removes whole segments, oldest first, up to the first open transaction. */
import type { PartitionLog } from './partition-log.js'

/** `moveStart` is told the log's new start. */
export function applyRetention(log: PartitionLog, nowMs: number, moveStart: (offset: number) => void): void {
  const { retentionMs, retentionBytes } = log.config()
  let excess = retentionBytes < 0 ? 0 : log.sizeBytes - retentionBytes
  let start = log.logStartOffset
  for (const [i, segment] of log.segments.entries()) {
    const end = log.segments[i + 1]?.baseOffset ?? log.endOffset
    const expired = retentionMs >= 0 && segment.batchCount > 0 && nowMs - segment.maxTimestamp > retentionMs
    const active = i === log.segments.length - 1
    const tooMuch = !active && excess >= segment.sizeBytes && segment.sizeBytes > 0
    if (!(expired || tooMuch) || end > log.lastStableOffset) break
    excess -= segment.sizeBytes
    start = end
  }
  if (start <= log.logStartOffset) return
  if (start === log.endOffset) log.roll(nowMs)
  moveStart(start)
}
