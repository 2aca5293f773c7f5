/**
 * The hub between the `recommendations` topic and the browsers. Decisions that this instance commits are sent at once.
 * All others, and all after a restart, come from a read_committed reader of the topic, so any instance serves any user.
 */
import {
  delay,
  isMillraceError,
  partitionForKey,
  type ReadChunk,
  SchemaPending,
  type TopicRecord,
} from '../../../index.js'
import { EventClock } from '../../gate/event-clock.js'
import { triggeredAtMs } from '../../records/decided-record.js'
import type { Recommendation } from '../../records/recommendation.js'
import { DeliveryConnection, type FrameSocket } from './delivery-connection.js'
import type { PlacedDecision, ResumeMessage } from './frame.js'
import { DeliveryHistory } from './history.js'
import type { DeliveryOptions, DeliveryTotals } from './hub-options.js'

const HISTORY_RECORDS = 10_000
/** Records of a partition read at most for one browser that comes back; before that there is a gap. */
const MAX_RESUME_RECORDS = 50_000
const RETRY_MS = 500
/** Per partition, for the time the reader stands still; what is forgotten comes twice, and is known by its id. */
const MAX_EARLY_OFFSETS = 50_000
/** Decisions shown at once to a browser that has none. */
const FIRST_DECISIONS = 8

interface Subscription {
  readonly connection: DeliveryConnection
  readonly figures: boolean
  /** What came while the missed decisions were being collected; null once the browser is up to date. */
  arrived: { placed: PlacedDecision; next: number }[] | null
}

export class DeliveryHub {
  readonly #options: DeliveryOptions
  readonly #history: DeliveryHistory
  /** The present as the stream sees it: a decision about 2019 is not stale in a replay of 2019. */
  readonly #present: EventClock
  readonly #byUser = new Map<string, Set<Subscription>>()
  /** Partition → the offset the reader comes to next. */
  readonly #next = new Map<number, number>()
  /** Partition → offsets pushed from a commit that the reader has yet to pass. */
  readonly #early = new Map<number, Set<number>>()
  readonly #stop = new AbortController()
  #reading: Promise<void> = Promise.resolve()
  #connections = 0
  #sent = 0
  #droppedByClosed = 0
  #expired = 0

  /** Before the service's streams start, because it listens to their commits. */
  constructor(options: DeliveryOptions) {
    this.#options = options
    const { service, clock, historyRecords = HISTORY_RECORDS } = options
    this.#present = new EventClock(clock)
    this.#history = new DeliveryHistory(Math.max(64, Math.ceil(historyRecords / service.partitions)))
    service.onErased((isOf) => this.#history.forget(isOf))
    service.onCommitted((records) => {
      for (const record of records) this.#committed(record)
    })
  }

  /** Resolves when the reader knows where it begins. */
  async start(): Promise<void> {
    await this.#begin()
    this.#reading = this.#read()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    for (const subscriptions of this.#byUser.values()) {
      for (const { connection } of subscriptions) connection.close(1001, 'going away')
    }
    await this.#reading
  }

