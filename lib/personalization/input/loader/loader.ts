/**
 * Sends an input to `user-activity` exactly once. Rows and the position after them are in one transaction, under one
 * transactional id per prefix and input, so another instance continues where the last commit ended.
 */
import { createHash } from 'node:crypto'
import {
  type Clock,
  type Cluster,
  isMillraceError,
  type Log,
  TransactionalProducer,
  untilStable,
} from '../../../index.js'
import { type UserRecordPlace, userPlace } from '../../erasure/user-record.js'
import { activityKey, endOfInput } from '../../records/activity.js'
import { deadRow } from '../../records/dead-letter.js'
import type { ServiceSerdes } from '../../records/serdes.js'
import type { TopicNames } from '../../records/topic-names.js'
import { isInvalidRow } from '../formats/rows.js'
import { Feed, type Item, itemTime, pause, propertiesLength, ReplayPace, readyForItem, type Speed } from './feed.js'
import type { LoaderInput } from './input-files.js'
import { progressMarks, withProgress } from './input-progress.js'
import { claimKey, type LoaderProgress, positionKey, readLedger, requireOwnInput } from './ledger.js'

export interface LoaderParts {
  readonly cluster: Cluster
  readonly topics: TopicNames
  readonly serdes: ServiceSerdes
  readonly input: LoaderInput
  readonly speed: Speed
  /** This instance, the same after a restart: it takes its own claim up again at once. */
  readonly owner: string
  readonly clock: Clock
  readonly log: Log
  /** A loader that has written nothing for so long is taken for gone, in milliseconds; default 5000. */
  readonly leaseMs?: number
}

/** Items in one transaction, at most. */
const MAX_ITEMS = 5_000
/** Characters of properties in one transaction, about: all else of an item is short. */
const MAX_PROPERTIES = 2 * 1024 * 1024
/** With nothing to send, the position is written this often, so that a second loader sees that this one lives. */
const HEARTBEAT_MS = 1_000
const RETRY_MS = 200
/** All claims stand in one partition, so that one of them is the first. */
const CLAIM_PARTITION = 0
const LEASE_MS = 5_000

/** A record of a transaction that is not begun yet. */
interface Outgoing {
  readonly topic: string
  readonly key: Buffer
  readonly value: Buffer
  readonly partition?: number
}

type Ended = 'done' | 'stopped' | 'again'

export class Loader {
  readonly #parts: LoaderParts
  readonly #transactionalId: string
  #activityPartitions = 0
  #lastCommitMs = 0

  constructor(parts: LoaderParts) {
    this.#parts = parts
    const hash = createHash('sha256').update(parts.input.input).digest('hex').slice(0, 16)
    this.#transactionalId = `${parts.topics.loader}-${hash}`
  }

