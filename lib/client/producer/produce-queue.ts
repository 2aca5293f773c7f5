/**
 * Batches on their way to their leaders: per partition one after another with consecutive sequence numbers, per broker
 * one Produce request at a time that carries the next batch of each of its partitions.
 */
import type { MillraceError } from '../../errors.js'
import { produceApi } from '../../protocol/api/produce.js'
import type { Compression } from '../../protocol/batch/compression.js'
import { KAFKA_ERROR } from '../../protocol/error-codes.js'
import { formatTopicPartition } from '../../record/record.js'
import { type BrokerError, brokerError, mayRepeat } from '../broker-error.js'
import { isTransportError } from '../broker-link.js'
import type { Cluster } from '../cluster.js'
import type { ProduceBatch } from '../commit.js'
import { growingPauseMs, isCertainlyUnsent } from '../retry.js'
import { checkPlace } from './check-record.js'
import { RejectedBatch } from './rejected-batch.js'

export interface ProducerIdentity {
  readonly producerId: number
  readonly epoch: number
}

export interface ProduceQueueOptions {
  readonly cluster: Cluster
  /** Null outside transactions. */
  readonly transactionalId: string | null
  /** How long a batch is retried. */
  readonly budgetMs: number
  /**
   * Whether to repeat a request whose answer was lost. The broker drops a repeated sequence, but inside a transaction a
   * late first copy could still reach the next one, so there it is an error (the producer is then initialised anew).
   */
  readonly repeatUnanswered: boolean
  readonly compression: Compression
  /** First sequence of every partition, 0 but in tests. */
  readonly firstSequence: number
  /** Most bytes of records in one request; a batch that is larger goes alone. Default 16 MiB. */
  readonly maxRequestBytes?: number
}

interface Waiting {
  readonly lane: PartitionLane
  readonly batch: ProduceBatch
  readonly resolve: (baseOffset: number) => void
  readonly reject: (error: unknown) => void
  readonly startedMs: number
  bytes: Buffer | null
  sequence: number
  attempts: number
}

interface PartitionLane {
  readonly topic: string
  readonly partition: number
  readonly queue: Waiting[]
  sequence: number
  /** Its head is in a request, waits for a pause, or for its leader. */
  busy: boolean
}

/** Kafka's sequence numbers run through 0..2^31-1 and begin again. */
const SEQUENCES = 0x8000_0000
/** Produce v12 means transaction version 2 (KIP-890 part 2), where Produce adds partitions by itself. */
const MAX_PRODUCE_VERSION = 11
const FIRST_PAUSE_MS = 10
/**
 * A broker reads a request into one buffer and refuses one of more than socket.request.max.bytes, 100 MiB by default:
 * it closes the connection, without a word. Larger requests than this are no faster.
 */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024
const MAX_PAUSE_MS = 1_000

export class ProduceQueue {
  /** Called when sequences and broker may disagree: the producer needs a new id or epoch before it goes on. */
  onDoubt: () => void = () => undefined
  private readonly options: ProduceQueueOptions
  private readonly lanes = new Map<string, PartitionLane>()
  private readonly busyLeaders = new Set<number>()
  private identity: ProducerIdentity = { producerId: -1, epoch: -1 }
  private era = 0
  private pumping = false

  constructor(options: ProduceQueueOptions) {
    this.options = options
  }

  /** Starts anew with `identity`: every sequence begins again, and whatever still waits is refused with `reason`. */
  reset(identity: ProducerIdentity, reason: MillraceError): void {
    this.era++
    this.identity = identity
    const waiting = [...this.lanes.values()].flatMap((lane) => lane.queue)
    this.lanes.clear()
    for (const { reject } of waiting) reject(reason)
  }

