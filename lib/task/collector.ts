/** Collects the outputs of a task as bytes and adds them to record batches, one builder per partition. */
import type { ProduceBatch } from '../client/commit.js'
import { BatchBuilder } from '../protocol/index.js'
import { partitionForKey } from '../record/partitioner.js'
import type { Headers } from '../record/record.js'
import type { CapturedRecord } from './task-commit.js'

/** Kafka's default `message.max.bytes` is 1,048,588; this leaves room for what compression can add. */
export const MAX_BATCH_BYTES = 900_000
/** Varints and attributes around one record, at most. */
const RECORD_OVERHEAD_BYTES = 40

interface PartitionOutput {
  batch: ProduceBatch
  records: number
}

interface TopicOutput {
  readonly partitionCount: number
  readonly captured: boolean
  readonly maxBatchBytes: number
  readonly partitions: (PartitionOutput | undefined)[]
}

export interface CollectorOptions {
  readonly partitionCount: (topic: string) => number
  readonly captureTopics: ReadonlySet<string>
  /** Records without a key go to this partition (modulo the count) first, then move on by one at every commit. */
  readonly firstPartition: number
  /** Where a topic takes only smaller batches than usual. */
  readonly maxBatchBytes?: (topic: string) => number
}

export interface Collected {
  readonly batches: readonly ProduceBatch[]
  readonly captured: readonly CapturedRecord[]
}

export class Collector {
  /** Bytes packed and not yet taken. */
  pendingBytes = 0
  readonly #options: CollectorOptions
  #topics = new Map<string, TopicOutput>()
  #batches: ProduceBatch[] = []
  #captured: CapturedRecord[] = []
  #keyless: number
  // Most tasks write to one topic at a time: this saves the lookup.
  #lastTopic = ''
  #last: TopicOutput | null = null

  constructor(options: CollectorOptions) {
    this.#options = options
    this.#keyless = options.firstPartition
  }

  /** `partition` null: by the murmur2 hash of the key. */
  send(
    topic: string,
    partition: number | null,
    key: Buffer | null,
    value: Buffer | null,
    timestamp: number,
    headers: Headers,
  ): void {
    const output = topic === this.#lastTopic && this.#last !== null ? this.#last : this.#topic(topic)
    const count = output.partitionCount
    const chosen = partition ?? (key === null ? this.#keyless % count : count === 1 ? 0 : partitionForKey(key, count))
    const batch = this.#append(output, topic, chosen, key, value, timestamp, headers)
    if (!output.captured) return
    const index = batch.builder.count - 1
    this.#captured.push({ topic, partition: chosen, batch, index, timestamp, key, value, headers })
  }

  /** Everything since the last call, in the order written per partition. */
  take(): Collected {
    const taken = { batches: this.#batches, captured: this.#captured }
    this.clear()
    return taken
  }

  /** Records taken so far for this partition. */
  records(topic: string, partition: number): number {
    return this.#topics.get(topic)?.partitions[partition]?.records ?? 0
  }

  clear(): void {
    this.#keyless++
    this.pendingBytes = 0
    this.#topics = new Map()
    this.#batches = []
    this.#captured = []
    this.#last = null
  }

  #topic(topic: string): TopicOutput {
    let output = this.#topics.get(topic)
    if (output === undefined) {
      const partitionCount = this.#options.partitionCount(topic)
      const maxBatchBytes = this.#options.maxBatchBytes?.(topic) ?? MAX_BATCH_BYTES
      output = { partitionCount, captured: this.#options.captureTopics.has(topic), maxBatchBytes, partitions: [] }
      this.#topics.set(topic, output)
    }
    this.#lastTopic = topic
    this.#last = output
    return output
  }

  #append(
    output: TopicOutput,
    topic: string,
    partition: number,
    key: Buffer | null,
    value: Buffer | null,
    timestamp: number,
    headers: Headers,
  ): ProduceBatch {
    let target = output.partitions[partition]
    if (target === undefined) {
      target = { batch: this.#batch(topic, partition), records: 0 }
      output.partitions[partition] = target
    }
    target.records++
    let before = target.batch.builder.sizeBytes
    const bytes = RECORD_OVERHEAD_BYTES + recordBytes(key, value, headers)
    if (before + bytes > output.maxBatchBytes && target.batch.builder.count > 0) {
      target.batch = this.#batch(topic, partition)
      before = 0
    }
    const { builder } = target.batch
    builder.append(timestamp, key, value, headers)
    this.pendingBytes += builder.sizeBytes - before
    return target.batch
  }

  #batch(topic: string, partition: number): ProduceBatch {
    const batch = { topic, partition, builder: new BatchBuilder() }
    this.#batches.push(batch)
    return batch
  }
}

/** What a record weighs in its batch at most, but for 40 bytes around it. */
export function recordBytes(key: Buffer | null, value: Buffer | null, headers: Headers): number {
  let bytes = (key === null ? 0 : key.length) + (value === null ? 0 : value.length)
  for (const { key, value } of headers) bytes += 10 + key.length * 3 + (value?.length ?? 0)
  return bytes
}
