/** Steps from batch to batch through a part of a segment by the batch headers, with large reads. */
import { BATCH, readSafeInt64 } from '../../protocol/batch/layout.js'
import { BatchView } from '../../protocol/index.js'
import type { SegmentFile } from '../storage/storage.js'

const NOTHING = Buffer.alloc(0)

export class BatchWalk {
  /** Where the batch at hand begins, and where the one before ended once there is none. */
  position: number
  /** Size of the batch at hand, header included. */
  sizeBytes = 0
  readonly #file: SegmentFile
  readonly #end: number
  readonly #windowBytes: number
  #window: Buffer = NOTHING
  #windowStart = 0

  /** Looks at batches from `start` to `end`; reads at least `windowBytes` at a time where there are so many. */
  constructor(file: SegmentFile, start: number, end: number, windowBytes: number) {
    this.#file = file
    this.position = start
    this.#end = end
    this.#windowBytes = windowBytes
  }

  /** Goes to the next batch; false where there is no whole one. */
  next(): boolean {
    this.position += this.sizeBytes
    this.sizeBytes = 0
    const { position } = this
    if (position + BATCH.records > this.#end) return false
    this.#ensure(BATCH.records)
    const sizeBytes = BATCH.lengthEnd + this.#window.readInt32BE(position - this.#windowStart + BATCH.length)
    if (sizeBytes < BATCH.records || position + sizeBytes > this.#end) return false
    this.sizeBytes = sizeBytes
    return true
  }

  /** Leaves out what comes before `position`, where a batch begins: `next` goes to that one. */
  skipTo(position: number): void {
    this.position = position
    this.sizeBytes = 0
  }

  get baseOffset(): number {
    return readSafeInt64(this.#window, this.position - this.#windowStart)
  }

  get lastOffset(): number {
    return this.baseOffset + this.#window.readInt32BE(this.position - this.#windowStart + BATCH.lastOffsetDelta)
  }

  get maxTimestamp(): number {
    return readSafeInt64(this.#window, this.position - this.#windowStart + BATCH.maxTimestamp)
  }

  /** The batch at hand, in memory it may share with others. */
  bytes(): Buffer {
    this.#ensure(this.sizeBytes)
    const at = this.position - this.#windowStart
    return this.#window.subarray(at, at + this.sizeBytes)
  }

  view(): BatchView {
    this.#ensure(this.sizeBytes)
    return new BatchView(this.#window, this.position - this.#windowStart, this.sizeBytes)
  }

  /** What lies between two positions it has passed. */
  between(start: number, end: number): Buffer {
    const at = start - this.#windowStart
    if (at >= 0 && end <= this.#windowStart + this.#window.length)
      return this.#window.subarray(at, end - this.#windowStart)
    return this.#file.read(start, end - start)
  }

  #ensure(bytes: number): void {
    const { position } = this
    if (position >= this.#windowStart && position + bytes <= this.#windowStart + this.#window.length) return
    this.#window = this.#file.read(position, Math.min(Math.max(bytes, this.#windowBytes), this.#end - position))
    this.#windowStart = position
  }
}
