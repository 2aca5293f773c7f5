/** Writes live activity, of the page and of the doors' clients, to `user-activity`. */

import { type Cluster, Producer } from '../../index.js'
import { readyFor, userPlace } from '../erasure/user-record.js'
import { ServiceError } from '../errors.js'
import type { EventClock } from '../gate/event-clock.js'
import { activityKey, activityOf, activityProblem, isInputMark, type UserActivity } from '../records/activity.js'
import type { ServiceSerdes } from '../records/serdes.js'
import type { TopicNames } from '../records/topic-names.js'
import { TRACEPARENT_HEADER } from '../records/traceparent.js'

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
   * Resolves with the event as stored, when the broker has it. The time of a click on the page becomes the stream's, and that
   * of a client's event is moved into the stream's time, so that both take part in a replay of another day. Under its own id
   * an event counts once, however often it is sent.
   * @throws ServiceError ACTIVITY_INVALID, CLIENT_*
   */
  async submit(event: UserActivity, traceparent: string | null = null): Promise<UserActivity> {
    const { cluster, topics, serdes, eventClock } = this.#parts
    const { userKeys } = serdes
    const activity = activityOf({ ...event, ...stamp(event, eventClock) })
    const problem = isInputMark(activity.type) ? 'no client can set this' : activityProblem(activity)
    if (problem !== null) throw new ServiceError('ACTIVITY_INVALID', `the event is rejected: ${problem}`)
    let partitions = 0
    if (userKeys !== null) {
      partitions = await cluster.partitionCount(topics.activity)
      await readyFor(activity, userKeys)
    }
    const place = userPlace(activityKey(activity), userKeys, partitions)
    const value = serdes.activity.serialize(activity, topics.activity)
    const headers = traceparent === null ? [] : [{ key: TRACEPARENT_HEADER, value: Buffer.from(traceparent) }]
    // Events that come while a request is under way share the next one.
    await this.#producer.send(topics.activity, { ...place, value, headers })
    return activity
  }

  close(): Promise<void> {
    return this.#producer.close()
  }
}

/** Only the two live sources come this way. */
function stamp({ at, source }: UserActivity, eventClock: EventClock): Pick<UserActivity, 'at' | 'source'> {
  return source === 'api' ? { at: eventClock.inStream(at), source } : { at: eventClock.now(), source: 'page' }
}