  /**
   * Resolves with the offset of the batch's first record. The builder is emptied when its turn comes.
   * @throws CLIENT_RECORD_INVALID, and what the broker says of it
   */
  async send(batch: ProduceBatch): Promise<number> {
    checkPlace(batch)
    const key = formatTopicPartition(batch.topic, batch.partition)
    let lane = this.lanes.get(key)
    if (lane === undefined) {
      const { topic, partition } = batch
      lane = { topic, partition, queue: [], sequence: this.options.firstSequence, busy: false }
      this.lanes.set(key, lane)
    }
    const to = lane
    return new Promise((resolve, reject) => {
      const startedMs = this.options.cluster.clock.monotonicMs()
      to.queue.push({ lane: to, batch, resolve, reject, startedMs, bytes: null, sequence: 0, attempts: 0 })
      this.pump()
    })
  }

  private pump(): void {
    if (this.pumping) return
    this.pumping = true
    queueMicrotask(() => {
      this.pumping = false
      this.sendHeads()
    })
  }

  private sendHeads(): void {
    const byLeader = new Map<number, Waiting[]>()
    for (const lane of this.lanes.values()) {
      const head = lane.queue[0]
      if (lane.busy || head === undefined) continue
      const leader = this.options.cluster.cachedLeader(lane.topic, lane.partition)
      if (leader < 0) {
        this.findLeader(head)
        continue
      }
      if (this.busyLeaders.has(leader)) continue
      const list = byLeader.get(leader)
      if (list === undefined) byLeader.set(leader, [head])
      else list.push(head)
    }
    for (const [leader, heads] of byLeader) void this.produce(leader, this.fitting(heads))
  }

  /** As many as one request may carry; the others go with the next one, before those sent now have another turn. */
  private fitting(heads: readonly Waiting[]): readonly Waiting[] {
    const maxBytes = this.options.maxRequestBytes ?? MAX_REQUEST_BYTES
    let bytes = 0
    const end = heads.findIndex((head, i) => {
      bytes += head.bytes?.length ?? head.batch.builder.sizeBytes
      return i > 0 && bytes > maxBytes
    })
    if (end < 0) return heads
    const sent = heads.slice(0, end)
    for (const { lane } of sent) {
      const key = formatTopicPartition(lane.topic, lane.partition)
      this.lanes.delete(key)
      this.lanes.set(key, lane)
    }
    return sent
  }

  private findLeader(head: Waiting): void {
    head.lane.busy = true
    this.options.cluster.leader(head.lane.topic, head.lane.partition).then(
      (leader) => {
        if (leader < 0) this.retry(head, leaderless(head.lane))
        else this.release(head)
      },
      (error) => this.unanswered(head, error),
    )
  }

  private async produce(leader: number, heads: readonly Waiting[]): Promise<void> {
    const { cluster, transactionalId } = this.options
    const era = this.era
    this.busyLeaders.add(leader)
    for (const { lane } of heads) lane.busy = true
    try {
      for (const head of heads) this.encode(head)
      const timeoutMs = cluster.requestTimeoutMs
      const response = await cluster.request(
        produceApi,
        { transactionalId, acks: -1, timeoutMs, topicData: topicData(heads) },
        { node: leader },
        { lane: 'produce', maxVersion: MAX_PRODUCE_VERSION, timeoutMs },
      )
      this.busyLeaders.delete(leader)
      if (era !== this.era) return
      const answers = new Map(
        response.responses.flatMap(({ name, partitionResponses }) =>
          partitionResponses.map((answer) => [formatTopicPartition(name, answer.index), answer] as const),
        ),
      )
      for (const head of heads) {
        const answer = answers.get(formatTopicPartition(head.lane.topic, head.lane.partition))
        const named = answer?.recordErrors.map(({ batchIndex }) => batchIndex) ?? []
        this.answered(head, answer?.errorCode ?? KAFKA_ERROR.UNKNOWN_SERVER_ERROR, answer?.baseOffset ?? -1, named)
      }
    } catch (error) {
      this.busyLeaders.delete(leader)
      if (era !== this.era) return
      cluster.markMetadataStale()
      for (const head of heads) this.unanswered(head, error)
    }
    this.pump()
  }