  get totals(): DeliveryTotals {
    let dropped = this.#droppedByClosed
    for (const subscriptions of this.#byUser.values())
      for (const { connection } of subscriptions) dropped += connection.dropped
    return { connections: this.#connections, sent: this.#sent, dropped, expired: this.#expired }
  }

  /** A frame for every browser that shows the figures and keeps up. */
  broadcastFigures(text: string): void {
    for (const subscriptions of this.#byUser.values())
      for (const { connection, figures } of subscriptions) if (figures) connection.sendIfIdle(text)
  }

  /**
   * Sends `userId`'s browser what it missed, then everything as it comes. Call the returned function when its socket has
   * closed.
   */
  subscribe(userId: string, socket: FrameSocket, resume: ResumeMessage): () => void {
    const connection = new DeliveryConnection(userId, socket)
    const subscription: Subscription = { connection, figures: resume.figures === true, arrived: [] }
    const subscriptions = this.#byUser.get(userId) ?? new Set()
    this.#byUser.set(userId, subscriptions.add(subscription))
    this.#connections += 1
    connection.has(resume.have)
    this.#catchUp(subscription, resume).catch((error: unknown) => {
      this.#options.log.warn({ error }, 'missed decisions could not be read; the browser will connect again')
      connection.close(1011, 'try again')
    })
    let ended = false
    return () => {
      if (ended) return
      ended = true
      connection.ended()
      this.#connections -= 1
      this.#droppedByClosed += connection.dropped
      subscriptions.delete(subscription)
      if (subscriptions.size === 0 && this.#byUser.get(userId) === subscriptions) this.#byUser.delete(userId)
    }
  }

  async #catchUp(subscription: Subscription, resume: ResumeMessage): Promise<void> {
    const { connection } = subscription
    const { userId } = connection
    const partition = partitionForKey(Buffer.from(userId), this.#options.service.partitions)
    const position = resume.position?.partition === partition ? resume.position : null
    const { missed, gap } =
      position === null ? this.#firstSight(userId, partition) : await this.#missed(userId, position)
    connection.send({ type: 'hello', userId, resumed: position !== null, gap })
    const next = () => this.#next.get(partition) ?? 0
    for (const placed of missed) this.#send(connection, placed, Math.min(placed.offset + 1, next()))
    for (const { placed, next } of subscription.arrived ?? []) this.#send(connection, placed, next)
    subscription.arrived = null
    connection.send({ type: 'live', position: { partition, next: next() } })
  }

  /** For a browser without a past: the latest decision of each rule and subject that memory has. */
  #firstSight(userId: string, partition: number): { missed: PlacedDecision[]; gap: boolean } {
    const kept = this.#history.since(userId, partition, 0)
    const lastCarousel = kept.findLast(({ decision }) => decision.rule === 'carousel')
    const missed = kept.filter((placed) => placed.decision.rule !== 'carousel' || placed === lastCarousel)
    return { missed: missed.slice(-FIRST_DECISIONS), gap: false }
  }

  /** From memory where it reaches back far enough, otherwise from the topic. */
  async #missed(userId: string, position: { partition: number; next: number }) {
    const { partition } = position
    const completeFrom = this.#history.completeFrom(partition)
    if (position.next >= completeFrom) {
      return { missed: this.#history.since(userId, partition, position.next), gap: false }
    }
    const from = Math.max(position.next, completeFrom - MAX_RESUME_RECORDS)
    let gap = from > position.next
    const missed: PlacedDecision[] = []
    try {
      await this.#readMissed(userId, partition, from, missed)
    } catch (error) {
      if (!isMillraceError(error, 'CLIENT_OFFSET_OUT_OF_RANGE')) throw error
      gap = true
    }
    const seen = new Set(missed.map(({ offset }) => offset))
    for (const placed of this.#history.since(userId, partition, from)) if (!seen.has(placed.offset)) missed.push(placed)
    return { missed, gap }
  }

  async #readMissed(userId: string, partition: number, from: number, into: PlacedDecision[]): Promise<void> {
    const { service } = this.#options
    const key = service.keyOf(userId)
    const chunks = service.readRecommendations({
      partitions: [partition],
      from: new Map([[partition, from]]),
      until: 'now',
      signal: this.#stop.signal,
    })
    for await (const { records } of chunks) {
      for (const record of records) {
        if (record.key === null || !key.equals(record.key)) continue
        const decision = await this.#decodeLater(record)
        if (decision === null) continue
        this.#present.observe(decision.at)
        into.push({ partition, offset: record.offset, decision })
      }
    }
  }

  async #begin(): Promise<void> {
    for (const [partition, end] of await this.#options.service.recommendationEnds()) {
      this.#next.set(partition, end)
      this.#history.begin(partition, end)
      const early = this.#early.get(partition)
      for (const offset of early ?? []) if (offset < end) early!.delete(offset)
    }
  }

  async #read(): Promise<void> {
    const { service, clock, log } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        for await (const chunk of service.readRecommendations({ from: this.#next, until: 'never', signal })) {
          this.#arrived(chunk)
        }
      } catch (error) {
        if (signal.aborted) return
        log.warn({ error }, 'the reader of recommendations starts again')
        if (isMillraceError(error, 'CLIENT_OFFSET_OUT_OF_RANGE')) await this.#begin().catch(() => undefined)
      }
      if (!signal.aborted) await Promise.race([delay(clock, RETRY_MS), aborted(signal)])
    }
  }

  #arrived({ partition, records, nextOffset }: ReadChunk): void {
    const early = this.#early.get(partition)
    for (const record of records) {
      this.#next.set(partition, record.offset + 1)
      if (early?.delete(record.offset) !== true) this.#accept(record, record.offset + 1)
    }
    this.#next.set(partition, nextOffset)
  }

  #committed(record: TopicRecord): void {
    const { partition, offset } = record
    const next = this.#next.get(partition) ?? 0
    if (this.#next.has(partition) && offset < next) return
    const early = this.#early.get(partition) ?? new Set()
    this.#early.set(partition, early.add(offset))
    if (early.size > MAX_EARLY_OFFSETS) early.delete(early.values().next().value!)
    // The reader may not have come to records before this one: the browser's position stays where the reader is.
    this.#accept(record, next)
  }

  #accept(record: TopicRecord, next: number): void {
    let decision: Recommendation | null
    try {
      decision = this.#options.service.decodeRecommendation(record)
    } catch (error) {
      if (!(error instanceof SchemaPending)) throw error
      error.ready.then(() => this.#accept(record, next)).catch((cause: unknown) => this.#unreadable(cause))
      return
    }
    if (decision === null) return
    this.#present.observe(decision.at)
    const placed = { partition: record.partition, offset: record.offset, decision }
    this.#history.add(placed)
    this.#options.onDecision?.(decision, triggeredAtMs(record.headers))
    for (const { connection, arrived } of this.#byUser.get(decision.userId) ?? []) {
      if (arrived === null) this.#send(connection, placed, next)
      else arrived.push({ placed, next })
    }
  }

  async #decodeLater(record: TopicRecord): Promise<Recommendation | null> {
    for (;;) {
      try {
        return this.#options.service.decodeRecommendation(record)
      } catch (error) {
        if (!(error instanceof SchemaPending)) throw error
        await error.ready
      }
    }
  }

  #unreadable(cause: unknown): void {
    this.#options.log.warn({ cause: String(cause) }, 'a decision could not be read: its schema did not arrive')
  }

  #send(connection: DeliveryConnection, placed: PlacedDecision, next: number): void {
    if (placed.decision.validUntil < this.#present.now()) {
      this.#expired += 1
      return
    }
    if (!connection.decide(placed, next)) return
    this.#sent += 1
    this.#options.onSent?.(placed.decision)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
