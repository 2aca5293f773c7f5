/** The batches of one partition that are being sent to its leader, with their producer and sequence numbers. */
import { MillraceError } from '../../errors.js'
import type { Compression } from '../../protocol/batch/compression.js'
import { stampProducer } from '../../protocol/batch/stamp.js'
import { formatTopicPartition } from '../../record/record.js'
import type { ProduceBatch } from '../commit.js'

export interface ProducerIdentity {
  readonly producerId: number
  readonly epoch: number
}

/** What becomes of a batch. Called at once, before the queue chooses what it sends next. */
export interface Delivery {
  /** It takes no records any more. */
  taken?(): void
  /** With the offset of its first record; -1 if the broker does not know it any more. */
  stored(baseOffset: number): void
  failed(error: unknown): void
}

export interface Waiting {
  readonly lane: PartitionLane
  readonly batch: ProduceBatch
  readonly delivery: Delivery
  readonly startedMs: number
  bytes: Buffer | null
  sequence: number
  count: number
  attempts: number
  /** A request with it was not answered, or by an error that says neither yes nor no: it may be stored. */
  uncertain: boolean
  /** Its bytes carry an identity or a sequence that the lane has given up. */
  outdated: boolean
  /** Why it was not stored yet. */
  lastError: unknown
}

export interface PartitionLane {
  readonly topic: string
  readonly partition: number
  readonly queue: Waiting[]
  /** Null: the next batch starts again, with the identity the producer then has. */
  identity: ProducerIdentity | null
  sequence: number
  /** Its head is in a request, waits for a pause, or for its leader. */
  busy: boolean
}

/** By partition, in the order in which they have their turn. */
export class Lanes {
  readonly #lanes = new Map<string, PartitionLane>()

  of(topic: string, partition: number): PartitionLane {
    const key = formatTopicPartition(topic, partition)
    const known = this.#lanes.get(key)
    if (known !== undefined) return known
    const lane = { topic, partition, queue: [], identity: null, sequence: 0, busy: false }
    this.#lanes.set(key, lane)
    return lane
  }

  putLast(lane: PartitionLane): void {
    const key = formatTopicPartition(lane.topic, lane.partition)
    this.#lanes.delete(key)
    this.#lanes.set(key, lane)
  }

  clear(): void {
    this.#lanes.clear()
  }

  [Symbol.iterator](): IterableIterator<PartitionLane> {
    return this.#lanes.values()
  }
}

/** Kafka's sequence numbers run through 0..2^31-1 and begin again. */
const SEQUENCES = 0x8000_0000
const MAX_EPOCH = 0x7fff

export function newWaiting(lane: PartitionLane, batch: ProduceBatch, delivery: Delivery, startedMs: number): Waiting {
  return {
    lane,
    batch,
    delivery,
    startedMs,
    bytes: null,
    sequence: 0,
    count: 0,
    attempts: 0,
    uncertain: false,
    outdated: false,
    lastError: undefined,
  }
}

/** The sequence is reserved here, once: a repeated send carries the same bytes. Its lane has an identity. */
export function encodeBatch(
  waiting: Waiting,
  options: { readonly transactionalId: string | null; readonly compression: Compression },
): void {
  if (waiting.bytes !== null && !waiting.outdated) return
  const { lane, batch, delivery } = waiting
  const { producerId, epoch } = lane.identity!
  if (waiting.bytes !== null) {
    takeSequence(waiting, waiting.count)
    waiting.outdated = false
    stampProducer(waiting.bytes, producerId, epoch, waiting.sequence)
    return
  }
  delivery.taken?.()
  const { count } = batch.builder
  waiting.bytes = batch.builder.build({
    producerId,
    producerEpoch: epoch,
    baseSequence: producerId < 0 ? -1 : lane.sequence,
    transactional: options.transactionalId !== null,
    compression: options.compression,
  })
  takeSequence(waiting, count)
}

/** Gives the batch the lane's next sequence numbers. */
function takeSequence(waiting: Waiting, count: number): void {
  waiting.sequence = waiting.lane.sequence
  waiting.count = count
  waiting.lane.sequence = (waiting.sequence + count) % SEQUENCES
}

/** The batch is not stored for certain: the next one takes its sequence numbers. */
export function giveSequenceBack(waiting: Waiting): void {
  waiting.lane.sequence = waiting.sequence
}

/**
 * The broker's idea of the lane's sequences may differ from ours: they begin again under the next epoch, below which the
 * broker takes nothing any more, so that no late copy of an older batch can come behind a younger one.
 */
export function beginNextEpoch(lane: PartitionLane, firstSequence: number): void {
  const { identity } = lane
  lane.sequence = firstSequence
  if (identity === null) return
  const { producerId, epoch } = identity
  lane.identity = epoch < MAX_EPOCH ? { producerId, epoch: epoch + 1 } : null
}

/** Its time is up. */
export function expiredDelivery({ lane, bytes }: Waiting, budgetMs: number, cause: unknown): MillraceError {
  const { topic, partition } = lane
  const sent = bytes === null ? 'They were never sent.' : 'They may or may not be stored.'
  const why = cause instanceof Error ? ` Last: ${cause.message}` : ''
  const text = `Records for topic "${topic}", partition ${partition}, were not acknowledged within ${budgetMs} ms. ${sent}${why}`
  return new MillraceError('CLIENT_DELIVERY_TIMEOUT', text, { topic, partition, cause })
}
