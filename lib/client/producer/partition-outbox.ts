/**
 * The unsent records of one partition: one batch at the broker, and waiting batches. New records go into the last one.
 */
import { MillraceError } from '../../errors.js'
import { BatchBuilder } from '../../protocol/batch/batch-builder.js'
import { KAFKA_ERROR } from '../../protocol/error-codes.js'
import type { Headers } from '../../record/record.js'
import type { ProduceBatch } from '../commit.js'
import type { ProduceQueue } from './produce-queue.js'
import { RejectedBatch } from './rejected-batch.js'

/** Where a record is stored. */
export interface Acknowledgement {
  readonly topic: string
  readonly partition: number
  /** -1 if the broker did not say: it had stored the record at an earlier attempt, and knows no more than that. */
  readonly offset: number
}

/** Who waits for a record to be stored. */
export interface RecordOutcome {
  readonly resolve: (acknowledgement: Acknowledgement) => void
  readonly reject: (error: unknown) => void
}

export interface EncodedRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly timestamp: number
  readonly headers: Headers
}

interface Batch extends ProduceBatch {
  readonly waiting: RecordOutcome[]
  /** When its first record was sent. */
  readonly startedMs: number
  /** What it counts for among the bytes of the producer. */
  bytes: number
  full: boolean
}

interface OutboxOptions {
  readonly topic: string
  readonly partition: number
  readonly queue: ProduceQueue
  readonly batchBytes: number
  /** Bytes came to wait, or (negative) wait no more. */
  readonly onBytes: (bytes: number) => void
}

/** At most so much is a record more than its key, value and headers. */
const RECORD_OVERHEAD_BYTES = 64
const TOO_LARGE: ReadonlySet<number | undefined> = new Set<number | undefined>([
  KAFKA_ERROR.MESSAGE_TOO_LARGE,
  KAFKA_ERROR.RECORD_LIST_TOO_LARGE,
])

export class PartitionOutbox {
  readonly #options: OutboxOptions
  readonly #batches: Batch[] = []
  #handedOver = false
  #added = 0
  #settled = 0
  #flushes: { readonly until: number; readonly done: () => void }[] = []

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  add(record: EncodedRecord, settle: RecordOutcome, startedMs: number): void {
    const size = (record.key?.length ?? 0) + (record.value?.length ?? 0) + RECORD_OVERHEAD_BYTES
    let batch = this.#batches.at(-1)
    if (batch === undefined || batch.full || batch.builder.sizeBytes + size > this.#options.batchBytes) {
      batch = this.#newBatch(startedMs)
      this.#batches.push(batch)
    }
    append(batch, record, settle)
    this.#added++
    this.#count(batch)
    this.#handOver()
  }

  /** Resolves when every record added so far is stored or has failed. */
  flush(): Promise<void> {
    const last = this.#batches.at(-1)
    if (last === undefined) return Promise.resolve()
    last.full = true
    return new Promise((done) => {
      this.#flushes.push({ until: this.#added, done })
    })
  }

  /** What is not with the queue fails. */
  drop(error: unknown): void {
    for (const batch of this.#batches.splice(this.#handedOver ? 1 : 0)) this.#reject(batch, error)
    this.#tellFlushes()
  }

  #newBatch(startedMs: number): Batch {
    const { topic, partition } = this.#options
    return { topic, partition, builder: new BatchBuilder(), waiting: [], startedMs, bytes: 0, full: false }
  }

  #handOver(): void {
    const batch = this.#batches[0]
    if (this.#handedOver || batch === undefined) return
    this.#handedOver = true
    const delivery = {
      taken: () => {
        batch.full = true
      },
      stored: (baseOffset: number) => this.#ended(() => this.#resolve(batch, baseOffset)),
      failed: (error: unknown) => this.#ended(() => this.#failed(batch, error)),
    }
    this.#options.queue.enqueue(batch, delivery, batch.startedMs)
  }

  /** The next batch is with the queue before that chooses what it sends next. */
  #ended(settle: () => void): void {
    this.#batches.shift()
    this.#handedOver = false
    settle()
    this.#handOver()
    this.#tellFlushes()
  }

  #resolve(batch: Batch, baseOffset: number): void {
    const { topic, partition } = this.#options
    batch.waiting.forEach(({ resolve }, i) => {
      resolve({ topic, partition, offset: baseOffset < 0 ? -1 : baseOffset + i })
    })
    this.#release(batch)
  }

  #failed(batch: Batch, error: unknown): void {
    if (!(error instanceof RejectedBatch)) {
      this.#reject(batch, error)
      return
    }
    const rest = this.#withoutRejected(batch, error)
    this.#options.onBytes(-batch.bytes)
    for (const again of rest) this.#count(again)
    this.#batches.unshift(...rest)
  }

  /** Rejects the records at fault. What may be stored without them comes back, in order; halves, if any may be at fault. */
  #withoutRejected(batch: Batch, error: RejectedBatch): Batch[] {
    const { waiting, startedMs } = batch
    const isNamed = error.culprits().length > 0
    const rest: Batch[] = []
    error.eachRecord((cursor, index, atFault) => {
      const settle = waiting[index]!
      if (isNamed && (atFault || waiting.length === 1)) {
        settle.reject(recordError(error, (cursor.key()?.length ?? 0) + (cursor.value()?.length ?? 0)))
        this.#settled++
        return
      }
      const half = !isNamed && index >= waiting.length >> 1 ? 1 : 0
      if (rest[half] === undefined) rest[half] = { ...this.#newBatch(startedMs), full: true }
      append(rest[half], readRecord(cursor), settle)
    })
    return rest
  }

  #reject(batch: Batch, error: unknown): void {
    for (const { reject } of batch.waiting) reject(error)
    this.#release(batch)
  }

  #release(batch: Batch): void {
    this.#settled += batch.waiting.length
    this.#options.onBytes(-batch.bytes)
  }

  #count(batch: Batch): void {
    const bytes = batch.builder.sizeBytes
    this.#options.onBytes(bytes - batch.bytes)
    batch.bytes = bytes
  }

  #tellFlushes(): void {
    if (this.#flushes.length === 0) return
    const over = this.#flushes.filter(({ until }) => until <= this.#settled)
    this.#flushes = this.#flushes.filter(({ until }) => until > this.#settled)
    for (const { done } of over) done()
  }
}

function append(batch: Batch, { timestamp, key, value, headers }: EncodedRecord, settle: RecordOutcome): void {
  batch.builder.append(timestamp, key, value, headers)
  batch.waiting.push(settle)
}

interface Cursor {
  readonly timestamp: number
  key(): Buffer | null
  value(): Buffer | null
  headers(): Headers
}

function readRecord(cursor: Cursor): EncodedRecord {
  return { timestamp: cursor.timestamp, key: cursor.key(), value: cursor.value(), headers: cursor.headers() }
}

function recordError(cause: RejectedBatch, sizeBytes: number): MillraceError {
  const { topic = '', partition = -1, kafkaCode } = cause
  const where = { topic, partition, kind: 'record' as const, cause, ...(kafkaCode !== undefined && { kafkaCode }) }
  const what = `A record for topic "${topic}", partition ${partition}, was not stored`
  if (!TOO_LARGE.has(kafkaCode)) return new MillraceError('RECORD_REJECTED', `${what}: ${cause.message}`, where)
  return new MillraceError('RECORD_TOO_LARGE', `${what}: its ${sizeBytes} bytes are more than the topic takes.`, where)
}
