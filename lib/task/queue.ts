/** The fetched batches of one partition and its next record, which is decoded when it is at the head. */
import type { Progress, RecordPlace } from '../client/heartbeat/progress.js'
import type { Push } from '../operators/operator.js'
import type { BatchView, RecordCursor } from '../protocol/index.js'
import { SchemaPending, type Serde } from '../serde/serde.js'
import type { SourceNode } from '../topology/node.js'
import { checkOwnTime, eventTime } from './event-time.js'
import { MonotonicTime } from './times.js'

/** What the task does where a record cannot be taken as it is. */
export interface QueueEvents {
  /** The record at the cursor cannot be read. Throws to stop the task; returns once it is counted. */
  unreadable(queue: PartitionQueue, error: unknown): void
  /** Event time is negative. Throws, or returns once it is counted. */
  negativeTimestamp(queue: PartitionQueue, timestamp: number): void
  /** The record at the cursor waits for its schema. */
  schemaPending(queue: PartitionQueue, pending: SchemaPending): void
}

/** Processed batches are let go by so many at a time. */
const KEPT_BATCHES = 16

export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  readonly source: SourceNode
  readonly push: Push
  /** Its number in `progress`. */
  readonly place: number
  /** Partition time: the highest timestamp taken. */
  readonly time = new MonotonicTime()
  bufferedBytes = 0
  /** True while the broker is known to have nothing that was not fetched. */
  caughtUp = false
  /** Monotonic time at which the broker last said that it has nothing past our position; null: it has, or may have. */
  emptyAtMs: number | null = null
  /** Where the group stands by the last commit that is certain; -1 before there was one. */
  committedOffset = -1
  /** Wall-clock time since when the queue is empty and caught up; null while it is not. */
  idleSinceMs: number | null = null

  hasHead = false
  headKey: unknown = null
  headValue: unknown = null
  headTimestamp = -1
  /** The head waits for its schema. */
  blocked = false
  cursor: RecordCursor | null = null

  readonly #events: QueueEvents
  readonly #progress: Progress
  #batches: BatchView[] = []
  #at = 0
  #endOffset = -1
  /** Per batch: offsets below were not asked for. */
  #startOffsets: number[] = []
  /** Of the batch under the cursor. */
  #startOffset = 0

  constructor(
    source: SourceNode,
    { taskId, topic, partition }: Required<RecordPlace>,
    push: Push,
    events: QueueEvents,
    progress: Progress,
  ) {
    this.source = source
    this.topic = topic
    this.partition = partition
    this.push = push
    this.place = progress.place({ taskId, topic, partition })
    this.#events = events
    this.#progress = progress
  }

  /** The offset a restart begins at: the head's, or past everything that came, or the committed one. -1: there is none. */
  get position(): number {
    if ((this.hasHead || this.blocked) && this.cursor !== null) return this.cursor.offset
    return this.#endOffset < 0 ? this.committedOffset : this.#endOffset
  }

  /**
   * `nextOffset` follows all of `batches`, and what the fetcher skipped after them. A broker sends whole batches: what
   * lies before `startOffset` was not asked for and was processed before.
   */
  add(batches: readonly BatchView[], nextOffset: number, startOffset = 0): void {
    for (const batch of batches) {
      this.#batches.push(batch)
      this.#startOffsets.push(startOffset)
      this.bufferedBytes += batch.sizeBytes
    }
    this.#endOffset = nextOffset
    if (!this.hasHead && !this.blocked) this.advance()
  }

  /** Moves on to the next record that can be processed; false when there is none. */
  advance(): boolean {
    for (;;) {
      if (this.cursor?.next()) {
        if (this.cursor.offset < this.#startOffset) continue
        if (this.#decode(this.cursor)) return true
        if (this.blocked) return false
      } else if (!this.#openNext()) {
        this.hasHead = false
        return false
      }
    }
  }

  /** Tries the record that waited for its schema again. */
  retry(): void {
    if (!this.blocked || this.cursor === null) return
    this.blocked = false
    if (!this.#decode(this.cursor) && !this.blocked) this.advance()
  }

  clear(): void {
    this.#batches = []
    this.#startOffsets = []
    this.#at = 0
    this.#endOffset = -1
    this.bufferedBytes = 0
    this.cursor = null
    this.hasHead = false
    this.blocked = false
    this.caughtUp = false
    this.emptyAtMs = null
    this.idleSinceMs = null
    this.headKey = null
    this.headValue = null
  }

  #openNext(): boolean {
    if (this.cursor !== null) {
      this.bufferedBytes -= this.#batches[this.#at]!.sizeBytes
      this.cursor = null
      this.#at++
      if (this.#at === KEPT_BATCHES) this.#forget(KEPT_BATCHES)
    }
    if (this.#at === this.#batches.length) {
      this.#batches = []
      this.#startOffsets = []
      this.#at = 0
      return false
    }
    this.cursor = this.#batches[this.#at]!.records()
    this.#startOffset = this.#startOffsets[this.#at]!
    return true
  }

  /** Lets go of processed batches, so that a queue that is never empty keeps no fetched bytes alive. */
  #forget(count: number): void {
    this.#batches.splice(0, count)
    this.#startOffsets.splice(0, count)
    this.#at -= count
  }

  /** True: the record at the cursor is the head. False: it was dropped, or it is `blocked`. */
  #decode(cursor: RecordCursor): boolean {
    const { source, topic } = this
    let timestamp = cursor.timestamp
    this.#progress.enter(this.place, cursor.offset)
    try {
      if (!(timestamp <= Number.MAX_SAFE_INTEGER && timestamp >= Number.MIN_SAFE_INTEGER)) checkOwnTime(timestamp)
      const key = this.#read(source.keySerde, cursor.bytes, cursor.keyStart, cursor.keyLength)
      const value = this.#read(source.valueSerde, cursor.bytes, cursor.valueStart, cursor.valueLength)
      if (source.timestampExtractor !== null) {
        const { partition } = this
        const record = { key, value, timestamp, topic, partition, offset: cursor.offset }
        timestamp = eventTime(source.timestampExtractor, record, this.time.streamTimeMs)
      }
      this.headKey = key
      this.headValue = value
    } catch (error) {
      this.hasHead = false
      this.#failed(error)
      return false
    }
    if (timestamp < 0) {
      this.hasHead = false
      this.#events.negativeTimestamp(this, timestamp)
      return false
    }
    this.headTimestamp = timestamp
    this.hasHead = true
    return true
  }

  #read(serde: Serde<unknown>, bytes: Buffer, start: number, length: number): unknown {
    if (length < 0) return null
    const end = start + length
    if (serde.deserializeAt !== undefined) return serde.deserializeAt(bytes, start, end, this.topic)
    return serde.deserialize(bytes.subarray(start, end), this.topic)
  }

  #failed(error: unknown): void {
    if (error instanceof SchemaPending) {
      this.blocked = true
      this.#events.schemaPending(this, error)
    } else this.#events.unreadable(this, error)
  }
}
