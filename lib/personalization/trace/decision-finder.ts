/**
 * Finds decisions again on their topics. The topics are the only source, so any instance answers for any user, also after a restart.
 * Nothing is kept for it: a question reads the topics from their ends, as far as it has to.
 */
import { type Admin, type Cluster, partitionForKey, SchemaPending, type TopicRecord } from '../../index.js'
import type { UserActivity } from '../records/activity.js'
import { activityOfRecord } from '../records/arrival.js'
import { headerText } from '../records/decided-record.js'
import { DECISION_ID_HEADER } from '../records/decision-id.js'
import type { Recommendation } from '../records/recommendation.js'
import type { ServiceSerdes } from '../records/serdes.js'
import type { TopicNames } from '../records/topic-names.js'
import { TRACEPARENT_HEADER } from '../records/traceparent.js'
import { backwards, block } from './backwards.js'
import { keyedBy } from './user-key.js'

/** A decision with its trace, and what the topics say about it. Times are epoch milliseconds. */
export interface FoundDecision {
  /** As its record has it. */
  readonly decision: Recommendation
  /** Its place. */
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** When the broker stored it. */
  readonly storedAt: number
  /** The trace context of the event that led to it; null: it had none. */
  readonly traceparent: string | null
  /** The event that led to it; null: no event did, or it is not on the topic any more. */
  readonly event: UserActivity | null
  /** When the broker stored the first impression; null: none is known. */
  readonly shownAt: number | null
  /** When the broker stored the first click; null: none is known. */
  readonly clickedAt: number | null
}

/** Some decisions of a user, the latest first. */
export interface UserDecisions {
  /** The latest first. */
  readonly decisions: readonly FoundDecision[]
  /** Where to continue with earlier ones; null: there are none. */
  readonly before: string | null
}

/** Finds decisions again. */
export interface TraceSource {
  /** The decision of an id; null: it is not known. `userId`: only if it is about this user. */
  find(decisionId: string, userId: string | null): Promise<FoundDecision | null>
  /** At most `limit` decisions about a user, before a cursor. */
  ofUser(userId: string, limit: number, before: string | null): Promise<UserDecisions>
}

/** What {@link DecisionFinder} needs. */
export interface DecisionFinderParts {
  readonly cluster: Cluster
  readonly admin: Admin
  readonly topics: TopicNames
  readonly serdes: ServiceSerdes
  /** Of the topics of decisions. */
  readonly partitions: number
}

/** Records that one question reads at most: of decisions, and of activity after one. */
const MAX_RECORDS = 1_000_000
const MAX_ACTIVITY = 20_000

/** The text of a cursor: offsets in `recommendations` and `suppressed`. */
const CURSOR = /^(\d{1,15})-(\d{1,15})$/

/** Whether a text can be a cursor of {@link DecisionFinder.ofUser}. */
export function isCursor(text: string): boolean {
  return CURSOR.test(text)
}

interface Match {
  readonly record: TopicRecord
  readonly decision: Recommendation
}

export class DecisionFinder implements TraceSource {
  readonly #parts: DecisionFinderParts

  constructor(parts: DecisionFinderParts) {
    this.#parts = parts
  }

