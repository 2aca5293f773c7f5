/** A service in memory for the tests of the page: one topic, any number of instances, each owning some partitions. */
import type { ReadChunk } from '../../lib/client/reader-options.js'
import { MillraceError } from '../../lib/errors.js'
import { inventedCatalogue } from '../../lib/personalization/catalogue/item-catalogue.js'
import { SHIPPED_DECISIONS } from '../../lib/personalization/decisions/index.js'
import { armOf } from '../../lib/personalization/experiments/experiment.js'
import { DecisionTable } from '../../lib/personalization/frame/decision-table.js'
import { KnownCampaigns } from '../../lib/personalization/frame/known-campaigns.js'
import type { UserActivity } from '../../lib/personalization/records/activity.js'
import { TRIGGERED_HEADER } from '../../lib/personalization/records/decided-record.js'
import { DECISION_ID_HEADER } from '../../lib/personalization/records/decision-id.js'
import type { ReadRecommendations, ServicePort } from '../../lib/personalization/service-port.js'
import { shopCatalogue } from '../../lib/personalization/shop/catalogue.js'
import { partitionForKey } from '../../lib/record/partitioner.js'
import type { TopicRecord } from '../../lib/record/record.js'
import { decidedAs } from './service-driver.js'

export const PARTITIONS = 4
/** The time of the stream of a service in memory. */
export const MEMORY_NOW_MS = Date.UTC(2026, 2, 1, 12)

type Listener = (records: readonly TopicRecord[]) => void

/** The `recommendations` topic, shared by the instances. */
export class MemoryTopic {
  readonly catalogue = shopCatalogue()
  readonly partitions: TopicRecord[][] = Array.from({ length: PARTITIONS }, () => [])
  readonly logStart = new Map<number, number>()
  readonly #waiting = new Set<() => void>()
  /** Listeners of the instance that owns a partition. */
  readonly owners = new Map<number, Listener[]>()
  /** While true, readers that follow get nothing: only what is pushed from commits arrives. */
  readersHeld = false
  readonly produced: UserActivity[] = []
  readonly traceparents: (string | null)[] = []

  /** Commits a decision; the owner's listener hears of it at once, readers in a later turn. */
  decide(decided: Parameters<typeof decidedAs>[0], triggeredAtMs = Date.now()): TopicRecord {
    const decision = decidedAs(decided)
    const partition = partitionForKey(Buffer.from(decision.userId), PARTITIONS)
    const record: TopicRecord = {
      topic: 'recommendations',
      partition,
      offset: this.partitions[partition]!.length,
      timestamp: decision.at,
      key: Buffer.from(decision.userId),
      value: Buffer.from(JSON.stringify(decision)),
      headers: [
        { key: DECISION_ID_HEADER, value: Buffer.from(decision.decisionId) },
        { key: TRIGGERED_HEADER, value: Buffer.from(String(triggeredAtMs)) },
      ],
    }
    this.partitions[partition]!.push(record)
    for (const listener of this.owners.get(partition) ?? []) listener([record])
    this.wake()
    return record
  }

  wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  async *read(options: ReadRecommendations): AsyncGenerator<ReadChunk, void, undefined> {
    const numbers = options.partitions ?? this.partitions.map((_, partition) => partition)
    const next = new Map(numbers.map((p) => [p, options.from?.get(p) ?? this.partitions[p]!.length]))
    options.signal?.addEventListener('abort', () => this.wake(), { once: true })
    for (;;) {
      for (const [partition, from] of next) {
        if (from < (this.logStart.get(partition) ?? 0)) {
          throw new MillraceError('CLIENT_OFFSET_OUT_OF_RANGE', 'gone', { partition, offset: from })
        }
        const isHeld = this.readersHeld && options.until === 'never'
        const records = isHeld ? [] : this.partitions[partition]!.slice(from)
        if (records.length === 0) continue
        next.set(partition, from + records.length)
        yield { topic: 'recommendations', partition, records, nextOffset: from + records.length }
      }
      if (options.until === 'now' || options.signal?.aborted) return
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
      await new Promise(setImmediate)
    }
  }
}

export interface MemoryServiceOptions {
  /** Partitions whose commits this instance makes. */
  readonly owns: readonly number[]
  /** Answers a click with a decision. */
  readonly answers?: boolean
}

export function memoryService(topic: MemoryTopic, options: MemoryServiceOptions): ServicePort {
  let events = 0
  const known = new KnownCampaigns()
  return {
    campaigns: {
      nowMs: MEMORY_NOW_MS,
      get all() {
        return known.all
      },
      write: async (campaign) => known.add(campaign),
      remove: async (id) => known.remove(id),
    },
    rules: new DecisionTable(SHIPPED_DECISIONS).rules,
    catalogue: inventedCatalogue(),
    partitions: PARTITIONS,
    inputLabel: 'Simulated shop, seed 1, three days in March 2026',
    simulated: true,
    clockSkewMs: 60_000,
    async produceActivity(activity, traceparent = null) {
      topic.produced.push(activity)
      topic.traceparents.push(traceparent)
      events += 1
      if (options.answers) answer(topic, activity)
    },
    armOf: async (userKey) => armOf(userKey),
    isHeldOut: () => false,
    onCommitted(listener) {
      for (const partition of options.owns) {
        topic.owners.set(partition, [...(topic.owners.get(partition) ?? []), listener])
      }
    },
    readRecommendations: (read) => topic.read(read),
    recommendationEnds: async () => new Map(topic.partitions.map((records, partition) => [partition, records.length])),
    traces: { find: async () => null, ofUser: async () => ({ decisions: [], before: null }) },
    keyOf: (userId) => Buffer.from(userId),
    onErased: () => {},
    erase: async () => ({ keys: 1, visitors: 0, readableUntilRetention: [] }),
    proveErasure: async () => ({ isErased: true, searched: [], remainders: [], notes: [] }),
    decodeRecommendation: ({ value }) => (value === null ? null : JSON.parse(value.toString())),
    figures: () => ({
      state: 'running',
      problems: [],
      events,
      late: 0,
      deadLetters: 0,
      duplicateInputs: 0,
      lagRecords: 0,
      tasks: options.owns.length,
      recommender: null,
    }),
  }
}

/** Companions of what was looked at; for a search, the first goods. */
function answer(topic: MemoryTopic, activity: UserActivity): void {
  const { type, eventId, itemId, query, userId, at } = activity
  if ((type !== 'view' && type !== 'search') || userId === null) return
  const product = itemId === null ? undefined : topic.catalogue.byId.get(itemId)
  const sameCategory = topic.catalogue.byCategory.get(product?.category ?? 'coffee') ?? []
  const items = [...(product?.companions ?? []), ...sameCategory.map((other) => other.itemId)]
  const ranked = [...new Set(items)].filter((other) => other !== itemId)
  topic.decide({
    rule: 'carousel',
    userId,
    subject: `${userId}/${eventId}`,
    at,
    algorithm: 'vmis-knn',
    becauseOf: itemId ?? query,
    items: ranked,
  })
}
