/** The steady input: numbered events and marks at a fixed rate, written outside transactions. */

import { IdempotentProducer } from '../../lib/client/producer.js'
import { type Cluster, int64, partitionForKey } from '../../lib/index.js'
import { BatchBuilder } from '../../lib/protocol/index.js'
import { systemClock } from '../../lib/record/clock.js'
import type { Random } from '../../lib/record/random.js'
import { type ChaosTopics, KEYS } from './names.js'

const TICK_MS = 20
/** Longer than any broker is down, so that the input survives what is done to brokers. */
const DELIVERY_TIMEOUT_MS = 600_000
/** One mark for so many events. */
const EVENTS_PER_MARK = 20
/** So large a share of the events comes with an older time, within the grace of the windows. */
const OUT_OF_ORDER_SHARE = 0.05
const OLDER_MS = 400
const LATE_SHARE = 0.002
const LATE_MS = 6_000
/** A backlog is written in batches of so many. */
const BACKLOG_BATCH = 5_000
/** Its times are those of a stream of this rate: written at one moment, each event would be joined with thousands of marks. */
const BACKLOG_PER_SECOND = 2_000

export class Load {
  readonly #producer: IdempotentProducer
  readonly #topics: ChaosTopics
  readonly #partitions: number
  readonly #random: Random
  readonly #failures: string[] = []
  readonly #sending = new Set<Promise<void>>()
  #events = 0
  #marks = 0
  #perSecond = 0
  #debt = 0
  #lastMs = 0
  /** A backlog has moved the times of all that follows it ahead by so much. */
  #aheadMs = 0
  #cancel: () => void = () => undefined

  constructor(cluster: Cluster, topics: ChaosTopics, partitions: number, random: Random) {
    this.#producer = new IdempotentProducer({ cluster, deliveryTimeoutMs: DELIVERY_TIMEOUT_MS })
    this.#topics = topics
    this.#partitions = partitions
    this.#random = random
  }

  get events(): number {
    return this.#events
  }

  get perSecond(): number {
    return this.#perSecond
  }

  /** Writes that the producer gave up. */
  get failures(): readonly string[] {
    return this.#failures
  }

  steady(perSecond: number): void {
    this.#cancel()
    this.#perSecond = perSecond
    this.#lastMs = systemClock.monotonicMs()
    const tick = () => {
      const now = systemClock.monotonicMs()
      this.#debt += ((now - this.#lastMs) * perSecond) / 1000
      this.#lastMs = now
      const due = Math.floor(this.#debt)
      this.#debt -= due
      if (due > 0) this.#write(due)
      this.#cancel = systemClock.setTimer(TICK_MS, tick)
    }
    tick()
  }

  /** Resolves when all that was written is stored. */
  async stop(): Promise<void> {
    this.#cancel()
    await Promise.all(this.#sending)
  }

  async backlog(events: number): Promise<void> {
    for (let left = events; left > 0; left -= BACKLOG_BATCH) {
      const count = Math.min(left, BACKLOG_BATCH)
      const overMs = Math.round((count * 1_000) / BACKLOG_PER_SECOND)
      this.#aheadMs += overMs
      this.#write(count, overMs)
      if (this.#sending.size >= 4) await Promise.race(this.#sending)
    }
    await Promise.all(this.#sending)
  }

  /** One event per partition, long after all others: whatever window is open closes. */
  async last(afterMs: number): Promise<void> {
    const open = new Set(Array.from({ length: this.#partitions }, (_, partition) => partition))
    const events = this.#batches(this.#topics.events)
    for (let i = 0; open.size > 0; i++) {
      const key = Buffer.from(`k${i % KEYS}`)
      const partition = partitionForKey(key, this.#partitions)
      if (!open.delete(partition)) continue
      events
        .to(partition)
        .append(systemClock.now() + this.#aheadMs + afterMs, key, int64.serialize(this.#events++, ''), [])
    }
    this.#send(events.batches())
    await Promise.all(this.#sending)
  }

  async close(): Promise<void> {
    this.#cancel()
    await this.#producer.close()
  }

  /** `overMs`: what the times of the events are spread over, up to now. */
  #write(count: number, overMs = 0): void {
    const endMs = systemClock.now() + this.#aheadMs
    const events = this.#batches(this.#topics.events)
    const marks = this.#batches(this.#topics.marks)
    for (let i = 1; i <= count; i++) {
      const nowMs = endMs - Math.round((overMs * (count - i)) / count)
      const key = Buffer.from(`k${this.#events % KEYS}`)
      const partition = partitionForKey(key, this.#partitions)
      events.to(partition).append(nowMs - this.#olderMs(), key, int64.serialize(this.#events, ''), [])
      if (this.#events++ % EVENTS_PER_MARK !== 0) continue
      const markKey = Buffer.from(`k${this.#random.int(KEYS)}`)
      const value = int64.serialize(this.#marks++, '')
      marks.to(partitionForKey(markKey, this.#partitions)).append(nowMs, markKey, value, [])
    }
    this.#send([...events.batches(), ...marks.batches()])
  }

  #olderMs(): number {
    const drawn = this.#random.next()
    if (drawn < LATE_SHARE) return LATE_MS
    return drawn < OUT_OF_ORDER_SHARE ? this.#random.int(OLDER_MS) : 0
  }

  #send(batches: readonly { topic: string; partition: number; builder: BatchBuilder }[]): void {
    const sent = this.#producer
      .send(batches)
      .then(
        () => undefined,
        (error: unknown) => void this.#failures.push(error instanceof Error ? error.message : String(error)),
      )
      .finally(() => this.#sending.delete(sent))
    this.#sending.add(sent)
  }

  #batches(topic: string) {
    const byPartition = new Map<number, BatchBuilder>()
    return {
      to(partition: number): BatchBuilder {
        const known = byPartition.get(partition)
        if (known !== undefined) return known
        const builder = new BatchBuilder()
        byPartition.set(partition, builder)
        return builder
      },
      batches: () => [...byPartition].map(([partition, builder]) => ({ topic, partition, builder })),
    }
  }
}
