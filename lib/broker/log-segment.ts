/** A stretch of a partition's log: its bytes in storage, and one entry per batch in memory. */
import type { BatchView } from '../protocol/index.js'
import type { SegmentFile } from './storage.js'

/** One batch of the log. */
export interface BatchEntry {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly maxTimestamp: number
  readonly position: number
  readonly sizeBytes: number
  /** The batch itself while it is kept in memory. */
  bytes: Buffer | null
  /** Clock time from which its tombstones may go; -1 until the first compaction has passed it. */
  deleteHorizonMs: number
}

export function entryOf(batch: BatchView, position: number, bytes: Buffer | null, deleteHorizonMs = -1): BatchEntry {
  return {
    baseOffset: batch.baseOffset,
    lastOffset: batch.lastOffset,
    maxTimestamp: batch.maxTimestamp,
    position,
    sizeBytes: batch.sizeBytes,
    bytes,
    deleteHorizonMs,
  }
}

export class LogSegment {
  readonly file: SegmentFile
  /** Clock time at which it was made, for `segment.ms`. */
  readonly createdMs: number
  entries: BatchEntry[] = []
  maxTimestamp = -1
  /** Entries before this one have no bytes in memory. */
  private evicted = 0

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
    const position = this.file.sizeBytes
    this.file.append(bytes)
    this.list(entryOf(batch, position, bytes))
    this.evictSaved()
  }

  list(entry: BatchEntry): void {
    this.entries.push(entry)
    if (entry.maxTimestamp > this.maxTimestamp) this.maxTimestamp = entry.maxTimestamp
  }

  bytesOf(entry: BatchEntry): Buffer {
    return entry.bytes ?? this.file.read(entry.position, entry.sizeBytes)
  }

  /** Index of the first batch that ends at or after `offset`; the entry count when there is none. */
  indexOf(offset: number): number {
    const entries = this.entries
    let low = 0
    let high = entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (entries[middle]!.lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Bytes of entries `from` to `to` go to the end of `into`: those that are not in memory with one read. */
  collect(from: number, to: number, into: Buffer[]): void {
    const { entries } = this
    for (let i = from; i < to; i++) {
      const first = entries[i]!
      if (first.bytes !== null) {
        into.push(first.bytes)
        continue
      }
      let last = first
      while (i + 1 < to && entries[i + 1]!.bytes === null) last = entries[++i]!
      into.push(this.file.read(first.position, last.position + last.sizeBytes - first.position))
    }
  }

  /** Lets go of bytes in memory that storage has; they are read from there from now on. */
  evictSaved(): void {
    const { entries } = this
    const saved = this.file.savedBytes
    for (let next = entries[this.evicted]; next !== undefined; next = entries[this.evicted]) {
      if (next.position + next.sizeBytes > saved) return
      next.bytes = null
      this.evicted += 1
    }
  }

  /** Puts other batches in the place of those there are. */
  rewrite(batches: readonly { readonly bytes: Buffer; readonly view: BatchView; readonly deleteHorizonMs: number }[]) {
    this.file.rewrite(batches.map((batch) => batch.bytes))
    this.entries = []
    this.evicted = 0
    this.maxTimestamp = -1
    let position = 0
    for (const { bytes, view, deleteHorizonMs } of batches) {
      this.list(entryOf(view, position, bytes, deleteHorizonMs))
      position += bytes.length
    }
    this.evictSaved()
  }
}
