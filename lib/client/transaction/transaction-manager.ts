/** Exactly-once writing: transactions over many partitions, with a group's offsets inside (KIP-98, KIP-447). */
import { MillraceError } from '../../errors.js'
import type { Compression } from '../../protocol/batch/compression.js'
import { formatTopicPartition, type TopicPartition } from '../../record/record.js'
import { remedyOf } from '../broker-error.js'
import type { Cluster } from '../cluster.js'
import type { BatchOffsets, CommitOutcome, GroupIdentity, OffsetToCommit, ProduceBatch } from '../commit.js'
import type { ProducerIdentity } from '../producer/partition-lane.js'
import { ProduceQueue } from '../producer/produce-queue.js'
import { EndFailed, TransactionRequests } from './requests.js'
import { type TransactionState, transition } from './states.js'

export interface TransactionManagerOptions {
  readonly cluster: Cluster
  readonly transactionalId: string
  /** The broker aborts a transaction that is open longer than this. Default 10000. */
  readonly transactionTimeoutMs?: number
  readonly compression?: Compression
  /** First sequence of every partition. For tests of the roll-over at 2^31. Default 0. */
  readonly firstSequence?: number
}

export class TransactionManager {
  readonly transactionalId: string
  readonly #cluster: Cluster
  readonly #transactionTimeoutMs: number
  readonly #requests: TransactionRequests
  readonly #queue: ProduceQueue
  readonly #added = new Set<string>()
  readonly #groups = new Set<string>()
  readonly #batchOffsets = new Map<ProduceBatch, number>()
  #current: TransactionState = 'uninitialized'
  #producer: ProducerIdentity = { producerId: -1, epoch: -1 }
  #adding: Promise<void> = Promise.resolve()
  /** Why the id is another producer's, while that is the state. */
  #fencedBy: unknown = null
  /** Sequences may be off, or a request may still be on its way: only InitProducerId ends this transaction safely. */
  #doubtful = false

