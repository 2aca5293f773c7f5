/** Writes outside transactions: idempotent, in order per partition, retried safely until stored or rejected. */
import { MillraceError } from '../errors.js'
import { initProducerIdApi } from '../protocol/api/init-producer-id.js'
import type { Compression } from '../protocol/batch/compression.js'
import { brokerError } from './broker-error.js'
import type { Cluster } from './cluster.js'
import type { BatchOffsets, ProduceBatch } from './commit.js'
import { ProduceQueue } from './producer/produce-queue.js'

export interface IdempotentProducerOptions {
  readonly cluster: Cluster
  /** How long one batch is repeated. Default 120000. */
  readonly deliveryTimeoutMs?: number
  readonly compression?: Compression
  /** First sequence of every partition. For tests of the roll-over at 2^31. Default 0. */
  readonly firstSequence?: number
}

/** Outside transactions the broker ignores it. */
const NO_TRANSACTION_TIMEOUT_MS = 60_000

export class IdempotentProducer {
  readonly #cluster: Cluster
  readonly #queue: ProduceQueue
  #initializing: Promise<void> | null = null
  #doubtful = true
  #closed = false

  constructor(options: IdempotentProducerOptions) {
    this.#cluster = options.cluster
    this.#queue = new ProduceQueue({
      cluster: options.cluster,
      transactionalId: null,
      budgetMs: options.deliveryTimeoutMs ?? 120_000,
      repeatUnanswered: true,
      compression: options.compression ?? 'none',
      firstSequence: options.firstSequence ?? 0,
    })
    this.#queue.onDoubt = () => {
      this.#doubtful = true
    }
  }

  /** Gets a producer id. `send` does it where needed; calling it early shows a missing right early. */
  init(): Promise<void> {
    this.#initializing ??= this.#initNow().finally(() => {
      this.#initializing = null
    })
    return this.#initializing
  }

  /**
   * Resolves when all are stored, with the offset of each batch. Calls may overlap; order per
   * partition is call order. Rejects with the first failure, when all have ended: what else was stored stays.
   */
  async send(batches: readonly ProduceBatch[]): Promise<BatchOffsets> {
    if (this.#closed) throw this.#closedError()
    if (this.#doubtful) await this.init()
    const results = await Promise.allSettled(batches.map((batch) => this.#queue.send(batch)))
    const offsets = new Map<ProduceBatch, number>()
    results.forEach((result, i) => {
      if (result.status === 'rejected') throw result.reason
      offsets.set(batches[i]!, result.value)
    })
    return offsets
  }

  /** What still waits is rejected with CLIENT_CLOSED. */
  async close(): Promise<void> {
    this.#closed = true
    this.#queue.reset({ producerId: -1, epoch: -1 }, this.#closedError())
  }

  async #initNow(): Promise<void> {
    const response = await this.#cluster.call(
      initProducerIdApi,
      { transactionalId: null, transactionTimeoutMs: NO_TRANSACTION_TIMEOUT_MS },
      { any: true },
      { lane: 'produce' },
      ({ errorCode }) => (errorCode === 0 ? null : brokerError(errorCode, 'InitProducerId', 'the cluster')),
    )
    if (this.#closed) throw this.#closedError()
    const reason = new MillraceError(
      'CLIENT_REQUEST_FAILED',
      'A write was dropped, because the outcome of an earlier write of this producer is unknown; send it again.',
      { retriable: true },
    )
    this.#queue.reset({ producerId: response.producerId, epoch: response.producerEpoch }, reason)
    this.#doubtful = false
  }

  #closedError(): MillraceError {
    return new MillraceError('CLIENT_CLOSED', 'A write was dropped: the producer was closed.')
  }
}
