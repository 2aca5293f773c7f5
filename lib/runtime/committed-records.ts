/** Tells listeners in this process what became visible, the moment its transaction has: no fetch in between. */
import type { BaseOffsets } from '../client/commit.js'
import { formatTopicPartition, type TopicRecord } from '../record/record.js'
import type { TaskCommit } from '../task/commit.js'

export interface CommittedInfo {
  /** Duration of the transaction that made the records visible. */
  readonly commitMs: number
}

/** Called in commit order with the records of one topic that one commit made visible. Must not throw. */
export type CommittedListener = (records: readonly TopicRecord[], info: CommittedInfo) => void

export class CommittedRecords {
  readonly #listeners = new Map<string, CommittedListener[]>()

  /** Topics somebody listens to; tasks capture their outputs to these. */
  get topics(): ReadonlySet<string> {
    return new Set(this.#listeners.keys())
  }

  /** Before the instance starts; afterwards the tasks already know what to capture. */
  listen(topic: string, listener: CommittedListener): void {
    const listeners = this.#listeners.get(topic)
    if (listeners === undefined) this.#listeners.set(topic, [listener])
    else listeners.push(listener)
  }

  deliver(parts: readonly TaskCommit[], baseOffsets: BaseOffsets, commitMs: number): void {
    if (this.#listeners.size === 0) return
    const byTopic = new Map<string, TopicRecord[]>()
    // Several tasks may write to one partition: `index` counts per task, in the order the parts were sent.
    const sent = new Map<string, number>()
    for (const part of parts) {
      const written = new Map<string, number>()
      for (const record of part.captured) {
        const name = formatTopicPartition(record.topic, record.partition)
        const offset = (baseOffsets.get(name) ?? 0) + (sent.get(name) ?? 0) + record.index
        written.set(name, Math.max(written.get(name) ?? 0, record.index + 1))
        const records = byTopic.get(record.topic) ?? []
        records.push({ ...record, offset })
        byTopic.set(record.topic, records)
      }
      for (const [name, count] of written) sent.set(name, (sent.get(name) ?? 0) + count)
    }
    for (const [topic, records] of byTopic) {
      for (const listener of this.#listeners.get(topic) ?? []) listener(records, { commitMs })
    }
  }
}
