/**
 * Reads partitions from given offsets, without an end. There is always one long poll per broker; the next one is sent
 * as soon as one is answered. Arrived data waits for `poll`.
 */
import type { MillraceError } from '../errors.js'
import { fetchApi } from '../protocol/api/fetch.js'
import { KAFKA_ERROR } from '../protocol/error-codes.js'
import { formatTopicPartition, type TopicPartition } from '../record/record.js'
import type { Lane } from '../transport/transport.js'
import { Arrivals } from './arrivals.js'
import { brokerError, isLeaderMoved } from './broker-error.js'
import type { Cluster } from './cluster.js'
import { type FetchedBatches, FetchPartition, isAnswered, type Watermarks } from './fetch-partition.js'
import {
  type FetchLimits,
  fetchBody,
  fetchedBatches,
  longPollMs,
  matchResponses,
  type PartitionResponse,
  unanswered,
} from './fetch-request.js'
import { type FetcherOptions, type FetcherSettings, fetcherSettings } from './fetcher-options.js'
import { isRemade, logTruncated, topicRemade, validateLogs } from './log-truncation.js'
import { growingPauseMs } from './retry.js'

export type { FetchedBatches, Watermarks }

const MAX_PAUSE_MS = 1_000
const FIRST_PAUSE_MS = 20
const TOLD_AFTER_MS = 1_000

export class Fetcher {
  /** Called when something may be polled, from the network's turn: only take note of it. */
  onArrival: () => void = () => undefined
  /** An answer moved a watermark. */
  #learned = false
  readonly #cluster: Cluster
  readonly #settings: FetcherSettings
  readonly #onError: (error: MillraceError) => void
  readonly #errors: MillraceError[] = []
  /** In the order in which they are asked for: one that brought data goes to the end. */
  readonly #partitions = new Map<string, FetchPartition>()
  readonly #busy = new Set<string>()
  readonly #arrivals = new Arrivals()
  #pumping = false
  #closed = false

  constructor(options: FetcherOptions) {
    this.#cluster = options.cluster
    this.#settings = fetcherSettings(options)
    const tell =
      options.onError ??
      ((error: MillraceError) => {
        this.#errors.push(error)
        this.onArrival()
      })
    this.#onError = (error) => void (options.isHandled?.(error) || tell(error))
  }

