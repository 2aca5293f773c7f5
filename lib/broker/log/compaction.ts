/**
 * Compaction: keeps the newest record of each key in the closed segments below the last stable offset. Aborted data is
 * removed at once. Tombstones and markers stay for `delete.retention.ms` after the first pass that saw them. Offsets,
 * sequence numbers and a producer's last batch stay, so that clients and producers notice nothing.
 */
import { BATCH } from '../../protocol/batch/layout.js'
import { BatchView, COMPRESSIONS, compress } from '../../protocol/index.js'
import { Reader } from '../../protocol/wire/byte-reader.js'
import { crc32c } from '../../record/crc32c.js'
import type { LogSegment } from './log-segment.js'
import type { PartitionLog } from './partition-log.js'

interface KeptBatch {
  readonly batch: BatchView
  /** It has something that goes when the segment's delete horizon is past. */
  readonly goesLater: boolean
}

interface Pass {
  readonly log: PartitionLog
  readonly nowMs: number
  /** Offset of the newest record, by key. */
  readonly newest: ReadonlyMap<string, number>
  /** Producers with data of the transaction at hand that stays: its commit marker then has to stay. */
  readonly keptTransactions: Set<number>
}

/** Compacts `log` when enough of it is new, or it `must`; closes the active segment from `rollBytes` on. True when it did. */
export function compactLog(log: PartitionLog, nowMs: number, rollBytes: number, must = false): boolean {
  if ((log.segments.at(-1)?.sizeBytes ?? 0) >= rollBytes) log.roll(nowMs)
  const segments = compactable(log, nowMs)
  const total = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
  const dirty = Math.min(total, log.dirtyBytes - (log.segments.at(-1)?.sizeBytes ?? 0))
  const due = segments.some(({ deleteHorizonMs }) => deleteHorizonMs >= 0 && deleteHorizonMs <= nowMs)
  if (total === 0 || (!must && !due && (dirty <= 0 || dirty < total * log.config().minDirtyRatio))) return false
  const pass: Pass = { log, nowMs, newest: newestByKey(log, segments), keptTransactions: new Set() }
  for (const segment of segments) compactSegment(segment, pass)
  log.dirtyBytes = log.sizeBytes - segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
  return true
}

/** Closed segments, from the start on, whose transactions are all decided and whose records are old enough. */
function compactable(log: PartitionLog, nowMs: number): LogSegment[] {
  const youngestMs = nowMs - log.config().minCompactionLagMs
  const lags = log.config().minCompactionLagMs > 0
  const end = log.segments.findIndex((segment, i) => {
    const next = log.segments[i + 1]
    return next === undefined || next.baseOffset > log.lastStableOffset || (lags && segment.maxTimestamp > youngestMs)
  })
  return log.segments.slice(0, Math.max(0, end))
}

function newestByKey(log: PartitionLog, segments: readonly LogSegment[]): Map<string, number> {
  const newest = new Map<string, number>()
  for (const segment of segments) {
    for (const batch of segment.batches()) {
      if (batch.isControl || batch.count === 0 || isAborted(log, batch)) continue
      const cursor = batch.records()
      while (cursor.next()) if (cursor.keyLength >= 0) newest.set(keyText(cursor), cursor.offset)
    }
  }
  return newest
}

function keyText(cursor: { bytes: Buffer; keyStart: number; keyLength: number }): string {
  return cursor.bytes.toString('latin1', cursor.keyStart, cursor.keyStart + cursor.keyLength)
}

function isAborted(log: PartitionLog, batch: BatchView): boolean {
  if (!batch.isTransactional || batch.isControl) return false
  const around = log.producers.abortedIn(batch.baseOffset, batch.lastOffset + 1)
  return around.some((txn) => txn.producerId === batch.producerId)
}

