/**
 * Sends an input to `user-activity` exactly once. Rows and the position after them are in one transaction, under one
 * transactional id per prefix and input, so another instance continues where the last commit ended.
 */
import { createHash } from 'node:crypto'
import { TransactionManager } from '../../../client/transaction/transaction-manager.js'
import { type Cluster, isMillraceError } from '../../../index.js'
import type { Clock } from '../../../record/clock.js'
import type { Log } from '../../../telemetry/log.js'
import { activityKey, endOfInput } from '../../records/activity.js'
import { deadRow } from '../../records/dead-letter.js'
import type { ServiceSerdes } from '../../records/serdes.js'
import type { TopicNames } from '../../records/topic-names.js'
import { isInvalidRow } from '../formats/rows.js'
import { Feed, type Item, itemTime, pause, ReplayPace, type Speed } from './feed.js'
import type { LoaderInput } from './input-files.js'
import { claimKey, type LoaderProgress, positionKey, readLedger, requireOwnInput } from './ledger.js'
import { LoaderBatches } from './loader-batches.js'

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

/** Items and bytes of one partition in one transaction, at most. */
const MAX_ITEMS = 5_000
const MAX_BYTES = 512 * 1024
/** With nothing to send, the position is written this often, so that a second loader sees that this one lives. */
const HEARTBEAT_MS = 1_000
const RETRY_MS = 200
const LEASE_MS = 5_000

type Ended = 'done' | 'stopped' | 'again'

export class Loader {
  readonly #parts: LoaderParts
  readonly #transactionalId: string
  #activityPartitions = 0
  #profilePartitions = 0
  #deadLetterPartitions = 0
  #lastCommitMs = 0

  constructor(parts: LoaderParts) {
    this.#parts = parts
    const hash = createHash('sha256').update(parts.input.input).digest('hex').slice(0, 16)
    this.#transactionalId = `${parts.topics.loader}-${hash}`
  }