  /**
   * Resolves when the input was sent whole, by this loader or another, or when `signal` asks to stop.
   * @throws ServiceError LOADER_INPUT_CONFLICT, INPUT_UNREADABLE, INPUT_FORMAT_MISMATCH, INPUT_ROW_INVALID, CLIENT_*
   */
  async run(signal: AbortSignal): Promise<void> {
    const { cluster, topics, clock, log } = this.#parts
    this.#activityPartitions = await cluster.partitionCount(topics.activity)
    while (!signal.aborted) {
      try {
        await this.#standBy(signal)
        if (signal.aborted || (await this.#lead(signal)) !== 'again') return
      } catch (error) {
        if (!isMillraceError(error) || !error.retriable) throw error
        log.warn({ code: error.code }, 'the loader retries')
      }
      await pause(clock, RETRY_MS, signal)
    }
  }

  /** Returns when nothing else loads: no claim, our own, a finished one, or one that has gone quiet. */
  async #standBy(signal: AbortSignal): Promise<void> {
    const { input, owner, clock, log } = this.#parts
    const leaseMs = this.#parts.leaseMs ?? LEASE_MS
    let seen = ''
    let seenMs = clock.monotonicMs()
    while (!signal.aborted) {
      const { claim, progress } = await this.#ledger()
      requireOwnInput(claim, input)
      const latest = progress ?? claim
      if (latest === null || latest.owner === owner || latest.ends.length > 0) return
      const now = `${latest.owner} ${latest.position} ${latest.beat}`
      if (seen === '') log.info({ owner: latest.owner }, 'another instance is loading the input: waiting')
      if (now !== seen) {
        seen = now
        seenMs = clock.monotonicMs()
      } else if (clock.monotonicMs() - seenMs >= leaseMs) return
      await pause(clock, leaseMs / 10, signal)
    }
  }

  /** Fences whoever loaded before and continues from the committed position. */
  async #lead(signal: AbortSignal): Promise<Ended> {
    const { cluster, input, speed, clock } = this.#parts
    const producer = new TransactionalProducer({ cluster, transactionalId: this.#transactionalId })
    const feed = new Feed(input)
    try {
      await producer.init()
      let progress = await this.#claim(producer, signal)
      if (progress === null) return 'again'
      if (progress.ends.length > 0) return 'done'
      await feed.skip(progress.position)
      const pace = new ReplayPace(speed, clock, progress.latestAt > 0 ? progress.latestAt : undefined)
      for (;;) {
        if (signal.aborted) return 'stopped'
        const next = await this.#step(producer, feed, pace, progress, signal)
        if (next === null) return 'again'
        progress = next
        if (progress.ends.length > 0) return 'done'
      }
    } finally {
      await producer.close()
      await feed.close()
    }
  }

  /** Sends what is due. The progress after it, or null where the transaction did not go through. */
  async #step(
    producer: TransactionalProducer,
    feed: Feed,
    pace: ReplayPace,
    progress: LoaderProgress,
    signal: AbortSignal,
  ): Promise<LoaderProgress | null> {
    const { clock } = this.#parts
    const items: Item[] = []
    let { position, latestAt } = progress
    let [properties, waitMs] = [0, 0]
    while (items.length < MAX_ITEMS && properties < MAX_PROPERTIES) {
      const item = await feed.peek()
      if (item === null) break
      waitMs = pace.waitMs(item)
      if (waitMs > 0) break
      feed.take()
      items.push(item)
      properties += propertiesLength(item)
      position++
      latestAt = Math.max(latestAt, itemTime(item) ?? 0)
    }
    if (items.length === 0 && (await feed.peek()) === null) return this.#end(producer, progress)
    const quietMs = HEARTBEAT_MS - (clock.monotonicMs() - this.#lastCommitMs)
    if (items.length === 0 && quietMs > 0) {
      await pause(clock, Math.max(1, Math.min(waitMs, quietMs)), signal)
      return progress
    }
    return this.#commit(producer, await this.#recordsOf(items, progress), { ...progress, position, latestAt })
  }

  /** The last transaction: an end-of-input record on each partition, and where each stands. */
  async #end(producer: TransactionalProducer, progress: LoaderProgress): Promise<LoaderProgress | null> {
    const { topics, serdes, input } = this.#parts
    producer.begin()
    try {
      for (let partition = 0; partition < this.#activityPartitions; partition++) {
        const end = endOfInput(partition, progress.latestAt, input.source)
        const value = serdes.activity.serialize(end, topics.activity)
        await append(producer, { topic: topics.activity, key: Buffer.from(end.eventId), value, partition })
      }
      const ends = Array.from({ length: this.#activityPartitions }, () => 0)
      for (const { partition, offset } of await producer.flush()) ends[partition] = offset
      const ended = this.#stamped({ ...progress, ends })
      await append(producer, this.#position(ended))
      return (await producer.commit()).kind === 'committed' ? ended : null
    } catch {
      // Its outcome is asked for by the next producer of this id.
      await producer.abort().catch(() => undefined)
      return null
    }
  }

  /** Makes the claim where there is none; then the progress this loader continues from, written as its own. */
  async #claim(producer: TransactionalProducer, signal: AbortSignal): Promise<LoaderProgress | null> {
    const { cluster, topics, input, owner, serdes } = this.#parts
    const { claim, progress } = await this.#ledger()
    requireOwnInput(claim, input)
    // A claim refuses every other input, so it is made only for one that can be read to its end.
    if (claim === null || input.strict === true) await input.verify?.(signal)
    if (signal.aborted) return null
    if (claim !== null) {
      const start = progress ?? claim
      return start.ends.length > 0 ? start : this.#commit(producer, [], start)
    }
    const { sequence } = input
    const first = this.#stamped({ input: input.input, sequence, owner, position: 0, latestAt: 0, ends: [], beat: 0 })
    const value = serdes.loader.serialize(first, topics.loader)
    const made = await committed(producer, [
      { topic: topics.loader, key: Buffer.from(claimKey(input.input)), value, partition: CLAIM_PARTITION },
    ])
    if (!made) return null
    // Two instances with different inputs may both have found no claim: the one that stands first counts. While the
    // transaction of that one is open, neither claim can be read.
    await untilStable(cluster, [topics.loader])
    requireOwnInput((await this.#ledger()).claim, input)
    return first
  }

  async #commit(
    producer: TransactionalProducer,
    records: readonly Outgoing[],
    progress: LoaderProgress,
  ): Promise<LoaderProgress | null> {
    const stamped = this.#stamped(progress)
    const isCommitted = await committed(producer, [...records, this.#position(stamped)])
    this.#lastCommitMs = this.#parts.clock.monotonicMs()
    return isCommitted ? stamped : null
  }

  #stamped(progress: LoaderProgress): LoaderProgress {
    return { ...progress, owner: this.#parts.owner, beat: progress.beat + 1 }
  }

  #position(progress: LoaderProgress): Outgoing {
    const { topics, serdes } = this.#parts
    const value = serdes.loader.serialize(progress, topics.loader)
    return { topic: topics.loader, key: Buffer.from(positionKey(progress.input)), value }
  }

  /** The records of items after a position, when each user has a key. */
  async #recordsOf(items: readonly Item[], progress: LoaderProgress): Promise<Outgoing[]> {
    const { userKeys } = this.#parts.serdes
    if (userKeys !== null) await Promise.all(items.map((item) => readyForItem(item, userKeys)))
    return withProgress(
      items,
      progress,
      (item) => this.#recordOf(item),
      (atMs) => this.#progressMarks(atMs),
    )
  }

  #progressMarks(atMs: number): Outgoing[] {
    const { topics, serdes, input } = this.#parts
    return input.identifies === true ? progressMarks(serdes, topics, this.#activityPartitions, atMs, input.source) : []
  }

  #recordOf(item: Item): Outgoing {
    const { topics, serdes } = this.#parts
    if (item.kind === 'profile') {
      const value = serdes.profile.serialize(item.profile, topics.profiles)
      return { topic: topics.profiles, ...this.#place(item.profile.userId), value }
    }
    const { row } = item
    if (isInvalidRow(row)) {
      const value = serdes.deadLetter.serialize(deadRow(row, topics.activity), topics.deadLetters)
      return { topic: topics.deadLetters, key: Buffer.from(String(row.row)), value }
    }
    const value = serdes.activity.serialize(row, topics.activity)
    return { topic: topics.activity, ...this.#place(activityKey(row)), value }
  }

  /** All topics with users have as many partitions. */
  #place(user: string): UserRecordPlace {
    return userPlace(user, this.#parts.serdes.userKeys, this.#activityPartitions)
  }

  #ledger() {
    const { cluster, topics, serdes } = this.#parts
    return readLedger(cluster, topics.loader, serdes.loader)
  }
}

function append(producer: TransactionalProducer, { topic, key, value, partition }: Outgoing): Promise<void> {
  const place = partition === undefined ? {} : { partition }
  return producer.append({ topic, key, value, ...place })
}

/** One whole transaction. False: it did not go through, or nobody knows; whoever takes the id next finds out. */
async function committed(producer: TransactionalProducer, records: readonly Outgoing[]): Promise<boolean> {
  producer.begin()
  try {
    for (const record of records) await append(producer, record)
  } catch (error) {
    await producer.abort().catch(() => undefined)
    if (isMillraceError(error) && error.retriable) return false
    throw error
  }
  return (await producer.commit()).kind === 'committed'
}
