/** Writes the activity of users on the page to `user-activity`. */

import { type Cluster, Producer } from '../../index.js'
import { ServiceError } from '../errors.js'
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

export interface IntakeParts {
  readonly cluster: Cluster
  readonly topics: TopicNames
  readonly serdes: ServiceSerdes
  readonly eventClock: EventClock
}

/** Someone waits for the answer. An event that may have been stored can be sent again: it counts once. */
const ANSWER_MS = 10_000

export class Intake {
  readonly #parts: IntakeParts
  readonly #producer: Producer

  constructor(parts: IntakeParts) {
    this.#parts = parts
    this.#producer = new Producer({ cluster: parts.cluster, deliveryTimeoutMs: ANSWER_MS })
  }

  /**
   * Resolves with the event as stored, when the broker has it. Its time becomes the stream's, so that a click takes part
   * in a replay of another day; under its own id it counts once, however often it is sent.
   * @throws ServiceError ACTIVITY_INVALID, CLIENT_*
   */
  async submit(click: Omit<ActivityFields, 'at' | 'source'>): Promise<UserActivity> {
    const { topics, serdes, eventClock } = this.#parts
    const activity = activityOf({ ...click, at: eventClock.now(), source: 'page' })
    const problem = activity.type === 'end_of_input' ? 'the page cannot set this' : activityProblem(activity)
    if (problem !== null) throw new ServiceError('ACTIVITY_INVALID', `the event is rejected: ${problem}`)
    const value = serdes.activity.serialize(activity, topics.activity)
    // Clicks that come while a request is under way share the next one.
    await this.#producer.send(topics.activity, { key: Buffer.from(activityKey(activity)), value })
    return activity
  }

  close(): Promise<void> {
    return this.#producer.close()
  }
}
