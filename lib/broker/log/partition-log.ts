/** One partition's log: appends batches, reads them by offset, finds offsets by time, advances its start. */
import { isMillraceError } from '../../errors.js'
import { assignOffsets, type BatchView, KAFKA_ERROR, readBatches } from '../../protocol/index.js'
import type { LogStorage } from '../storage/storage.js'
import type { TopicConfig } from '../topic-config.js'
import { type LogRead, LogSegment } from './log-segment.js'
import { ProducerStates } from './producer-states.js'

/** The broker is its cluster's only node, so leadership never moves. */
export const LEADER_EPOCH = 0

export interface TimestampOffset {
  readonly timestamp: number
  readonly offset: number
}

export interface ReadResult {
  /** Each holds one whole batch or several. */
  readonly batches: Buffer[]
  readonly sizeBytes: number
  /** One past the last record read; the asked offset when nothing was read. */
  readonly nextOffset: number
}

export interface PartitionLogOptions {
  readonly topic: string
  readonly partition: number
  readonly storage: LogStorage
  /** Read at each use: it changes when the topic is altered. */
  readonly config: () => TopicConfig
  readonly logStartOffset: number
}

export class PartitionLog {
  readonly topic: string
  readonly partition: number
  readonly producers = new ProducerStates()
  readonly config: () => TopicConfig
  readonly storage: LogStorage
  segments: LogSegment[] = []
  logStartOffset: number
  /** Offset the next record gets; also the high watermark. */
  endOffset: number
  /** Bytes appended since the last compaction. */
  dirtyBytes = 0
  readonly #waiters = new Set<() => void>()
  #waking = false

  constructor(options: PartitionLogOptions) {
    this.topic = options.topic
    this.partition = options.partition
    this.storage = options.storage
    this.config = options.config
    this.logStartOffset = options.logStartOffset
    this.endOffset = options.logStartOffset
  }

  get lastStableOffset(): number {
    const open = this.producers.firstUnstableOffset
    return open < 0 ? this.endOffset : open
  }

  get sizeBytes(): number {
    let sum = 0
    for (const segment of this.segments) sum += segment.sizeBytes
    return sum
  }

  /** Appends one whole batch, which the log then owns; returns the view with its offsets. Throws when storing fails. */
  append(bytes: Buffer, nowMs: number): BatchView {
    assignOffsets(bytes, this.endOffset, LEADER_EPOCH)
    const batch = readBatches(bytes)[0]!
    const segment = this.#segmentFor(bytes.length, nowMs)
    segment.append(batch, bytes)
    this.dirtyBytes += bytes.length
    this.endOffset = batch.lastOffset + 1
    if (batch.isControl) this.producers.ended(batch, nowMs)
    else this.producers.wrote(batch, nowMs)
    this.wake()
    return batch
  }

  /**
   * Whole batches from the one holding `offset` on, below `upTo`, up to `maxBytes`; the first one also when it is
   * larger, if `atLeastOne`.
   */
  read(offset: number, upTo: number, maxBytes: number, atLeastOne: boolean): ReadResult {
    const reading: LogRead = {
      offset,
      upTo,
      maxBytes,
      atLeastOne,
      batches: [],
      sizeBytes: 0,
      nextOffset: offset,
      isFull: false,
    }
    if (offset >= upTo) return reading
    for (let s = this.#segmentIndexOf(offset); s < this.segments.length && !reading.isFull; s++) {
      this.segments[s]!.read(reading)
    }
    return reading
  }

  /** The first record at or after `timestamp`, looked for below `upTo`; undefined when there is none. */
  firstAt(timestamp: number, upTo: number): TimestampOffset | undefined {
    for (const segment of this.segments) {
      if (segment.maxTimestamp < timestamp) continue
      for (const batch of segment.batches(timestamp)) {
        if (batch.lastOffset < this.logStartOffset) continue
        if (batch.baseOffset >= upTo) return undefined
        const found = firstIn(batch, timestamp, this.logStartOffset)
        if (found !== undefined) return found.offset < upTo ? found : undefined
      }
    }
    return undefined
  }