  /** The decision of an id; null: it is not on the topics, or its user was erased. `userId`: only if it is about this user. */
  async find(decisionId: string, userId: string | null): Promise<FoundDecision | null> {
    const { topics, partitions, cluster } = this.#parts
    const all = Array.from({ length: partitions }, (_, partition) => partition)
    const places = (userId === null ? all : [this.#partitionOf(userId)]).flatMap((partition) =>
      [topics.recommendations, topics.suppressed].map((topic) => ({ topic, partition })),
    )
    let scans = places.map((place) => backwards(cluster, place, null))
    let read = 0
    // Block by block in turn, so that the latest decisions of all partitions come first.
    while (scans.length > 0 && read < MAX_RECORDS) {
      const blocks = await Promise.all(scans.map((scan) => scan.next()))
      for (const { value } of blocks) {
        const found = await this.#matchIn(value ?? [], decisionId, userId)
        if (found !== null) return this.#completed(found)
        read += value?.length ?? 0
      }
      scans = scans.filter((_, i) => blocks[i]!.done !== true)
    }
    return null
  }

  /** At most `limit` decisions about a user, delivered and suppressed ones, before a cursor. */
  async ofUser(userId: string, limit: number, before: string | null): Promise<UserDecisions> {
    const { topics, cluster, admin } = this.#parts
    const partition = this.#partitionOf(userId)
    const places = [topics.recommendations, topics.suppressed].map((topic) => ({ topic, partition }))
    const ends = (await admin.listOffsets(places, 'latest', 'readCommitted')).map(({ offset }) => offset)
    const cursor = before === null ? ends : CURSOR.exec(before)!.slice(1).map(Number)
    const isOwn = keyedBy(userId, this.#parts.serdes)
    const sources = places.map((place, i) => new UserScan(backwards(cluster, place, cursor[i]!), isOwn, cursor[i]!))
    const decisions: Match[] = []
    while (decisions.length < limit) {
      for (const source of sources) await source.fill((record) => this.#decode(record))
      const [latest] = sources.filter(({ head }) => head !== null).sort(latestFirst)
      if (latest === undefined) break
      decisions.push(latest.take())
    }
    for (const source of sources) await source.fill((record) => this.#decode(record))
    const isLast = sources.every(({ head }) => head === null)
    return {
      decisions: await this.#completedAll(decisions),
      before: isLast ? null : sources.map(({ next }) => next).join('-'),
    }
  }

  #partitionOf(userId: string): number {
    return partitionForKey(Buffer.from(userId), this.#parts.partitions)
  }

  async #matchIn(records: readonly TopicRecord[], decisionId: string, userId: string | null): Promise<Match | null> {
    for (const record of records) {
      if (headerText(record.headers, DECISION_ID_HEADER) !== decisionId) continue
      const decision = await this.#decode(record)
      if (decision !== null && (userId === null || decision.userId === userId)) return { record, decision }
    }
    return null
  }

  #decode(record: TopicRecord): Promise<Recommendation | null> {
    const { recommendation } = this.#parts.serdes
    return readable(() => (record.value === null ? null : recommendation.deserialize(record.value, record.topic)))
  }

  async #completed(match: Match): Promise<FoundDecision> {
    const [found] = await this.#completedAll([match])
    return found!
  }

  /** With their events, impressions and clicks. All are about one user. */
  async #completedAll(matches: readonly Match[]): Promise<FoundDecision[]> {
    if (matches.length === 0) return []
    const seen = await this.#seen(matches)
    const opened = await this.#opened(matches)
    return Promise.all(
      matches.map(async ({ record, decision }) => ({
        decision,
        topic: record.topic,
        partition: record.partition,
        offset: record.offset,
        storedAt: record.timestamp,
        traceparent: headerText(record.headers, TRACEPARENT_HEADER),
        event: (await this.#eventOf(decision)) ?? opened.get(decision.subject) ?? null,
        shownAt: seen.get(`impression ${decision.decisionId}`) ?? null,
        clickedAt: seen.get(`click ${decision.decisionId}`) ?? null,
      })),
    )
  }

  async #eventOf({ trace }: Recommendation): Promise<UserActivity | null> {
    const { cluster, topics } = this.#parts
    if (!trace || trace.offset < 0) return null
    const place = { topic: topics.activity, partition: trace.partition }
    const [record] = await block(cluster, place, trace.offset, trace.offset + 1)
    return record === undefined ? null : this.#activity(record)
  }

