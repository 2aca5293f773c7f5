/** A stretch of the log as the input of a shadow run: the events that the service admitted, in an order that keeps their lateness. */
import { createHash } from 'node:crypto'
import { type Cluster, readTopic, SchemaPending, type TopicRecord } from '../../index.js'
import type { ActivityRow } from '../input/formats/rows.js'
import type { LoaderInput } from '../input/loader/input-files.js'
import { activityKey, activityOf, isLive, type UserActivity } from '../records/activity.js'
import { activityOfRecord } from '../records/arrival.js'
import type { CustomerProfile } from '../records/profile.js'
import type { ServiceSerdes } from '../records/serdes.js'
import type { TopicNames } from '../records/topic-names.js'
import { keyedBy } from '../trace/user-key.js'

/** What a stretch is read from, and which one. */
export interface LogStretch {
  readonly cluster: Cluster
  readonly topics: TopicNames
  readonly serdes: ServiceSerdes
  /** Event times, epoch milliseconds; the end is not included. */
  readonly warmFromMs: number
  readonly toMs: number
  /** A live event may be so far ahead of the broker's clock. */
  readonly clockSkewMs: number
}

/** Counts what has been read. */
export interface ReadEvents {
  events: number
}

/** `count` is that of the latest reading. */
export async function logInput(stretch: LogStretch, count: ReadEvents): Promise<LoaderInput> {
  return {
    input: `log-${createHash('sha256').update(`${stretch.topics.activity} ${stretch.warmFromMs}`).digest('hex').slice(0, 16)}`,
    sequence: 'unchanged',
    source: 'replay',
    profiles: await profilesOf(stretch),
    rows: () => rows(stretch, count),
  }
}

/**
 * The partitions become one. Always the partition whose event time is behind is read on, so each event meets the event time that it
 * met in its own partition: what was late is late, and what was in time is in time.
 */
async function* rows(stretch: LogStretch, count: ReadEvents): AsyncGenerator<ActivityRow, void, undefined> {
  count.events = 0
  const { cluster, topics } = stretch
  const partitions = Array.from({ length: await cluster.partitionCount(topics.activity) }, (_, partition) => partition)
  const heads = await Promise.all(partitions.map((partition) => Head.of(activities(stretch, partition))))
  for (;;) {
    let first: Head | null = null
    for (const head of heads) {
      if (head.activity !== null && (first === null || head.timeMs < first.timeMs)) first = head
    }
    if (first === null) return
    const activity = first.activity!
    // Only event time moves a shadow run.
    yield isLive(activity.source) ? { ...activity, source: 'replay' } : activity
    count.events++
    await first.advance()
  }
}

/** The next event of a partition, and the partition's event time with it. */
class Head {
  readonly #rest: AsyncGenerator<UserActivity, void, undefined>
  activity: UserActivity | null = null
  timeMs = Number.NEGATIVE_INFINITY

  private constructor(rest: AsyncGenerator<UserActivity, void, undefined>) {
    this.#rest = rest
  }

  static async of(rest: AsyncGenerator<UserActivity, void, undefined>): Promise<Head> {
    const head = new Head(rest)
    await head.advance()
    return head
  }

  async advance(): Promise<void> {
    const { value, done } = await this.#rest.next()
    this.activity = done === true ? null : value
    if (this.activity !== null) this.timeMs = Math.max(this.timeMs, this.activity.at)
  }
}

async function* activities(stretch: LogStretch, partition: number): AsyncGenerator<UserActivity, void, undefined> {
  const { cluster, topics, serdes, warmFromMs, toMs, clockSkewMs } = stretch
  for await (const { records } of readTopic({ cluster, topic: topics.activity, partitions: [partition] })) {
    for (const record of records) {
      const activity = await readable(() => activityOfRecord(record, serdes.activity))
      if (activity === null || activity.type === 'end_of_input') continue
      if (activity.at < warmFromMs || activity.at >= toMs) continue
      // What the gate rejected for its place on the topic; the rest of its rules apply again.
      if (isLive(activity.source) && activity.at > record.timestamp + clockSkewMs) continue
      const named = withId(activity, record)
      if (keyedBy(activityKey(named), serdes)(record)) yield named
    }
  }
}

function withId(activity: UserActivity, { topic, partition, offset }: TopicRecord): UserActivity {
  return activity.eventId !== '' ? activity : activityOf({ ...activity, eventId: `${topic}-${partition}-${offset}` })
}

/** The latest profile of each user. */
async function profilesOf({ cluster, topics, serdes }: LogStretch): Promise<CustomerProfile[]> {
  const profiles = new Map<string, CustomerProfile>()
  for await (const { records } of readTopic({ cluster, topic: topics.profiles })) {
    for (const { key, value, topic } of records) {
      const profile = await readable(() => (value === null ? null : serdes.profile.deserialize(value, topic)))
      const place = key?.toString('latin1') ?? ''
      if (profile === null) profiles.delete(place)
      else profiles.set(place, profile)
    }
  }
  return [...profiles.values()]
}

/** Null for what cannot be read; waits for a schema on its way. */
async function readable<T>(read: () => T | null): Promise<T | null> {
  for (;;) {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof SchemaPending)) return null
      await error.ready
    }
  }
}
