/**
 * A segment of a partition's log. Saved batches are read from storage, with a sparse index. Batches that are only in
 * the journal, or not stored at all, are in memory.
 */
import { MillraceError } from '../../errors.js'
import { BATCH, readSafeInt64 } from '../../protocol/batch/layout.js'
import { BatchView } from '../../protocol/index.js'
import type { SegmentFile } from '../storage/storage.js'
import { BatchWalk } from './batch-walk.js'
import { lastAtMost, SparseIndex, STRETCH_BYTES } from './sparse-index.js'

/** A read: what it may take, and what it has taken so far. */
export interface LogRead {
  readonly offset: number
  readonly upTo: number
  readonly maxBytes: number
  readonly atLeastOne: boolean
  /** Each holds one whole batch or several. */
  readonly batches: Buffer[]
  sizeBytes: number
  nextOffset: number
  /** It takes no more. */
  isFull: boolean
}

export class LogSegment {
  readonly file: SegmentFile
  /** Clock time at which it was made, for `segment.ms`. */
  readonly createdMs: number
  batchCount = 0
  maxTimestamp = -1
  /** Clock time from which its tombstones and markers may go; -1 without any, or before its first compaction. */
  deleteHorizonMs = -1
  /** Bytes before this one are read from storage, those from it on are in memory. */
  residentFrom = 0
  #resident: Buffer[] = []
  /** Offset of the first record of each. */
  #residentOffsets: number[] = []
  #index = new SparseIndex()
  #lastOffset = -1

  constructor(file: SegmentFile, createdMs: number) {
    this.file = file
    this.createdMs = createdMs
  }

  get baseOffset(): number {
    return this.file.baseOffset
  }

  get sizeBytes(): number {
    return this.file.sizeBytes
  }

  /** Stores the batch, then lists it. Throws, with nothing changed, when storing fails. */
  append(batch: BatchView, bytes: Buffer): void {
    this.file.append(bytes)
    this.#list(batch, bytes)
    this.evictSaved()
  }

  /** Takes note of a batch that storage held when it was opened. */
  recovered(batch: BatchView): void {
    const isSaved = this.#resident.length === 0 && this.residentFrom + batch.sizeBytes <= this.file.savedBytes
    this.#list(batch, isSaved ? null : Buffer.from(batch.slice()))
  }

  /** Takes what `reading` wants of this segment. */
  read(reading: LogRead): void {
    const { offset } = reading
    if (offset > this.#lastOffset) return
    const isResident = this.#resident.length > 0 && this.#residentOffsets[0]! <= offset
    if (this.residentFrom > 0 && !isResident) this.#readSaved(reading)
    if (!reading.isFull) this.#readResident(reading)
  }

  /**
   * The batches whose greatest timestamp is at or after `timestamp`. They may share memory: who keeps one for long copies
   * it.
   */
  *batches(timestamp = Number.NEGATIVE_INFINITY): Generator<BatchView> {
    for (const { start, end } of this.#index.since(timestamp)) {
      const savedEnd = Math.min(end, this.residentFrom)
      if (start >= savedEnd) break
      const walk = new BatchWalk(this.file, start, savedEnd, savedEnd - start)
      while (walk.next()) if (walk.maxTimestamp >= timestamp) yield walk.view()
      this.#checkEnd(walk, savedEnd)
    }
    for (const bytes of this.#resident) {
      if (readSafeInt64(bytes, BATCH.maxTimestamp) >= timestamp) yield new BatchView(bytes, 0, bytes.length)
    }
  }

  /** Lets go of bytes in memory that storage has; they are read from there from now on. */
  evictSaved(): void {
    const resident = this.#resident
    const saved = this.file.savedBytes
    let count = 0
    for (; count < resident.length; count++) {
      const end = this.residentFrom + resident[count]!.length
      if (end > saved) break
      this.residentFrom = end
    }
    if (count === 0) return
    this.#resident = resident.slice(count)
    this.#residentOffsets = this.#residentOffsets.slice(count)
  }

  /** Puts other batches in the place of those there are. */
  rewrite(batches: readonly BatchView[]): void {
    const bytes = batches.map((batch) => batch.slice())
    this.file.rewrite(bytes)
    this.#index = new SparseIndex()
    this.#resident = []
    this.#residentOffsets = []
    this.residentFrom = 0
    this.batchCount = 0
    this.maxTimestamp = -1
    this.#lastOffset = -1
    for (const [i, batch] of batches.entries()) this.#list(batch, bytes[i]!)
    this.evictSaved()
  }

  #list(batch: BatchView, bytes: Buffer | null): void {
    this.#index.add(batch)
    this.batchCount += 1
    this.#lastOffset = batch.lastOffset
    if (batch.maxTimestamp > this.maxTimestamp) this.maxTimestamp = batch.maxTimestamp
    if (bytes === null) this.residentFrom += batch.sizeBytes
    else {
      this.#resident.push(bytes)
      this.#residentOffsets.push(batch.baseOffset)
    }
  }

