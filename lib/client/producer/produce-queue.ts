/**
 * Sends batches to their leaders: per partition one after another with consecutive sequence numbers, per broker one
 * Produce request at a time with the next batch of each of its partitions.
 */
import { KAFKA_ERROR } from '../../protocol/error-codes.js'
import { type BrokerError, brokerError, mayRepeat } from '../broker-error.js'
import { isTransportError } from '../broker-link.js'
import type { ProduceBatch } from '../commit.js'
import { growingPauseMs, isCertainlyUnsent } from '../retry.js'
import { checkPlace } from './check-record.js'
import {
  beginNextEpoch,
  type Delivery,
  encodeBatch,
  expiredDelivery,
  giveSequenceBack,
  Lanes,
  newWaiting,
  type PartitionLane,
  type ProducerIdentity,
  type Waiting,
} from './partition-lane.js'
import {
  BROKER_FORGOT,
  fittingOne,
  leaderless,
  MAYBE_STORED,
  type ProduceAnswer,
  requestProduce,
  timeLeftMs,
} from './produce-request.js'
import type { ProduceQueueOptions } from './queue-options.js'
import { RejectedBatch } from './rejected-batch.js'

const FIRST_PAUSE_MS = 10
const MAX_PAUSE_MS = 1_000
export class ProduceQueue {
  /** Called when sequences and broker may disagree: the producer needs a new id or epoch before it continues. */
  onDoubt: () => void = () => undefined
  /** Called when batches wait for a producer id: answer by `identify`, or by `reset`. */
  onIdentityNeeded: () => void = () => undefined
  readonly #options: ProduceQueueOptions
  readonly #lanes = new Lanes()
  readonly #busyLeaders = new Set<number>()
  #identity: ProducerIdentity | null
  #era = 0
  #pumping = false

  constructor(options: ProduceQueueOptions) {
    this.#options = options
    this.#identity = options.lanesRecover === true ? null : { producerId: -1, epoch: -1 }
  }

  /** Batches that wait for a producer id go out with this one. */
  identify(identity: ProducerIdentity): void {
    this.#identity = identity
    this.pump()
  }

  /** There is no producer id to be had: what waits for one fails. */
  failUnidentified(error: unknown): void {
    for (const { identity, queue } of [...this.#lanes]) {
      if (identity === null) for (const { delivery } of queue.splice(0)) delivery.failed(error)
    }
  }

  /** Starts again with `identity`: every sequence begins again, and whatever still waits is rejected with `reason`. */
  reset(identity: ProducerIdentity | null, reason: unknown): void {
    this.#era++
    this.#identity = identity
    const waiting = [...this.#lanes].flatMap((lane) => lane.queue)
    this.#lanes.clear()
    for (const { delivery } of waiting) delivery.failed(reason)
  }

  /**
   * Resolves with the offset of the batch's first record. The builder is emptied when its turn comes.
   * @throws CLIENT_RECORD_INVALID, and what the broker says of it
   */
  async send(batch: ProduceBatch): Promise<number> {
    checkPlace(batch)
    return new Promise((stored, failed) => {
      this.enqueue(batch, { stored, failed }, this.#options.cluster.clock.monotonicMs())
    })
  }

  /** As `send`. Until it is `taken` the builder may take more. `startedMs`: when its time began. */
  enqueue(batch: ProduceBatch, delivery: Delivery, startedMs: number): void {
    const lane = this.#lanes.of(batch.topic, batch.partition)
    lane.queue.push(newWaiting(lane, batch, delivery, startedMs))
    this.pump()
  }

  /** Sends what can be sent, and gives up what has waited too long. */
  pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    queueMicrotask(() => {
      this.#pumping = false
      this.#sendHeads()
    })
  }

  #sendHeads(): void {
    const byLeader = new Map<number, Waiting[]>()
    let identityNeeded = false
    for (const lane of this.#lanes) {
      const head = lane.busy ? undefined : this.#freshHead(lane)
      if (head === undefined) continue
      if (!this.#identified(lane)) {
        identityNeeded = true
        continue
      }
      const leader = this.#options.cluster.cachedLeader(lane.topic, lane.partition)
      if (leader < 0) {
        this.#findLeader(head)
        continue
      }
      if (this.#busyLeaders.has(leader)) continue
      const list = byLeader.get(leader)
      if (list === undefined) byLeader.set(leader, [head])
      else list.push(head)
    }
    for (const [leader, heads] of byLeader) void this.#produce(leader, this.#fitting(heads))
    if (identityNeeded) this.onIdentityNeeded()
  }

  /** The lane's first batch whose time is not up. */
  #freshHead(lane: PartitionLane): Waiting | undefined {
    let head = lane.queue[0]
    while (head !== undefined && this.#options.lanesRecover === true && this.#isExpired(head)) {
      this.#giveUp(head, undefined)
      head = lane.queue[0]
    }
    return head
  }

  /** A lane keeps the identity it began with. */
  #identified(lane: PartitionLane): boolean {
    if (lane.identity !== null) return true
    lane.identity = this.#identity
    lane.sequence = this.#options.firstSequence
    return lane.identity !== null
  }

  /** As many as one request may carry; the others go with the next one, before those sent now have another turn. */
  #fitting(heads: readonly Waiting[]): readonly Waiting[] {
    const sent = fittingOne(heads, this.#options.maxRequestBytes)
    if (sent === heads) return heads
    for (const { lane } of sent) this.#lanes.putLast(lane)
    return sent
  }