/** What a segment's first pass saw may go at one time: nothing comes to a closed segment later. */
function compactSegment(segment: LogSegment, pass: Pass): void {
  const { nowMs, log } = pass
  const horizonMs = segment.deleteHorizonMs >= 0 ? segment.deleteHorizonMs : nowMs + log.config().deleteRetentionMs
  const kept: BatchView[] = []
  let changed = false
  let goesLater = false
  for (const batch of segment.batches()) {
    const next = compactBatch(batch, horizonMs, pass)
    if (next?.batch !== batch) changed = true
    if (next === undefined) continue
    goesLater ||= next.goesLater
    kept.push(next.batch)
  }
  segment.deleteHorizonMs = goesLater ? horizonMs : -1
  if (changed) segment.rewrite(kept)
}

/** What stays of a batch: itself, less, or nothing. */
function compactBatch(batch: BatchView, horizonMs: number, pass: Pass): KeptBatch | undefined {
  const { log, nowMs } = pass
  if (batch.isControl) {
    const needed = pass.keptTransactions.delete(batch.producerId)
    if (needed || horizonMs > nowMs) return { batch, goesLater: true }
    log.producers.aborted = log.producers.aborted.filter((txn) => txn.lastOffset !== batch.baseOffset)
    return undefined
  }
  const aborted = isAborted(log, batch)
  const { raw, count, tombstones } = aborted
    ? { raw: [], count: 0, tombstones: false }
    : keptRecords(batch, pass.newest, horizonMs <= nowMs)
  if (count > 0 && batch.isTransactional) pass.keptTransactions.add(batch.producerId)
  if (count === batch.count) return { batch, goesLater: tombstones }
  if (count === 0 && !isLastOfProducer(log, batch)) return undefined
  const smaller = rebuild(batch, Buffer.concat(raw), count)
  return { batch: new BatchView(smaller, 0, smaller.length), goesLater: tombstones }
}

/** The bytes of the records that stay: the newest of their key, tombstones unless their time is over. */
function keptRecords(view: BatchView, newest: ReadonlyMap<string, number>, dropTombstones: boolean) {
  const cursor = view.records()
  const inflated =
    view.codec === 0 ? { start: view.start + BATCH.records, end: view.start + view.sizeBytes } : undefined
  const reader = new Reader(cursor.bytes, inflated?.start ?? 0, inflated?.end ?? cursor.bytes.length)
  const raw: Buffer[] = []
  let tombstones = false
  while (cursor.next()) {
    const start = reader.position
    reader.take(reader.varint())
    if (cursor.keyLength < 0 || newest.get(keyText(cursor)) !== cursor.offset) continue
    const tombstone = cursor.valueLength < 0
    if (tombstone && dropTombstones) continue
    tombstones ||= tombstone
    raw.push(cursor.bytes.subarray(start, reader.position))
  }
  return { raw, count: raw.length, tombstones }
}

/** The newest batch of a producer stays, if need be without records, so that its sequence survives a restart. */
function isLastOfProducer(log: PartitionLog, view: BatchView): boolean {
  return log.producers.byId.get(view.producerId)?.batches.at(-1)?.lastOffset === view.lastOffset
}

/** The batch's header over fewer records: offsets, timestamps and sequences stay as they were. */
function rebuild(view: BatchView, records: Buffer, count: number): Buffer {
  const codec = count === 0 ? 0 : view.codec
  const body = codec === 0 ? records : compress(COMPRESSIONS[codec]!, records)
  const batch = Buffer.allocUnsafe(BATCH.records + body.length)
  view.bytes.copy(batch, 0, view.start, view.start + BATCH.records)
  body.copy(batch, BATCH.records)
  batch.writeInt32BE(batch.length - BATCH.lengthEnd, BATCH.length)
  batch.writeInt16BE((batch.readInt16BE(BATCH.attributes) & ~7) | codec, BATCH.attributes)
  batch.writeInt32BE(count, BATCH.count)
  batch.writeUInt32BE(crc32c(batch, BATCH.attributes), BATCH.crc)
  return batch
}
