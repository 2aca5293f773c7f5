/** Takes what people do on the page into `user-activity`. */
import { IdempotentProducer } from '../client/producer.js'
import { type Cluster, MillraceError } from '../index.js'
import { type ActivityFields, activityKey, activityOf, activityProblem, type UserActivity } from './activity.js'
import type { EventClock } from './event-clock.js'
import { LoaderBatches } from './loader-batches.js'
import type { ServiceSerdes } from './serdes.js'
import type { TopicNames } from './topics.js'

export interface IntakeParts {
  readonly cluster: Cluster
  readonly topics: TopicNames
  readonly serdes: ServiceSerdes
  readonly eventClock: EventClock
}

export class Intake {
  readonly #parts: IntakeParts
  readonly #producer: IdempotentProducer

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
    const problem = activity.type === 'end_of_input' ? 'not for the page to say' : activityProblem(activity)
    if (problem !== null) throw new MillraceError('ACTIVITY_INVALID', `the event is refused: ${problem}`)
    const batches = new LoaderBatches(cluster.clock.now())
    const value = serdes.activity.serialize(activity, topics.activity)
    batches.add(topics.activity, await cluster.partitionCount(topics.activity), activityKey(activity), value)
    await this.#producer.send(batches.list())
    return activity
  }

  close(): Promise<void> {
    return this.#producer.close()
  }
}