  #readSaved(reading: LogRead): void {
    const { offset, upTo, maxBytes } = reading
    const index = this.#index
    const leftBytes = Math.max(0, maxBytes - reading.sizeBytes)
    const end = Math.min(this.residentFrom, index.endFor(upTo))
    // Room for the first batch to begin anywhere in its stretch, and for the header of the first one that is too much.
    const windowBytes = STRETCH_BYTES + BATCH.records + leftBytes
    const walk = new BatchWalk(this.file, index.startFor(offset), end, windowBytes)
    let from = -1
    while (walk.next()) {
      if (from < 0) {
        if (walk.lastOffset < offset) continue
        from = walk.position
        const whole = index.lastWithin(Math.min(end, from + leftBytes), upTo)
        if (whole !== undefined && whole.end > from) {
          take(reading, whole.end - from, whole.lastOffset)
          walk.skipTo(whole.end)
          continue
        }
      }
      reading.isFull = walk.baseOffset >= upTo || !hasRoom(reading, walk.sizeBytes)
      if (reading.isFull) break
      take(reading, walk.sizeBytes, walk.lastOffset)
    }
    if (!reading.isFull) this.#checkEnd(walk, end)
    if (from >= 0 && walk.position > from) reading.batches.push(walk.between(from, walk.position))
  }

  #readResident(reading: LogRead): void {
    const resident = this.#resident
    const residentOffsets = this.#residentOffsets
    const { upTo, maxBytes, atLeastOne, batches } = reading
    const first = this.#residentAt(reading.offset)
    let { sizeBytes } = reading
    let i = first
    for (; i < resident.length; i++) {
      const bytes = resident[i]!
      const isTooMuch = sizeBytes + bytes.length > maxBytes && !(atLeastOne && sizeBytes === 0)
      reading.isFull = isTooMuch || residentOffsets[i]! >= upTo
      if (reading.isFull) break
      batches.push(bytes)
      sizeBytes += bytes.length
    }
    reading.sizeBytes = sizeBytes
    if (i > first) reading.nextOffset = this.#lastOffsetAt(i - 1) + 1
  }

  /** Place of the first batch in memory that ends at or after `offset`. */
  #residentAt(offset: number): number {
    const residentOffsets = this.#residentOffsets
    const i = lastAtMost(residentOffsets, offset)
    return i < 0 || (residentOffsets[i]! < offset && this.#lastOffsetAt(i) < offset) ? i + 1 : i
  }

  #lastOffsetAt(i: number): number {
    const resident = this.#resident
    if (i === resident.length - 1) return this.#lastOffset
    return this.#residentOffsets[i]! + resident[i]!.readInt32BE(BATCH.lastOffsetDelta)
  }

  #checkEnd(walk: BatchWalk, end: number): void {
    if (walk.position === end) return
    const where = `byte ${walk.position} of the segment at offset ${this.baseOffset}`
    throw new MillraceError('BROKER_STORAGE_FAILED', `The record batch that was written at ${where} is missing.`)
  }
}

function hasRoom({ sizeBytes, maxBytes, atLeastOne }: LogRead, moreBytes: number): boolean {
  return sizeBytes + moreBytes <= maxBytes || (atLeastOne && sizeBytes === 0)
}

function take(reading: LogRead, sizeBytes: number, lastOffset: number): void {
  reading.sizeBytes += sizeBytes
  reading.nextOffset = lastOffset + 1
}