  /** The first of the records with the greatest timestamp. */
  latestTimestamp(): TimestampOffset | undefined {
    let greatest = -1
    for (const segment of this.segments) greatest = Math.max(greatest, segment.maxTimestamp)
    return greatest < 0 ? undefined : this.firstAt(greatest, this.endOffset)
  }

  /** Moves the start to `offset` and deletes segments that end before it. */
  moveStart(offset: number): void {
    if (offset <= this.logStartOffset) return
    this.logStartOffset = offset
    while (this.segments.length > 1 && this.segments[1]!.baseOffset <= offset) this.segments.shift()!.file.remove()
    this.producers.logStartMoved(offset)
    this.wake()
  }

  /** Calls `wake` after each change a reader may wait for, once per turn; the result stops that. */
  onChange(wake: () => void): () => void {
    this.#waiters.add(wake)
    return () => this.#waiters.delete(wake)
  }

  /** Closes the active segment, so that it can be compacted or deleted. */
  roll(nowMs: number): void {
    const active = this.segments.at(-1)
    if (active === undefined || active.batchCount === 0) return
    this.segments.push(new LogSegment(this.storage.create(this.endOffset), nowMs))
    // What was not saved when a segment was closed is by the time the next one is.
    for (const segment of this.segments.slice(-3)) segment.evictSaved()
  }

  /** Lets go of what storage has saved since the last append, for a log nobody writes to any more. */
  evictSaved(): void {
    for (const segment of this.segments) segment.evictSaved()
  }

  /** Answers every waiting reader, for a topic that goes away. */
  wake(): void {
    if (this.#waking || this.#waiters.size === 0) return
    this.#waking = true
    queueMicrotask(() => {
      this.#waking = false
      for (const wake of [...this.#waiters]) wake()
    })
  }

  #segmentFor(sizeBytes: number, nowMs: number): LogSegment {
    const active = this.segments.at(-1)
    if (active === undefined) {
      const first = new LogSegment(this.storage.create(this.endOffset), nowMs)
      this.segments.push(first)
      return first
    }
    const { segmentBytes, segmentMs } = this.config()
    const full = active.sizeBytes + sizeBytes > segmentBytes
    if (active.batchCount > 0 && (full || nowMs - active.createdMs > segmentMs)) this.roll(nowMs)
    return this.segments.at(-1)!
  }

  #segmentIndexOf(offset: number): number {
    let low = 0
    let high = this.segments.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.segments[middle]!.baseOffset <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
}

/**
 * The first record of `batch` at or after both. Where this Node cannot decompress the batch (zstd before Node 22.15), its
 * first offset: a reader from there misses nothing.
 */
function firstIn(batch: BatchView, timestamp: number, from: number): TimestampOffset | undefined {
  try {
    const cursor = batch.records()
    while (cursor.next()) {
      if (cursor.timestamp < timestamp || cursor.offset < from) continue
      return { timestamp: cursor.timestamp, offset: cursor.offset }
    }
    return undefined
  } catch (error) {
    if (!isMillraceError(error)) throw error
    return { timestamp: batch.maxTimestamp, offset: Math.max(batch.baseOffset, from) }
  }
}

/** What a reader may see of `log`: up to the last stable offset, or everything. */
export function visibleEnd(log: PartitionLog, readCommitted: boolean): number {
  return readCommitted ? log.lastStableOffset : log.endOffset
}

/** Leader epochs in requests: -1 says that the client does not know it. */
export function checkLeaderEpoch(epoch: number): number {
  if (epoch <= LEADER_EPOCH) return KAFKA_ERROR.NONE
  return KAFKA_ERROR.UNKNOWN_LEADER_EPOCH
}
