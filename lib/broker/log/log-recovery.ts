/**
 * Rebuilds a partition's log from its storage: checks every batch, cuts off an incomplete end, restores producer
 * states.
 */
import { BATCH } from '../../protocol/batch/layout.js'
import { BatchView } from '../../protocol/index.js'
import { BatchWalk } from './batch-walk.js'
import { LogSegment } from './log-segment.js'
import type { PartitionLog } from './partition-log.js'

/** How many bytes of a segment are looked at at a time. */
const WINDOW_BYTES = 4 * 1024 * 1024

export interface RecoveryReport {
  readonly batches: number
  /** Bytes cut off because they were no whole, undamaged batch in the log's order. */
  readonly droppedBytes: number
}

/** Fills `log`, which is new, from what its storage holds. A log ends at the first damaged batch. */
export function recoverLog(log: PartitionLog, nowMs: number): RecoveryReport {
  let batches = 0
  let droppedBytes = 0
  let intact = true
  const files = log.storage.segments()
  if (files[0] !== undefined) log.endOffset = files[0].baseOffset
  for (const file of files) {
    if (!intact) {
      droppedBytes += file.sizeBytes
      file.remove()
      continue
    }
    const segment = new LogSegment(file, nowMs)
    const end = recoverSegment(log, segment, nowMs)
    batches += segment.batchCount
    log.endOffset = Math.max(log.endOffset, file.baseOffset)
    log.segments.push(segment)
    if (end < file.sizeBytes) {
      droppedBytes += file.sizeBytes - end
      file.truncate(end)
      intact = false
    }
  }
  log.endOffset = Math.max(log.endOffset, log.logStartOffset)
  log.producers.logStartMoved(log.logStartOffset)
  log.dirtyBytes = log.sizeBytes
  return { batches, droppedBytes }
}

/** Lists the good batches of one segment; returns where they end. */
function recoverSegment(log: PartitionLog, segment: LogSegment, nowMs: number): number {
  const walk = new BatchWalk(segment.file, 0, segment.file.sizeBytes, WINDOW_BYTES)
  while (walk.next()) {
    const batch = goodBatch(walk.bytes(), log.endOffset)
    if (batch === undefined) break
    segment.recovered(batch)
    log.endOffset = batch.lastOffset + 1
    if (batch.isControl) log.producers.ended(batch, nowMs)
    else log.producers.wrote(batch, nowMs)
  }
  return walk.position
}

function goodBatch(bytes: Buffer, minOffset: number): BatchView | undefined {
  if (bytes[BATCH.magic] !== 2) return undefined
  try {
    const batch = new BatchView(bytes, 0, bytes.length)
    if (batch.baseOffset < minOffset) return undefined
    batch.verify()
    return batch
  } catch {
    return undefined
  }
}