  constructor(options: TransactionManagerOptions) {
    const { cluster, transactionalId } = options
    this.#cluster = cluster
    this.transactionalId = transactionalId
    this.#transactionTimeoutMs = options.transactionTimeoutMs ?? 10_000
    this.#requests = new TransactionRequests(
      cluster,
      transactionalId,
      Math.max(this.#transactionTimeoutMs, cluster.requestTimeoutMs),
    )
    this.#queue = new ProduceQueue({
      cluster,
      transactionalId,
      budgetMs: this.#transactionTimeoutMs,
      repeatUnanswered: false,
      compression: options.compression ?? 'none',
      firstSequence: options.firstSequence ?? 0,
    })
    this.#queue.onDoubt = () => {
      this.#doubtful = true
    }
  }

  get state(): TransactionState {
    return this.#current
  }

  /**
   * Takes the transactional id: fences every earlier producer of it and waits until its transaction has ended. Before
   * the first transaction, and before committed offsets are read; again after `unknown` and `fenced`.
   * @throws CLIENT_AUTHORIZATION, CLIENT_UNREACHABLE, CLIENT_REQUEST_FAILED; it may be called again.
   */
  async init(): Promise<void> {
    if (this.#current === 'open') this.#enter('abortable')
    this.#enter('initializing')
    try {
      this.#producer = await this.#requests.initProducerId(this.#transactionTimeoutMs)
    } catch (error) {
      this.#enter('uninitialized')
      throw error
    }
    this.#queue.reset(this.#producer, this.#abortedError())
    this.#clear()
    this.#doubtful = false
    this.#enter('ready')
  }

  /**
   * One whole transaction: partitions and offsets are added, written side by side and committed. Never throws for what
   * brokers or the network do; the outcome says what is known.
   */
  async run(
    batches: readonly ProduceBatch[],
    offsets: readonly OffsetToCommit[],
    identity: GroupIdentity | null,
  ): Promise<CommitOutcome> {
    this.begin()
    const written = await Promise.allSettled([this.send(batches), this.sendOffsets(offsets, identity)])
    const failed = written.find((result) => result.status === 'rejected')
    if (failed !== undefined) return this.#failed(failed.reason)
    return this.commit()
  }

  /** CLIENT_STATE_INVALID unless ready. */
  begin(): void {
    this.#enter('open')
  }

  /**
   * Writes inside the open transaction. Resolves with the offset of each batch. After a
   * rejection only `abort` is possible.
   */
  async send(batches: readonly ProduceBatch[]): Promise<BatchOffsets> {
    this.requireOpen()
    if (batches.length === 0) return new Map()
    try {
      await this.#addPartitions(batches)
      const offsets = await allOf(batches.map((batch) => this.#queue.send(batch)))
      const sent = new Map(batches.map((batch, i) => [batch, offsets[i]!]))
      for (const [batch, offset] of sent) this.#batchOffsets.set(batch, offset)
      return sent
    } catch (error) {
      this.#spoil(error)
      throw error
    }
  }

  /** Makes the offsets part of the open transaction. After a rejection only `abort` is possible. */
  async sendOffsets(offsets: readonly OffsetToCommit[], identity: GroupIdentity | null): Promise<void> {
    this.requireOpen()
    if (offsets.length === 0 || identity === null) return
    try {
      if (!this.#groups.has(identity.groupId)) {
        await this.#exclusively(() => this.#requests.addOffsets(this.#producer, identity.groupId))
        this.#groups.add(identity.groupId)
      }
      await this.#requests.commitOffsets(this.#producer, offsets, identity)
    } catch (error) {
      this.#spoil(error)
      throw error
    }
  }

  /** Ends the open transaction; with nothing in it, without asking the broker. */
  async commit(): Promise<CommitOutcome> {
    if (this.#current === 'fenced') return { kind: 'fenced', cause: this.#fencedBy }
    this.#enter('committing')
    if (this.#added.size === 0 && this.#groups.size === 0) {
      this.#enter('ready')
      return { kind: 'committed', batchOffsets: new Map() }
    }
    try {
      await this.#requests.end(this.#producer, true)
    } catch (error) {
      return this.#commitFailed(error)
    }
    const batchOffsets = new Map(this.#batchOffsets)
    this.#clear()
    this.#enter('ready')
    return { kind: 'committed', batchOffsets }
  }

  /** Drops the open transaction. `unknown` when no broker could be asked; then `init` decides. */
  async abort(cause: unknown = null): Promise<CommitOutcome> {
    if (this.#current === 'fenced') return { kind: 'fenced', cause: this.#fencedBy }
    if (this.#doubtful) return this.#abortByInit(cause)
    this.#enter('aborting')
    if (this.#added.size > 0 || this.#groups.size > 0) {
      try {
        await this.#requests.end(this.#producer, false)
      } catch (error) {
        return this.#abortFailed(error, cause)
      }
    }
    this.#clear()
    this.#enter('ready')
    return { kind: 'aborted', cause }
  }

  /** Leaves an open transaction to its timeout or to the next `init` of the same id; call `abort` first to be kind. */
  async close(): Promise<void> {
    if (this.#current === 'closed') return
    this.#enter('closed')
    this.#queue.reset({ producerId: -1, epoch: -1 }, this.#abortedError())
  }

  async #failed(cause: unknown): Promise<CommitOutcome> {
    if (remedyOf(cause) === 'rejoin' && this.#current !== 'fenced') {
      const outcome = await this.abort(cause)
      return outcome.kind === 'aborted' ? { kind: 'staleGeneration' } : outcome
    }
    return this.abort(cause)
  }

  /** InitProducerId ends the transaction and raises the epoch, so that nothing still on its way can act. */
  async #abortByInit(cause: unknown): Promise<CommitOutcome> {
    try {
      await this.init()
    } catch (error) {
      return { kind: 'unknown', cause: error }
    }
    return { kind: 'aborted', cause }
  }

  /** Nothing asked to commit it, so whoever ends it aborts it: InitProducerId does. */
  async #abortFailed(error: unknown, cause: unknown): Promise<CommitOutcome> {
    const failed = asEndFailed(error)
    if (failed.doubt === 'fenced') return this.#fenced(failed.cause)
    this.#enter('unknown')
    return this.#abortByInit(cause)
  }

  #commitFailed(error: unknown): CommitOutcome {
    const { cause, doubt } = asEndFailed(error)
    if (doubt === 'fenced') return this.#fenced(cause)
    this.#enter('unknown')
    return { kind: 'unknown', cause }
  }

  #fenced(cause: unknown): CommitOutcome {
    this.#enter('fenced')
    this.#fencedBy = cause
    return { kind: 'fenced', cause }
  }

  /** Several sends at once add their partitions one request after another; each partition is added once. */
  #addPartitions(batches: readonly ProduceBatch[]): Promise<void> {
    return this.#exclusively(async () => {
      const missing = new Map<string, TopicPartition>()
      for (const { topic, partition } of batches) {
        const key = formatTopicPartition(topic, partition)
        if (!this.#added.has(key)) missing.set(key, { topic, partition })
      }
      if (missing.size === 0) return
      for (const { topic, partition } of missing.values()) {
        // A topic that does not exist is told at once; the coordinator would only say "try again".
        if (this.#cluster.cachedLeader(topic, partition) < 0) await this.#cluster.leader(topic, partition)
      }
      await this.#requests.addPartitions(this.#producer, [...missing.values()])
      for (const key of missing.keys()) this.#added.add(key)
    })
  }

  #exclusively(step: () => Promise<void>): Promise<void> {
    const done = this.#adding.then(step)
    this.#adding = done.catch(() => undefined)
    return done
  }

  #spoil(error: unknown): void {
    const remedy = remedyOf(error)
    if (remedy === 'fenced') {
      if (this.#current === 'open' || this.#current === 'abortable') this.#fenced(error)
      return
    }
    if (remedy !== 'rejoin') this.#doubtful = true
    if (this.#current === 'open') this.#enter('abortable')
  }

  /** CLIENT_STATE_INVALID unless a transaction is open. */
  requireOpen(): void {
    if (this.#current === 'open') return
    throw new MillraceError(
      'CLIENT_STATE_INVALID',
      `Transactional producer "${this.transactionalId}" is ${this.#current}, not open: begin a transaction first, or abort the failed one.`,
    )
  }

  #clear(): void {
    this.#added.clear()
    this.#groups.clear()
    this.#batchOffsets.clear()
  }

  #enter(state: TransactionState): void {
    this.#current = transition(this.transactionalId, this.#current, state)
  }

  #abortedError(): MillraceError {
    return new MillraceError(
      'CLIENT_TRANSACTION_ABORTED',
      `A write of transactional producer "${this.transactionalId}" was dropped with its transaction; send it again.`,
      { retriable: true },
    )
  }
}

function asEndFailed(error: unknown): EndFailed {
  return error instanceof EndFailed ? error : new EndFailed(error, 'unknown')
}

/** Like Promise.all, but waits for all of them before it rejects: nothing is still in progress when an abort begins. */
async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises)
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}
