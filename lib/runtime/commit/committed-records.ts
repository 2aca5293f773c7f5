/** Calls listeners in this process with the records of a transaction when it has committed, without a fetch. */
import type { BatchOffsets } from '../../client/commit.js'
import { MillraceError } from '../../errors.js'
import { kindOf } from '../../record/kind-of.js'
import type { TopicRecord } from '../../record/record.js'
import { Topic } from '../../serde/topic.js'
import type { TaskCommit } from '../../task/task-commit.js'
import { type Late, requireListener, tell } from '../listeners.js'

/** About the commit of the records. */
export interface CommittedInfo {
  /** How long the commit took. */
  readonly commitMs: number
}

/** Called after each commit, with the records of one topic that it made visible. If it throws or its promise rejects, the instance ends. */
export type CommittedListener = (records: readonly TopicRecord[], info: CommittedInfo) => void

/** No record would ever come from anything but a name. @throws MillraceError CONFIG_INVALID */
function requireTopicName(topic: unknown): void {
  if (typeof topic === 'string') return
  const name = Topic.is(topic) ? `use the name of topic ${topic.name}` : `not ${kindOf(topic)}`
  throw new MillraceError('CONFIG_INVALID', `onCommitted takes the name of a topic: ${name}`)
}

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
    requireTopicName(topic)
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