  /** The events that decisions are about which time has led to, by id, as far as they are among the latest events. */
  async #opened(matches: readonly Match[]): Promise<Map<string, UserActivity>> {
    const opened = new Map<string, UserActivity>()
    const { userId } = matches[0]!.decision
    const byTime = matches.filter(({ decision: { trace, subject } }) => {
      return trace?.cause === 'timer' && !subject.endsWith(`/${userId}`)
    })
    const wanted = new Set(byTime.map(({ decision }) => decision.subject))
    if (wanted.size === 0) return opened
    const place = { topic: this.#parts.topics.activity, partition: byTime[0]!.decision.trace!.partition }
    const isOwn = keyedBy(userId, this.#parts.serdes)
    let read = 0
    for await (const records of backwards(this.#parts.cluster, place, null)) {
      for (const record of records) {
        if (!isOwn(record)) continue
        const activity = await this.#activity(record)
        if (activity !== null && wanted.delete(activity.eventId)) opened.set(activity.eventId, activity)
      }
      read += records.length
      if (wanted.size === 0 || read >= MAX_ACTIVITY) break
    }
    return opened
  }

  #activity(record: TopicRecord): Promise<UserActivity | null> {
    return readable(() => activityOfRecord(record, this.#parts.serdes.activity))
  }

  /** `impression ID` and `click ID` → when the broker stored the first one, of the events that follow the decisions. */
  async #seen(matches: readonly Match[]): Promise<Map<string, number>> {
    const { admin, topics, cluster } = this.#parts
    const seen = new Map<string, number>()
    const { userId } = matches[0]!.decision
    const place = { topic: topics.activity, partition: this.#partitionOf(userId) }
    const sinceMs = Math.max(0, Math.min(...matches.map(({ record }) => record.timestamp)))
    const [start] = await admin.listOffsets([place], sinceMs, 'readCommitted')
    if (start === undefined || start.offset < 0) return seen
    const isOwn = keyedBy(userId, this.#parts.serdes)
    for (const record of await block(cluster, place, start.offset, start.offset + MAX_ACTIVITY)) {
      if (!isOwn(record)) continue
      const activity = await this.#activity(record)
      if (activity?.decisionId === null || activity?.decisionId === undefined) continue
      const name = `${activity.type} ${activity.decisionId}`
      if (!seen.has(name)) seen.set(name, record.timestamp)
    }
    return seen
  }
}

/** The decisions of one user on one partition, the latest first. */
class UserScan {
  readonly #blocks: AsyncGenerator<readonly TopicRecord[], void, undefined>
  readonly #isOwn: (record: TopicRecord) => boolean
  readonly #held: Match[] = []
  #done = false
  #read = 0
  /** The offset before which the rest lies. */
  next: number

  constructor(
    blocks: AsyncGenerator<readonly TopicRecord[], void, undefined>,
    isOwn: (record: TopicRecord) => boolean,
    before: number,
  ) {
    this.#blocks = blocks
    this.#isOwn = isOwn
    this.next = before
  }

  get head(): Match | null {
    return this.#held[0] ?? null
  }

  take(): Match {
    const match = this.#held.shift()!
    this.next = match.record.offset
    return match
  }

  /** Reads until there is a head, or nothing is left. */
  async fill(decode: (record: TopicRecord) => Promise<Recommendation | null>): Promise<void> {
    while (this.#held.length === 0 && !this.#done) {
      const { value, done } = await this.#blocks.next()
      this.#read += value?.length ?? 0
      this.#done = done === true || this.#read >= MAX_RECORDS
      for (const record of value ?? []) {
        if (!this.#isOwn(record)) continue
        const decision = await decode(record)
        if (decision !== null) this.#held.push({ record, decision })
      }
    }
  }
}

function latestFirst(a: UserScan, b: UserScan): number {
  return b.head!.record.timestamp - a.head!.record.timestamp
}

/** Null for what cannot be read: data of an erased user, or no record of ours. Waits for a schema on its way. */
async function readable<T>(read: () => T | null): Promise<T | null> {
  for (;;) {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof SchemaPending)) return null
      await error.ready.catch(() => undefined)
      return read()
    }
  }
}