  /**
   * Begins to read at `offset`; a partition that is there already moves there. `leaderEpoch`: under which leader the
   * record before it was written, if that is known; then a log that lost it is noticed.
   */
  add({ topic, partition }: TopicPartition, offset: number, leaderEpoch = -1): void {
    const key = formatTopicPartition(topic, partition)
    if (this.#partitions.has(key)) this.seek({ topic, partition }, offset)
    else this.#partitions.set(key, new FetchPartition(topic, partition, offset, leaderEpoch))
    this.#pump()
  }

  /** Drops what has arrived of it, too. */
  remove(tp: TopicPartition): void {
    this.#partitions.delete(formatTopicPartition(tp.topic, tp.partition))
    this.#arrivals.drop(tp)
    this.#pump()
  }

  /** Stops asking for it; what is in progress or has arrived is still delivered. */
  pause(tp: TopicPartition): void {
    const partition = this.#find(tp)
    if (partition !== undefined) partition.paused = true
  }

  resume(tp: TopicPartition): void {
    const partition = this.#find(tp)
    if (partition === undefined || !partition.paused) return
    partition.paused = false
    this.#pump()
  }

  isPaused(tp: TopicPartition): boolean {
    return this.#find(tp)?.paused ?? false
  }

  /** Drops what has arrived, continues at `offset`, and clears an error that stopped the partition. */
  seek(tp: TopicPartition, offset: number): void {
    this.#find(tp)?.moveTo(offset)
    this.#arrivals.drop(tp)
    this.#pump()
  }

  /** Next offset that will be asked for; undefined for a partition that is not read. */
  position(tp: TopicPartition): number | undefined {
    return this.#find(tp)?.position
  }

  /** As of the last response. */
  watermarks(tp: TopicPartition): Watermarks | undefined {
    return this.#find(tp)?.watermarks
  }

  /** Monotonic time of the last response, where that had nothing past our position, not even undecided; else null. */
  emptyAtMs(tp: TopicPartition): number | null {
    const partition = this.#find(tp)
    if (partition === undefined || partition.watermarks.highWatermark < 0) return null
    return partition.position >= partition.watermarks.highWatermark ? partition.answeredMs : null
  }

  /** What has arrived since the last call, in order of arrival. @throws what stopped a partition, see `onError`. */
  poll(): FetchedBatches[] {
    const error = this.#errors.shift()
    if (error !== undefined) throw error
    if (!this.#arrivals.any) return []
    const arrived = this.#arrivals.take()
    for (const partition of this.#partitions.values()) partition.arrivedBytes = 0
    this.#pump()
    return arrived
  }

  /** Answers in progress are ignored from now on. */
  close(): void {
    this.#closed = true
    this.#partitions.clear()
    this.#arrivals.take()
  }

  #find({ topic, partition }: TopicPartition): FetchPartition | undefined {
    return this.#partitions.get(formatTopicPartition(topic, partition))
  }

  /** Sends what may be sent, at the end of this turn: several adds and resumes become one request. */
  #pump(): void {
    if (this.#pumping || this.#closed) return
    this.#pumping = true
    queueMicrotask(() => {
      this.#pumping = false
      if (!this.#closed) this.#sendWanted()
    })
  }

  #sendWanted(): void {
    if (this.#arrivals.bytes >= this.#settings.maxArrivedBytes) return
    const byLeader = new Map<number, FetchPartition[]>()
    const unvalidated = new Map<number, FetchPartition[]>()
    for (const partition of this.#partitions.values()) {
      if (!partition.wanted(this.#settings.bufferBytes)) continue
      const leader = this.#cluster.cachedLeader(partition.topic, partition.partition)
      if (leader < 0) {
        this.#findLeader(partition)
        continue
      }
      if (isRemade(this.#cluster, partition)) {
        this.#failed(partition, partition.version, topicRemade(partition))
        continue
      }
      const unsure = partition.needsValidation(this.#cluster.leaderEpoch(partition.topic, partition.partition))
      const lists = unsure ? unvalidated : byLeader
      const list = lists.get(leader)
      if (list === undefined) lists.set(leader, [partition])
      else list.push(partition)
    }
    for (const [leader, partitions] of unvalidated) {
      const failed = this.#failed.bind(this)
      void validateLogs(this.#cluster, leader, partitions, failed).then(() => this.#pump())
    }
    for (const [leader, wanted] of byLeader) {
      const maxWaitMs = longPollMs(this.#settings.limits.maxWaitMs, wanted.length)
      if (!this.#busy.has(`${leader}/${this.#settings.lane}`)) {
        for (const partition of wanted) partition.prompted = false
        void this.#fetch(leader, this.#settings.lane, wanted, { ...this.#settings.limits, maxWaitMs })
      } else if (this.#settings.promptLane !== null && !this.#busy.has(`${leader}/${this.#settings.promptLane}`)) {
        this.#fetchBeside(leader, this.#settings.promptLane, wanted)
      }
    }
  }

  /** A long poll without these is waiting: asks for what is there already, and then holds them itself while it lasts. */
  #fetchBeside(leader: number, lane: Lane, wanted: readonly FetchPartition[]): void {
    const missed = wanted.filter((partition) => !partition.prompted)
    for (const partition of missed) partition.prompted = true
    if (missed.length > 0) void this.#fetch(leader, lane, missed, { ...this.#settings.limits, maxWaitMs: 0 })
    else if (longPollMs(this.#settings.limits.maxWaitMs, this.#partitions.size) > this.#settings.limits.maxWaitMs)
      void this.#fetch(leader, lane, wanted, this.#settings.limits)
  }

  #findLeader(partition: FetchPartition): void {
    const { version } = partition
    partition.blocked = true
    this.#cluster.leader(partition.topic, partition.partition).then(
      (leader) => {
        if (partition.version !== version) return
        if (leader < 0) this.#pauseAWhile(partition, partition.refusedBy(KAFKA_ERROR.LEADER_NOT_AVAILABLE))
        else partition.blocked = false
        this.#pump()
      },
      (error) => this.#failed(partition, version, error),
    )
  }

  async #fetch(leader: number, lane: Lane, asked: readonly FetchPartition[], limits: FetchLimits): Promise<void> {
    const slot = `${leader}/${lane}`
    const versions = asked.map((partition) => partition.version)
    for (const partition of asked) partition.asked = true
    this.#busy.add(slot)
    try {
      const response = await this.#cluster.request(
        fetchApi,
        (version) => fetchBody(this.#cluster, asked, limits, version),
        { node: leader },
        { lane, timeoutMs: this.#cluster.requestTimeoutMs + limits.maxWaitMs },
      )
      if (this.#closed) return
      this.#release(asked, versions)
      if (response.errorCode !== 0) throw brokerError(response.errorCode, 'Fetch', `broker ${leader}`)
      const current = new Set(asked.filter((partition, i) => partition.version === versions[i]))
      matchResponses(this.#cluster, asked, response, (partition, answer) => {
        if (current.delete(partition) && this.#isRead(partition)) this.#take(partition, answer)
      })
      // Left out of the answer: its topic has another id by now, say.
      if (current.size > 0) this.#cluster.markMetadataStale()
      for (const partition of current) this.#failed(partition, partition.version, unanswered(partition))
    } catch (error) {
      if (this.#closed) return
      this.#release(asked, versions)
      asked.forEach((partition, i) => {
        this.#failed(partition, versions[i]!, error)
      })
    } finally {
      this.#busy.delete(slot)
      this.#pump()
      if (this.#arrivals.any || this.#learned) this.onArrival()
      this.#learned = false
    }
  }

  #release(asked: readonly FetchPartition[], versions: readonly number[]): void {
    asked.forEach((partition, i) => {
      if (partition.version === versions[i]) partition.asked = false
    })
  }

  #isRead(partition: FetchPartition): boolean {
    return this.#partitions.get(partition.key) === partition
  }

  #take(partition: FetchPartition, answer: PartitionResponse): void {
    const { position: startOffset } = partition
    if (answer.errorCode === KAFKA_ERROR.OFFSET_OUT_OF_RANGE && partition.lastEpoch >= 0 && !partition.suspected) {
      partition.suspected = true
      partition.validatedEpoch = -1
      return
    }
    if (answer.errorCode !== 0) {
      const error = partition.refusedBy(answer.errorCode)
      if (isLeaderMoved(answer.errorCode)) this.#cluster.markMetadataStale()
      this.#failed(partition, partition.version, error)
      return
    }
    const { endOffset } = answer.divergingEpoch
    if (endOffset >= 0) {
      if (endOffset < startOffset) this.#failed(partition, partition.version, logTruncated(partition, endOffset))
      else partition.lastEpoch = -1
      return
    }
    partition.validatedEpoch = partition.askedEpoch
    partition.suspected = false
    // A task that waits for an empty partition continues once it is known to be empty.
    if (partition.watermarks.lastStableOffset !== answer.lastStableOffset) this.#learned = true
    partition.watermarks = answer
    partition.answeredMs = this.#cluster.clock.monotonicMs()
    const records = answer.records
    if (records === null || records.length === 0) {
      partition.succeeded()
      return
    }
    try {
      const fetched = fetchedBatches(partition, answer, records, this.#settings.limits.isolation)
      partition.position = fetched.nextOffset
      partition.lastEpoch = fetched.leaderEpoch
      partition.succeeded()
      partition.prompted = false
      partition.arrivedBytes += fetched.bytes
      this.#moveToEnd(partition)
      this.#arrivals.add(fetched)
    } catch (cause) {
      this.#failed(partition, partition.version, cause)
    }
  }

  #moveToEnd(partition: FetchPartition): void {
    this.#partitions.delete(partition.key)
    this.#partitions.set(partition.key, partition)
  }

  #failed(partition: FetchPartition, version: number, error: unknown): void {
    if (this.#closed || partition.version !== version || !this.#isRead(partition)) return
    partition.blocked = true
    const { clock, requestTimeoutMs } = this.#cluster
    if (partition.mayGoOn(error, clock.monotonicMs(), requestTimeoutMs)) {
      this.#pauseAWhile(partition, error)
      return
    }
    partition.stopped = true
    this.#onError(partition.stoppedBy(error))
  }

  #pauseAWhile(partition: FetchPartition, error: unknown): void {
    const { version } = partition
    const forMs = partition.failingMs(this.#cluster.clock.monotonicMs())
    // That no broker answers is told for all of them.
    if (forMs >= TOLD_AFTER_MS && isAnswered(error)) this.#settings.onRetry(error, partition.place)
    const pauseMs = growingPauseMs(this.#cluster.random, partition.failures++, FIRST_PAUSE_MS, MAX_PAUSE_MS)
    this.#cluster.pause(pauseMs).then(
      () => {
        if (this.#closed || partition.version !== version) return
        partition.blocked = false
        this.#pump()
      },
      (error) => this.#failed(partition, version, error),
    )
  }
}
