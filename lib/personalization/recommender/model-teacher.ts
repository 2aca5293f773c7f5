/**
 * Trains the shared model with activity that no task here processes: from before the start, and of the partitions of
 * other instances.
 */
import {
  type Admin,
  type Clock,
  type Cluster,
  type Log,
  readTopic,
  SchemaPending,
  type TopicRecord,
} from '../../index.js'
import { activityProblem, type UserActivity } from '../records/activity.js'
import { activityOfRecord } from '../records/arrival.js'
import type { ServiceSerdes } from '../records/serdes.js'
import type { SharedModel } from './model.js'

export interface TeacherParts {
  readonly cluster: Cluster
  readonly admin: Admin
  readonly topic: string
  readonly applicationId: string
  readonly serdes: ServiceSerdes
  readonly model: SharedModel
  readonly clock: Clock
  readonly log: Log
}

/** Latest records of each partition read before a start; older ones teach little. */
const WARM_UP_RECORDS = 50_000
const POLL_MS = 1_000

export class ModelTeacher {
  readonly #parts: TeacherParts
  readonly #stop = new AbortController()
  #following: Promise<void> = Promise.resolve()

  constructor(parts: TeacherParts) {
    this.#parts = parts
  }

  /** Reads what the application has committed past; the tasks teach the rest themselves. */
  async warmUp(): Promise<void> {
    const { cluster, admin, topic, applicationId } = this.#parts
    const count = await cluster.partitionCount(topic)
    const partitions = Array.from({ length: count }, (_, partition) => ({ topic, partition }))
    const committed = await admin.groupOffsets(applicationId, partitions)
    const ends = new Map(
      committed.filter(({ offset }) => offset > 0).map(({ partition, offset }) => [partition, offset]),
    )
    if (ends.size === 0) return
    const starts = new Map<number, number>()
    for (const { partition, offset } of await admin.listOffsets(partitions, 'earliest', 'readCommitted')) {
      starts.set(partition, Math.max(offset, (ends.get(partition) ?? 0) - WARM_UP_RECORDS))
    }
    const seen = new Set<string>()
    for await (const chunk of readTopic({ cluster, topic, partitions: [...ends.keys()], from: starts, until: 'now' })) {
      for (const record of chunk.records) {
        const { partition, offset } = record
        if (offset >= ends.get(partition)!) break
        const activity = this.#read(record)
        if (activity === null || (activity.eventId !== '' && seen.has(activity.eventId))) continue
        seen.add(activity.eventId)
        this.#parts.model.learn(activity, partition, offset)
      }
    }
  }

  /** From now on, follows the partitions that no task of this instance runs. */
  follow(): void {
    this.#following = this.#follow().catch((error: unknown) => {
      this.#parts.log.warn({ error: String(error) }, 'the model no longer learns from other instances')
    })
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#following
  }

  async #follow(): Promise<void> {
    const { cluster, topic, model, clock } = this.#parts
    const { signal } = this.#stop
    const count = await cluster.partitionCount(topic)
    while (!signal.aborted) {
      const others = Array.from({ length: count }, (_, partition) => partition).filter((p) => !model.owned.has(p))
      if (others.length > 0) await this.#followUntilChanged(others)
      else await sleep(clock, signal)
    }
  }

  async #followUntilChanged(others: readonly number[]): Promise<void> {
    const { cluster, topic, model, clock } = this.#parts
    const changed = new AbortController()
    const look = async () => {
      while (!this.#stop.signal.aborted && others.every((p) => !model.owned.has(p))) {
        await sleep(clock, this.#stop.signal)
        if (model.owned.size + others.length < (await cluster.partitionCount(topic))) break
      }
      changed.abort()
    }
    const looking = look()
    const from = new Map(others.map((partition) => [partition, model.learnedUpTo(partition)]))
    const { signal } = changed
    for await (const chunk of readTopic({ cluster, topic, partitions: others, from, until: 'never', signal })) {
      for (const record of chunk.records) {
        const { partition, offset } = record
        const activity = this.#read(record)
        if (activity !== null && !model.owned.has(partition)) model.learn(activity, partition, offset)
      }
    }
    await looking
  }

  #read(record: TopicRecord): UserActivity | null {
    try {
      const activity = activityOfRecord(record, this.#parts.serdes.activity)
      return activity !== null && activityProblem(activity) === null ? activity : null
    } catch (error) {
      // One event less to learn from; the tasks wait for the schema.
      if (error instanceof SchemaPending) error.ready.catch(() => undefined)
      return null
    }
  }
}

function sleep(clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.setTimer(POLL_MS, done)
    signal.addEventListener('abort', done)
  })
}