  #findLeader(head: Waiting): void {
    head.lane.busy = true
    this.#follow(
      this.#options.cluster.leader(head.lane.topic, head.lane.partition),
      (leader) => {
        if (leader < 0) this.#retry(head, leaderless(head.lane))
        else this.#release(head)
      },
      (error) => this.#unanswered(head, error),
    )
  }

  async #produce(leader: number, heads: readonly Waiting[]): Promise<void> {
    const { cluster, transactionalId } = this.#options
    const era = this.#era
    this.#busyLeaders.add(leader)
    for (const { lane } of heads) lane.busy = true
    try {
      for (const head of heads) encodeBatch(head, this.#options)
      const { budgetMs, lanesRecover } = this.#options
      const timeoutMs = lanesRecover === true ? timeLeftMs(cluster, heads, budgetMs) : cluster.requestTimeoutMs
      const answers = await requestProduce(cluster, leader, transactionalId, heads, timeoutMs)
      this.#busyLeaders.delete(leader)
      if (era !== this.#era) return
      for (const [i, head] of heads.entries()) this.#answered(head, answers[i]!)
    } catch (error) {
      this.#busyLeaders.delete(leader)
      if (era !== this.#era) return
      cluster.markMetadataStale()
      for (const head of heads) this.#unanswered(head, error)
    }
    this.pump()
  }

  #answered(head: Waiting, { code, baseOffset, named }: ProduceAnswer): void {
    if (code === KAFKA_ERROR.NONE || code === KAFKA_ERROR.DUPLICATE_SEQUENCE_NUMBER) {
      head.lane.queue.shift()
      head.lane.busy = false
      head.delivery.stored(baseOffset)
      return
    }
    const { topic, partition } = head.lane
    const request = this.#options.transactionalId === null ? 'IdempotentProduce' : 'Produce'
    const error = brokerError(code, request, `topic ${topic}-${partition}`, { topic, partition })
    if (MAYBE_STORED.has(code)) head.uncertain = true
    if (error.remedy === 'repeat') {
      this.#options.cluster.noteError(code, { leaderOf: head.lane })
      this.#retry(head, error)
    } else if (this.#options.lanesRecover === true && BROKER_FORGOT.has(code)) {
      this.#doubt(head)
      head.outdated = true
      this.#retry(head, error)
    } else this.#rejected(head, error, named)
  }

  #rejected(head: Waiting, error: BrokerError, named: readonly number[]): void {
    const unsure = this.#options.lanesRecover === true ? head.uncertain : head.attempts > 0
    // Rejected for certain and alone in its partition: the next batch takes its sequence.
    const certain = error.remedy !== 'abort' && !unsure
    if (certain) giveSequenceBack(head)
    else this.#doubt(head)
    const byRecord = error.remedy === 'record' && (certain || this.#options.lanesRecover !== true)
    this.#refuse(head, byRecord ? new RejectedBatch(error, head.bytes!, named) : error)
  }

  #doubt({ lane }: Waiting): void {
    if (this.#options.lanesRecover !== true) {
      this.onDoubt()
      return
    }
    beginNextEpoch(lane, this.#options.firstSequence)
    if (lane.identity === null) this.#identity = null
  }

  #unanswered(head: Waiting, error: unknown): void {
    if (isTransportError(error) && !isCertainlyUnsent(error)) head.uncertain = true
    const repeated = !isTransportError(error) || this.#options.repeatUnanswered || isCertainlyUnsent(error)
    if (mayRepeat(error) && repeated) {
      this.#retry(head, error)
      return
    }
    this.#giveUp(head, error)
  }

  #retry(head: Waiting, error: unknown): void {
    if (this.#isExpired(head)) this.#giveUp(head, error)
    else this.#pause(head, error)
  }

  /** Its sequence is taken, and the broker has not seen it for certain: whatever follows would be out of order. */
  #giveUp(head: Waiting, error: unknown): void {
    if (head.bytes !== null) this.#doubt(head)
    const expired = this.#options.lanesRecover === true && (error === undefined || mayRepeat(error))
    this.#refuse(head, expired ? expiredDelivery(head, this.#options.budgetMs, error ?? head.lastError) : error)
  }

  #isExpired(head: Waiting): boolean {
    return this.#options.cluster.clock.monotonicMs() - head.startedMs > this.#options.budgetMs
  }

  #pause(head: Waiting, error: unknown): void {
    head.lastError = error
    const { cluster } = this.#options
    const pauseMs = growingPauseMs(cluster.random, head.attempts++, FIRST_PAUSE_MS, MAX_PAUSE_MS)
    head.lane.busy = true
    this.#follow(
      cluster.pause(pauseMs),
      () => this.#release(head),
      (error) => this.#refuse(head, error),
    )
  }

  /** What comes after a `reset` is about a batch that has been given up. */
  #follow<T>(waiting: Promise<T>, done: (result: T) => void, failed: (error: unknown) => void): void {
    const era = this.#era
    waiting.then(
      (result) => era === this.#era && done(result),
      (error) => era === this.#era && failed(error),
    )
  }

  #release(head: Waiting): void {
    head.lane.busy = false
    this.pump()
  }

  #refuse(head: Waiting, error: unknown): void {
    if (head.lane.queue[0] === head) head.lane.queue.shift()
    head.lane.busy = false
    head.delivery.failed(error)
    this.pump()
  }
}
