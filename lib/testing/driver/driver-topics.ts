/** The topics of a test driver: the records of each, and those that no commit of their reader includes yet. */
import type { BatchOffsets, OffsetToCommit, ProduceBatch } from '../../client/commit.js'
import { BatchBuilder, type BatchView, readBatches } from '../../protocol/index.js'
import type { TopicRecord } from '../../record/record.js'
import type { TaskCommit } from '../../task/task-commit.js'

/** Every topic has this one. */
export const PARTITION = 0

export class DriverTopics {
  readonly #written = new Map<string, TopicRecord[]>()
  readonly #nextOffsets = new Map<string, number>()
  /** A retry needs them again. */
  readonly #handedOver = new Map<string, TopicRecord[]>()
  readonly #builder = new BatchBuilder()

  /** The offset of the first of `count` new records. */
  takeOffsets(topic: string, count: number): number {
    const first = this.#nextOffsets.get(topic) ?? 0
    this.#nextOffsets.set(topic, first + count)
    return first
  }

  /** Appends what a commit carries to the logs. */
  write(commit: TaskCommit): { batchOffsets: BatchOffsets; written: TopicRecord[] } {
    const batchOffsets = new Map<ProduceBatch, number>()
    const written: TopicRecord[] = []
    for (const sent of commit.batches) {
      const { topic, builder } = sent
      const baseOffset = this.takeOffsets(topic, builder.count)
      batchOffsets.set(sent, baseOffset)
      for (const batch of readBatches(builder.build({ baseOffset }))) {
        const cursor = batch.records()
        while (cursor.next()) {
          const { offset, timestamp } = cursor
          const record = { topic, partition: PARTITION, offset, timestamp, key: cursor.key(), value: cursor.value() }
          written.push({ ...record, headers: cursor.headers() })
        }
      }
    }
    for (const record of written) added(this.#written, record)
    return { batchOffsets, written }
  }

  /** Names of the topics written so far. */
  names(): string[] {
    return [...this.#written.keys()]
  }

  /** What a test has not read yet, oldest first. */
  unread(topic: string): TopicRecord[] {
    return this.#written.get(topic) ?? []
  }

  batches({ offset, timestamp, key, value, headers }: TopicRecord): BatchView[] {
    this.#builder.append(timestamp, key, value, headers)
    return readBatches(this.#builder.build({ baseOffset: offset }))
  }

  /** The topic's reader has it. */
  handOver(record: TopicRecord): void {
    added(this.#handedOver, record)
  }

  passed(offsets: readonly OffsetToCommit[]): void {
    for (const { topic, offset: next } of offsets) {
      const records = this.#handedOver.get(topic)
      while (records !== undefined && records.length > 0 && records[0]!.offset < next) records.shift()
    }
  }

  /** What the topic's reader has and has not committed past. */
  uncommitted(topic: string): readonly TopicRecord[] {
    return this.#handedOver.get(topic) ?? []
  }
}

function added(records: Map<string, TopicRecord[]>, record: TopicRecord): void {
  const ofTopic = records.get(record.topic)
  if (ofTopic === undefined) records.set(record.topic, [record])
  else ofTopic.push(record)
}