  /** The sequence is reserved here, once: a repeated send carries the same bytes. */
  private encode(head: Waiting): void {
    if (head.bytes !== null) return
    const { builder } = head.batch
    head.sequence = head.lane.sequence
    const { count } = builder
    head.bytes = builder.build({
      producerId: this.identity.producerId,
      producerEpoch: this.identity.epoch,
      baseSequence: this.identity.producerId < 0 ? -1 : head.sequence,
      transactional: this.options.transactionalId !== null,
      compression: this.options.compression,
    })
    head.lane.sequence = (head.sequence + count) % SEQUENCES
  }

  private answered(head: Waiting, code: number, baseOffset: number, named: readonly number[]): void {
    if (code === KAFKA_ERROR.NONE || code === KAFKA_ERROR.DUPLICATE_SEQUENCE_NUMBER) {
      head.lane.queue.shift()
      head.lane.busy = false
      head.resolve(baseOffset)
      return
    }
    const { topic, partition } = head.lane
    const request = this.options.transactionalId === null ? 'IdempotentProduce' : 'Produce'
    const error = brokerError(code, request, `topic ${topic}-${partition}`, { topic, partition })
    if (error.remedy === 'repeat') {
      this.options.cluster.noteError(code, { leaderOf: head.lane })
      this.retry(head, error)
    } else this.rejected(head, error, named)
  }

  private rejected(head: Waiting, error: BrokerError, named: readonly number[]): void {
    // Refused for certain and alone in its partition: the next batch takes its sequence.
    if (error.remedy !== 'abort' && head.attempts === 0) head.lane.sequence = head.sequence
    else this.onDoubt()
    this.refuse(head, error.remedy === 'record' ? new RejectedBatch(error, head.bytes!, named) : error)
  }

  private unanswered(head: Waiting, error: unknown): void {
    const repeated = !isTransportError(error) || this.options.repeatUnanswered || isCertainlyUnsent(error)
    if (mayRepeat(error) && repeated) {
      this.retry(head, error)
      return
    }
    this.giveUp(head, error)
  }

  private retry(head: Waiting, error: unknown): void {
    if (this.options.cluster.clock.monotonicMs() - head.startedMs > this.options.budgetMs) this.giveUp(head, error)
    else this.pause(head)
  }

  /** Its sequence is taken, and the broker has not seen it for certain: whatever follows would be out of order. */
  private giveUp(head: Waiting, error: unknown): void {
    if (head.bytes !== null) this.onDoubt()
    this.refuse(head, error)
  }

  private pause(head: Waiting): void {
    const { cluster } = this.options
    const pauseMs = growingPauseMs(cluster.random, head.attempts++, FIRST_PAUSE_MS, MAX_PAUSE_MS)
    head.lane.busy = true
    cluster.pause(pauseMs).then(
      () => this.release(head),
      (error) => this.refuse(head, error),
    )
  }

  private release(head: Waiting): void {
    head.lane.busy = false
    this.pump()
  }

  private refuse(head: Waiting, error: unknown): void {
    if (head.lane.queue[0] === head) head.lane.queue.shift()
    head.lane.busy = false
    head.reject(error)
    this.pump()
  }
}

function topicData(heads: readonly Waiting[]) {
  const topics = new Map<string, { index: number; records: Buffer }[]>()
  for (const { lane, bytes } of heads) {
    const row = { index: lane.partition, records: bytes! }
    const list = topics.get(lane.topic)
    if (list === undefined) topics.set(lane.topic, [row])
    else list.push(row)
  }
  return [...topics].map(([name, partitionData]) => ({ name, partitionData }))
}

function leaderless({ topic, partition }: PartitionLane): BrokerError {
  const resource = `topic ${formatTopicPartition(topic, partition)}`
  return brokerError(KAFKA_ERROR.LEADER_NOT_AVAILABLE, 'Produce', resource, { topic, partition })
}
