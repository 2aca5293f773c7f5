/** Reads the decisions of the partitions that this instance has, for one webhook, no faster than it takes them. */
import {
  Admin,
  type Clock,
  type Cluster,
  delay,
  isMillraceError,
  type Log,
  readTopic,
  SchemaPending,
  type TopicRecord,
} from '../../../index.js'
import { headerText } from '../../records/decided-record.js'
import type { Recommendation } from '../../records/recommendation.js'
import type { LoggedDelivery } from './delivery-log.js'
import type { WebhookDelivery } from './delivery-queue.js'
import { expiresAtMs } from './expiry.js'
import type { Webhook } from './webhook.js'

/** Where decisions come from. */
export interface FeedParts {
  /** Nobody else reads by its connections: a broker answers one connection in order. */
  readonly cluster: Cluster
  /** The topic of the decisions. */
  readonly topic: string
  /** Null: it cannot be read. @throws SchemaPending */
  readonly decode: (record: TopicRecord) => Recommendation | null
  /** True if decisions may have times of another day than today. */
  readonly hasReplay: () => boolean
  readonly clock: Clock
  readonly log: Log
}

const RETRY_MS = 1_000
/** A broker answers as soon as there is something. */
const MAX_WAIT_MS = 500
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

export class DecisionFeed {
  readonly #parts: FeedParts
  readonly #webhook: Webhook
  #stop = new AbortController()
  #reading: Promise<void> = Promise.resolve()

  constructor(parts: FeedParts, webhook: Webhook) {
    this.#parts = parts
    this.#webhook = webhook
  }

  /** Reads on from the webhook's positions, in the partitions it has by now. */
  start(): void {
    this.#stop = new AbortController()
    this.#reading = this.#run(this.#stop.signal)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    this.#webhook.stopWaiting()
    await this.#reading
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts
    const { name } = this.#webhook.settings
    while (!signal.aborted && this.#webhook.offsets.positions.size > 0) {
      try {
        await this.#read(signal)
      } catch (error) {
        if (signal.aborted) return
        log.warn({ error, webhook: name }, 'the decisions for a webhook are read again after a pause')
        if (isMillraceError(error, 'CLIENT_OFFSET_OUT_OF_RANGE')) await this.#skipDeleted().catch(() => undefined)
        await delay(clock, RETRY_MS)
      }
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { cluster, topic } = this.#parts
    const { offsets } = this.#webhook
    const from = offsets.positions
    const partitions = [...from.keys()]
    const chunks = readTopic({ cluster, topic, partitions, from, until: 'never', maxWaitMs: MAX_WAIT_MS, signal })
    for await (const { partition, records, nextOffset } of chunks) {
      for (const record of records) {
        const decision = await decoded(this.#parts.decode, record)
        const isWanted = decision !== null && this.#webhook.wants(decision)
        if (signal.aborted) return
        // Decisions for others pass without waiting for room.
        if (isWanted) await this.#webhook.room()
        if (signal.aborted) return
        offsets.read(partition, record.offset + 1)
        if (isWanted) this.#add(record, decision)
        else if (decision === null) this.#webhook.drop('unreadable')
      }
      offsets.read(partition, nextOffset)
    }
  }

  #add(record: TopicRecord, decision: Recommendation): void {
    const { partition, offset } = record
    this.#webhook.offsets.open(partition, offset)
    this.#webhook.add(delivery(record, decision, this.#parts.hasReplay()))
  }

  /** Retention has deleted decisions before they were read: they are counted, and reading goes on after them. */
  async #skipDeleted(): Promise<void> {
    const { cluster, topic, log } = this.#parts
    const { offsets, settings } = this.#webhook
    const positions = offsets.positions
    const places = [...positions.keys()].map((partition) => ({ topic, partition }))
    for (const found of await new Admin(cluster).listOffsets(places, 'earliest', 'readCommitted')) {
      const deleted = found.offset - (positions.get(found.partition) ?? 0)
      if (deleted <= 0) continue
      offsets.read(found.partition, found.offset)
      this.#webhook.drop('retention', deleted)
      log.error(
        { webhook: settings.name, partition: found.partition, deleted },
        'records were deleted before they were read',
      )
    }
  }
}

/** Deliveries of the log, with their decisions. Those whose record was deleted or cannot be read are left out. */
export async function loadDeliveries(
  parts: FeedParts,
  logged: Iterable<readonly [decisionId: string, LoggedDelivery]>,
): Promise<WebhookDelivery[]> {
  const wanted = [...logged].sort(([, a], [, b]) => a.partition - b.partition || a.offset - b.offset)
  const found: WebhookDelivery[] = []
  for (let i = 0; i < wanted.length; ) {
    const { partition, offset } = wanted[i]![1]
    const records = await recordsFrom(parts, partition, offset)
    const byOffset = new Map(records.map((record) => [record.offset, record]))
    const last = records.at(-1)?.offset ?? offset
    for (; i < wanted.length && wanted[i]![1].partition === partition && wanted[i]![1].offset <= last; i++) {
      const [decisionId, entry] = wanted[i]!
      const record = byOffset.get(entry.offset)
      const decision = record === undefined ? null : await decoded(parts.decode, record)
      if (record === undefined || decision?.decisionId !== decisionId) continue
      const { attempts, ownFailures, dueAtMs } = entry
      found.push({ ...delivery(record, decision, parts.hasReplay()), attempts, ownFailures, dueAtMs })
    }
  }
  return found
}

/** Some records from `offset` on; none if it was deleted, or was never there. */
async function recordsFrom(parts: FeedParts, partition: number, offset: number): Promise<readonly TopicRecord[]> {
  const { cluster, topic } = parts
  try {
    const from = new Map([[partition, offset]])
    for await (const { records } of readTopic({ cluster, topic, partitions: [partition], from })) {
      if (records.length > 0) return records
    }
  } catch (error) {
    if (!isMillraceError(error, 'CLIENT_OFFSET_OUT_OF_RANGE')) throw error
  }
  return []
}

function delivery(record: TopicRecord, decision: Recommendation, hasReplay: boolean): WebhookDelivery {
  const { partition, offset, timestamp, headers } = record
  const trace = headerText(headers, 'traceparent')
  return {
    partition,
    offset,
    decision,
    traceparent: trace !== null && TRACEPARENT.test(trace) ? trace : null,
    expiresAtMs: expiresAtMs(decision, timestamp, hasReplay),
    attempts: 0,
    ownFailures: 0,
    dueAtMs: 0,
  }
}

/** Waits for its schema if that is on its way. */
async function decoded(decode: FeedParts['decode'], record: TopicRecord): Promise<Recommendation | null> {
  for (;;) {
    try {
      return decode(record)
    } catch (error) {
      if (!(error instanceof SchemaPending)) throw error
      await error.ready
    }
  }
}
