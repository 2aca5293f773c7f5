/** Writes the activity of users on the page to `user-activity`. */
import { IdempotentProducer } from '../../client/producer/idempotent-producer.js'
import { type Cluster, MillraceError } from '../../index.js'
import { delay } from '../../record/clock.js'
import type { EventClock } from '../gate/event-clock.js'
import {
  type ActivityFields,
  activityKey,
  activityOf,
  activityProblem,
  type UserActivity,
} from '../records/activity.js'
import type { ServiceSerdes } from '../records/serdes.js'
import type { TopicNames } from '../records/topic-names.js'
import { LoaderBatches } from './loader/loader-batches.js'

/** Writes of clicks are so far apart at least; Kafka's own producer lets records linger as long. */
const WRITE_GAP_MS = 5

export interface IntakeParts {
  readonly cluster: Cluster
  readonly topics: TopicNames
  readonly serdes: ServiceSerdes
  readonly eventClock: EventClock
}

export class Intake {
  readonly #parts: IntakeParts
  readonly #producer: IdempotentProducer
  /** Clicks waiting for the write in progress to end, and when they will be stored. */
  #waiting: { readonly batches: LoaderBatches; readonly stored: Promise<void> } | null = null
  #writing: Promise<void> = Promise.resolve()
  /** Monotonic time from which on the next write may begin. */
  #nextWriteMs = 0

  constructor(parts: IntakeParts) {
    this.#parts = parts
    this.#producer = new IdempotentProducer({ cluster: parts.cluster })
  }

  /**
   * Resolves with the event as stored, when the broker has it. Its time becomes the stream's, so that a click takes part
   * in a replay of another day; under its own id it counts once, however often it is sent.
   * @throws MillraceError ACTIVITY_INVALID, CLIENT_*
   */
  async submit(click: Omit<ActivityFields, 'at' | 'source'>): Promise<UserActivity> {
    const { cluster, topics, serdes, eventClock } = this.#parts
    const activity = activityOf({ ...click, at: eventClock.now(), source: 'page' })
    const problem = activity.type === 'end_of_input' ? 'the page cannot set this' : activityProblem(activity)
    if (problem !== null) throw new MillraceError('ACTIVITY_INVALID', `the event is rejected: ${problem}`)
    const value = serdes.activity.serialize(activity, topics.activity)
    await this.#store(await cluster.partitionCount(topics.activity), activityKey(activity), value)
    return activity
  }

  /**
   * A broker takes one batch of a partition at a time: clicks that come while a write is in progress, or shortly after it
   * began, share the next one, so that a busy minute makes larger batches and no queue.
   */
  #store(partitions: number, key: string, value: Buffer): Promise<void> {
    if (this.#waiting === null) {
      const batches = new LoaderBatches(this.#parts.cluster.clock.now())
      this.#waiting = { batches, stored: this.#writing.then(() => this.#write(batches)) }
    }
    this.#waiting.batches.add(this.#parts.topics.activity, partitions, key, value)
    return this.#waiting.stored
  }

  async #write(batches: LoaderBatches): Promise<void> {
    const { clock } = this.#parts.cluster
    const waitMs = this.#nextWriteMs - clock.monotonicMs()
    if (waitMs > 0) await delay(clock, waitMs)
    this.#nextWriteMs = clock.monotonicMs() + WRITE_GAP_MS
    this.#waiting = null
    const sent = this.#producer.send(batches.list())
    this.#writing = sent.then(
      () => undefined,
      () => undefined,
    )
    await sent
  }

  close(): Promise<void> {
    return this.#producer.close()
  }
}
