/** Tells listeners in this process what became visible, the moment its transaction has: no fetch in between. */
import type { BatchOffsets } from '../../client/commit.js'
import type { TopicRecord } from '../../record/record.js'
import type { TaskCommit } from '../../task/task-commit.js'
import { type Late, requireListener, tell } from '../listeners.js'

export interface CommittedInfo {
  /** Duration of the transaction that made the records visible. */
  readonly commitMs: number
}

/** Called in commit order with the records of one topic that one commit made visible. What it throws ends the instance. */
export type CommittedListener = (records: readonly TopicRecord[], info: CommittedInfo) => void

export class CommittedRecords {
  readonly #listeners = new Map<string, CommittedListener[]>()
  readonly #late: Late

  constructor(late: Late) {
    this.#late = late
  }

  /** Topics somebody listens to; tasks capture their outputs to these. */
  get topics(): ReadonlySet<string> {
    return new Set(this.#listeners.keys())
  }

  /** Before the instance starts; afterwards the tasks already know what to capture. */
  listen(topic: string, listener: CommittedListener): void {
    requireListener(listener, 'onCommitted')
    const listeners = this.#listeners.get(topic)
    if (listeners === undefined) this.#listeners.set(topic, [listener])
    else listeners.push(listener)
  }

  deliver(parts: readonly TaskCommit[], batchOffsets: BatchOffsets, commitMs: number): void {
    if (this.#listeners.size === 0) return
    const byTopic = new Map<string, TopicRecord[]>()
    for (const { captured } of parts) {
      for (const { batch, index, ...record } of captured) {
        const records = byTopic.get(record.topic) ?? []
        records.push({ ...record, offset: batchOffsets.get(batch)! + index })
        byTopic.set(record.topic, records)
      }
    }
    for (const [topic, records] of byTopic) {
      for (const listener of this.#listeners.get(topic) ?? []) {
        tell(`onCommitted for topic ${topic}`, () => listener(records, { commitMs }), this.#late)
      }
    }
  }
}
