/** Takes the outputs of a task as bytes and packs them straight into record batches, one builder per partition. */
import type { ProduceBatch } from '../client/commit.js'
import { BatchBuilder } from '../protocol/index.js'
import { partitionForKey } from '../record/partitioner.js'
import type { Headers } from '../record/record.js'
import type { CapturedRecord } from './commit.js'

/** Kafka's default `message.max.bytes` is 1,048,588; this leaves room for what compression can add. */
const MAX_BATCH_BYTES = 900_000
/** Varints and attributes around one record, at most. */
const RECORD_OVERHEAD_BYTES = 40

interface PartitionOutput {
  builder: BatchBuilder
  records: number
}

interface TopicOutput {
  readonly partitionCount: number
  readonly captured: boolean
  readonly partitions: (PartitionOutput | undefined)[]
}

export interface CollectorOptions {
  readonly partitionCount: (topic: string) => number
  readonly captureTopics: ReadonlySet<string>
  /** Records without a key go to this partition (modulo the count) first, then move on by one at every commit. */
  readonly firstPartition: number
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
  // Most tasks write to one topic at a time: this saves the look-up.
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
    const index = this.#append(output, topic, chosen, key, value, timestamp, headers)
    if (output.captured) this.#captured.push({ topic, partition: chosen, index, timestamp, key, value, headers })
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
      output = { partitionCount, captured: this.#options.captureTopics.has(topic), partitions: [] }
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
  ): number {
    let target = output.partitions[partition]
    if (target === undefined) {
      target = { builder: this.#builder(topic, partition), records: 0 }
      output.partitions[partition] = target
    }
    const before = target.builder.sizeBytes
    if (before > MAX_BATCH_BYTES / 2) {
      const bytes = RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + headerBytes(headers)
      if (before + bytes > MAX_BATCH_BYTES) {
        target.builder = this.#builder(topic, partition)
        target.builder.append(timestamp, key, value, headers)
        this.pendingBytes += target.builder.sizeBytes
        return target.records++
      }
    }
    target.builder.append(timestamp, key, value, headers)
    this.pendingBytes += target.builder.sizeBytes - before
    return target.records++
  }

  #builder(topic: string, partition: number): BatchBuilder {
    const builder = new BatchBuilder()
    this.#batches.push({ topic, partition, builder })
    return builder
  }
}

function headerBytes(headers: Headers): number {
  let bytes = 0
  for (const { key, value } of headers) bytes += 10 + key.length * 3 + (value?.length ?? 0)
  return bytes
}