  /**
   * Resolves when the input was sent whole, by this loader or another, or when `signal` asks to stop.
   * @throws MillraceError LOADER_INPUT_CONFLICT, INPUT_UNREADABLE, INPUT_FORMAT_MISMATCH, CLIENT_*
   */
  async run(signal: AbortSignal): Promise<void> {
    const { cluster, topics, clock, log } = this.#parts
    this.#activityPartitions = await cluster.partitionCount(topics.activity)
    this.#profilePartitions = await cluster.partitionCount(topics.profiles)
    this.#deadLetterPartitions = await cluster.partitionCount(topics.deadLetters)
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
    const transactions = new TransactionManager({ cluster, transactionalId: this.#transactionalId })
    const feed = new Feed(input)
    try {
      await transactions.init()
      let progress = await this.#claim(transactions)
      if (progress === null) return 'again'
      if (progress.ends.length > 0) return 'done'
      await feed.skip(progress.position)
      const pace = new ReplayPace(speed, clock, progress.latestAt > 0 ? progress.latestAt : undefined)
      for (;;) {
        if (signal.aborted) return 'stopped'
        const next = await this.#step(transactions, feed, pace, progress, signal)
        if (next === null) return 'again'
        progress = next
        if (progress.ends.length > 0) return 'done'
      }
    } finally {
      await transactions.close()
      await feed.close()
    }
  }

  /** Sends what is due. The progress after it, or null where the transaction did not go through. */
  async #step(
    transactions: TransactionManager,
    feed: Feed,
    pace: ReplayPace,
    progress: LoaderProgress,
    signal: AbortSignal,
  ): Promise<LoaderProgress | null> {
    const { clock } = this.#parts
    const batches = new LoaderBatches(clock.now())
    let { position, latestAt } = progress
    let waitMs = 0
    while (batches.records < MAX_ITEMS && batches.largestBytes < MAX_BYTES) {
      const item = await feed.peek()
      if (item === null) break
      waitMs = pace.waitMs(item)
      if (waitMs > 0) break
      feed.take()
      this.#add(batches, item)
      position++
      latestAt = Math.max(latestAt, itemTime(item) ?? 0)
    }
    if (batches.records === 0 && (await feed.peek()) === null) return this.#end(transactions, progress)
    const quietMs = HEARTBEAT_MS - (clock.monotonicMs() - this.#lastCommitMs)
    if (batches.records === 0 && quietMs > 0) {
      await pause(clock, Math.max(1, Math.min(waitMs, quietMs)), signal)
      return progress
    }
    return this.#commit(transactions, batches, { ...progress, position, latestAt })
  }

  /** The last transaction: an end-of-input record on each partition, and where each stands. */
  async #end(transactions: TransactionManager, progress: LoaderProgress): Promise<LoaderProgress | null> {
    const { topics, serdes, input, clock } = this.#parts
    const batches = new LoaderBatches(clock.now())
    for (let partition = 0; partition < this.#activityPartitions; partition++) {
      const end = endOfInput(partition, progress.latestAt, input.source)
      const key = Buffer.from(end.eventId)
      batches.addTo(topics.activity, partition, key, serdes.activity.serialize(end, topics.activity))
    }
    transactions.begin()
    try {
      // One batch per partition, each of one record.
      const offsets = await transactions.send(batches.list())
      const ends = Array.from({ length: this.#activityPartitions }, () => 0)
      for (const [{ partition }, offset] of offsets) ends[partition] = offset
      const ended = this.#stamped({ ...progress, ends })
      await transactions.send(this.#position(new LoaderBatches(clock.now()), ended).list())
      return (await transactions.commit()).kind === 'committed' ? ended : null
    } catch (error) {
      if (transactions.state !== 'fenced') await transactions.abort(error)
      return null
    }
  }

  /** Makes the claim where there is none; then the progress this loader continues from, written as its own. */
  async #claim(transactions: TransactionManager): Promise<LoaderProgress | null> {
    const { topics, input, owner, serdes, clock } = this.#parts
    const { claim, progress } = await this.#ledger()
    requireOwnInput(claim, input)
    if (claim !== null) {
      const start = progress ?? claim
      return start.ends.length > 0 ? start : this.#commit(transactions, new LoaderBatches(clock.now()), start)
    }
    const batches = new LoaderBatches(clock.now())
    const { sequence } = input
    const first = this.#stamped({ input: input.input, sequence, owner, position: 0, latestAt: 0, ends: [], beat: 0 })
    batches.add(topics.loader, 1, claimKey(input.input), serdes.loader.serialize(first, topics.loader))
    if ((await transactions.run(batches.list(), [], null)).kind !== 'committed') return null
    // Two instances with different inputs may both have found no claim: the one that stands first counts.
    requireOwnInput((await this.#ledger()).claim, input)
    return first
  }

  async #commit(
    transactions: TransactionManager,
    batches: LoaderBatches,
    progress: LoaderProgress,
  ): Promise<LoaderProgress | null> {
    const stamped = this.#stamped(progress)
    const outcome = await transactions.run(this.#position(batches, stamped).list(), [], null)
    this.#lastCommitMs = this.#parts.clock.monotonicMs()
    return outcome.kind === 'committed' ? stamped : null
  }

  #stamped(progress: LoaderProgress): LoaderProgress {
    return { ...progress, owner: this.#parts.owner, beat: progress.beat + 1 }
  }

  #position(batches: LoaderBatches, progress: LoaderProgress): LoaderBatches {
    const { topics, serdes } = this.#parts
    batches.add(topics.loader, 1, positionKey(progress.input), serdes.loader.serialize(progress, topics.loader))
    return batches
  }

  #add(batches: LoaderBatches, item: Item): void {
    const { topics, serdes } = this.#parts
    if (item.kind === 'profile') {
      const { profile } = item
      const value = serdes.profile.serialize(profile, topics.profiles)
      batches.add(topics.profiles, this.#profilePartitions, profile.userId, value)
    } else if (isInvalidRow(item.row)) {
      const value = serdes.deadLetter.serialize(deadRow(item.row, topics.activity), topics.deadLetters)
      batches.add(topics.deadLetters, this.#deadLetterPartitions, String(item.row.row), value)
    } else {
      const value = serdes.activity.serialize(item.row, topics.activity)
      batches.add(topics.activity, this.#activityPartitions, activityKey(item.row), value)
    }
  }

  #ledger() {
    const { cluster, topics, serdes } = this.#parts
    return readLedger(cluster, topics.loader, serdes.loader)
  }
}
