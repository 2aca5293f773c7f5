/**
 * The transaction coordinator (KIP-98, KIP-360, KIP-447; transaction version 1): producer ids and epochs, the
 * partitions of a transaction, and its end. Methods return Kafka's error codes.
 */
import { isMillraceError } from '../../errors.js'
import { KAFKA_ERROR as E } from '../../protocol/index.js'
import type { Cancel, Clock } from '../../record/clock.js'
import { patientTimer } from '../../record/patient-timer.js'
import type { BrokerSettings } from '../settings.js'
import type { BrokerStorage, StateValue } from '../storage/storage.js'
import type { TransactionMarkers } from './markers.js'
import {
  epochExhausted,
  newTransaction,
  recoverTransaction,
  type Transaction,
  transactionState,
} from './transaction.js'

export interface InitializedProducer {
  readonly error: number
  readonly producerId: number
  readonly producerEpoch: number
}

export interface TransactionCoordinatorOptions {
  readonly clock: Clock
  readonly settings: BrokerSettings
  readonly storage: BrokerStorage
  readonly markers: TransactionMarkers
}

const NEXT_PRODUCER_ID_KEY = 'next-producer-id'

export class TransactionCoordinator {
  readonly #byId = new Map<string, Transaction>()
  readonly #o: TransactionCoordinatorOptions
  #nextProducerId = 0
  #cancelCheck: Cancel | undefined

  constructor(options: TransactionCoordinatorOptions) {
    this.#o = options
  }

  recover(state: ReadonlyMap<string, StateValue>): void {
    this.#nextProducerId = (state.get(NEXT_PRODUCER_ID_KEY)?.next as number | undefined) ?? 0
    for (const [key, value] of state) {
      const txn = recoverTransaction(key, value)
      if (txn === undefined) continue
      this.#byId.set(txn.transactionalId, txn)
      if (txn.status === 'PrepareCommit' || txn.status === 'PrepareAbort')
        this.#o.markers.write(txn, () => this.#complete(txn))
      if (txn.status === 'Ongoing') this.#watchTimeouts()
    }
  }

  close(): void {
    this.#cancelCheck?.()
  }

  all(): Iterable<Transaction> {
    return this.#byId.values()
  }

  get(transactionalId: string): Transaction | undefined {
    return this.#byId.get(transactionalId)
  }

  /** A producer id and epoch; `expected` is what the producer believes it has, undefined at its start. */
  initProducerId(
    transactionalId: string | null,
    timeoutMs: number,
    expected: { producerId: number; epoch: number } | undefined,
  ): InitializedProducer | Promise<InitializedProducer> {
    if (transactionalId === null) return { error: E.NONE, producerId: this.#allocateProducerId(), producerEpoch: 0 }
    if (transactionalId === '') return refused(E.INVALID_REQUEST)
    if (timeoutMs <= 0 || timeoutMs > this.#o.settings.maxTransactionTimeoutMs) {
      return refused(E.INVALID_TRANSACTION_TIMEOUT)
    }
    let txn = this.#byId.get(transactionalId)
    if (txn === undefined) {
      txn = newTransaction(transactionalId, this.#allocateProducerId())
      this.#byId.set(transactionalId, txn)
    }
    if (txn.busy) return refused(E.CONCURRENT_TRANSACTIONS)
    if (expected !== undefined && !mayContinue(txn, expected)) return refused(E.PRODUCER_FENCED)
    if (txn.status === 'PrepareCommit' || txn.status === 'PrepareAbort') return refused(E.CONCURRENT_TRANSACTIONS)
    if (txn.status === 'Ongoing') return this.#fenceAndAbort(txn)
    const error = this.#bumpEpoch(txn, expected?.epoch)
    if (error !== E.NONE) return refused(error)
    txn.timeoutMs = timeoutMs
    txn.status = 'Empty'
    txn.startMs = -1
    this.#o.storage.put([transactionState(txn)])
    return { error: E.NONE, producerId: txn.producerId, producerEpoch: txn.epoch }
  }

  /** Adds partitions, or a group's offsets, to the producer's transaction, opening it where none is open. */
  add(
    transactionalId: string,
    producerId: number,
    epoch: number,
    what: { readonly topics?: readonly { name: string; partitions: readonly number[] }[]; readonly groupId?: string },
  ): number {
    if (transactionalId === '') return E.INVALID_REQUEST
    const txn = this.#byId.get(transactionalId)
    if (txn === undefined || txn.producerId !== producerId) return E.INVALID_PRODUCER_ID_MAPPING
    if (txn.epoch !== epoch) return E.PRODUCER_FENCED
    if (txn.busy || txn.status === 'PrepareCommit' || txn.status === 'PrepareAbort') return E.CONCURRENT_TRANSACTIONS
    if (txn.status !== 'Ongoing') {
      txn.status = 'Ongoing'
      txn.startMs = this.#o.clock.now()
      this.#watchTimeouts()
    }
    for (const { name, partitions } of what.topics ?? []) {
      const known = txn.partitions.get(name) ?? new Set()
      for (const partition of partitions) known.add(partition)
      txn.partitions.set(name, known)
    }
    if (what.groupId !== undefined) txn.groups.add(what.groupId)
    this.#o.storage.put([transactionState(txn)])
    return E.NONE
  }

  /**
   * Whether a producer may write to a partition, or for a group, within its transaction (KIP-890 part 1). NONE,
   * INVALID_PRODUCER_ID_MAPPING, INVALID_PRODUCER_EPOCH, CONCURRENT_TRANSACTIONS, TRANSACTION_ABORTABLE.
   */
  verify(
    transactionalId: string,
    producerId: number,
    epoch: number,
    what: { readonly topic: string; readonly partition: number } | { readonly groupId: string },
  ): number {
    const txn = this.#byId.get(transactionalId)
    if (txn === undefined || txn.producerId !== producerId) return E.INVALID_PRODUCER_ID_MAPPING
    if (txn.epoch !== epoch) return E.INVALID_PRODUCER_EPOCH
    if (txn.status === 'PrepareCommit' || txn.status === 'PrepareAbort') return E.CONCURRENT_TRANSACTIONS
    const added = 'groupId' in what ? txn.groups.has(what.groupId) : txn.partitions.get(what.topic)?.has(what.partition)
    return added ? E.NONE : E.TRANSACTION_ABORTABLE
  }

  /** Ends the producer's transaction. The answer waits for the disk where there is one. */
  end(transactionalId: string, producerId: number, epoch: number, commit: boolean): number | Promise<number> {
    if (transactionalId === '') return E.INVALID_REQUEST
    const txn = this.#byId.get(transactionalId)
    if (txn === undefined || txn.producerId !== producerId) return E.INVALID_PRODUCER_ID_MAPPING
    if (txn.epoch !== epoch) return E.PRODUCER_FENCED
    if (txn.busy) return E.CONCURRENT_TRANSACTIONS
    switch (txn.status) {
      case 'Ongoing':
        return this.#prepare(txn, commit)
      case 'CompleteCommit':
        return commit ? E.NONE : E.INVALID_TXN_STATE
      case 'CompleteAbort':
        return commit ? E.INVALID_TXN_STATE : E.NONE
      case 'PrepareCommit':
        return commit ? E.CONCURRENT_TRANSACTIONS : E.INVALID_TXN_STATE
      case 'PrepareAbort':
        return commit ? E.INVALID_TXN_STATE : E.CONCURRENT_TRANSACTIONS
      case 'Empty':
        return E.INVALID_TXN_STATE
    }
  }

  #prepare(txn: Transaction, commit: boolean): number | Promise<number> {
    if (this.#o.storage.durable) return this.#prepareDurably(txn, commit)
    txn.status = commit ? 'PrepareCommit' : 'PrepareAbort'
    this.#o.storage.put([transactionState(txn)])
    this.#o.markers.write(txn, () => this.#complete(txn))
    return E.NONE
  }

  /** A power loss leaves the decision with all the data before it, or an open transaction, never a torn one. */
  async #prepareDurably(txn: Transaction, commit: boolean): Promise<number> {
    const before = txn.status
    txn.busy = true
    txn.status = commit ? 'PrepareCommit' : 'PrepareAbort'
    try {
      this.#o.storage.put([transactionState(txn)])
      await this.#o.storage.sync()
    } catch (error) {
      if (!isMillraceError(error)) throw error
      txn.status = before
      return E.KAFKA_STORAGE_ERROR
    } finally {
      txn.busy = false
    }
    this.#o.markers.write(txn, () => this.#complete(txn))
    return E.NONE
  }

  #complete(txn: Transaction): void {
    txn.status = txn.status === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort'
    txn.partitions = new Map()
    txn.groups = new Set()
    txn.startMs = -1
    this.#o.storage.put([transactionState(txn)])
  }

  /** Another producer takes the id over: the open transaction is aborted under an epoch nobody has. */
  #fenceAndAbort(txn: Transaction): InitializedProducer | Promise<InitializedProducer> {
    const concurrent = refused(E.CONCURRENT_TRANSACTIONS)
    const ended = this.#abortFenced(txn)
    return ended instanceof Promise ? ended.then(() => concurrent) : concurrent
  }

  #abortFenced(txn: Transaction): number | Promise<number> {
    // KIP-360: whoever had the epoch before may come back with it, until another producer initializes the id.
    txn.lastEpoch = txn.epoch
    txn.epoch += 1
    return this.#prepare(txn, false)
  }

  #bumpEpoch(txn: Transaction, expectedEpoch: number | undefined): number {
    if (epochExhausted(txn.epoch) && (expectedEpoch === undefined || expectedEpoch === txn.epoch)) {
      txn.lastProducerId = txn.producerId
      txn.lastEpoch = expectedEpoch === undefined ? -1 : txn.epoch
      txn.producerId = this.#allocateProducerId()
      txn.epoch = 0
      return E.NONE
    }
    if (expectedEpoch === undefined) {
      txn.lastEpoch = -1
      txn.epoch += 1
      return E.NONE
    }
    if (txn.epoch === -1 || expectedEpoch === txn.epoch) {
      txn.lastEpoch = txn.epoch
      txn.epoch += 1
      return E.NONE
    }
    return expectedEpoch === txn.lastEpoch ? E.NONE : E.PRODUCER_FENCED
  }

  #allocateProducerId(): number {
    const id = this.#nextProducerId
    this.#nextProducerId += 1
    this.#o.storage.put([[NEXT_PRODUCER_ID_KEY, { next: this.#nextProducerId }]])
    return id
  }

  /** Looks at the open transactions every so often, as long as there are any. */
  #watchTimeouts(): void {
    if (this.#cancelCheck !== undefined) return
    this.#cancelCheck = patientTimer(this.#o.clock, this.#o.settings.transactionCheckIntervalMs, () => {
      this.#cancelCheck = undefined
      const nowMs = this.#o.clock.now()
      let open = false
      for (const txn of this.#byId.values()) {
        if (txn.status !== 'Ongoing') continue
        open = true
        if (!txn.busy && txn.startMs + txn.timeoutMs < nowMs) void this.#abortFenced(txn)
      }
      if (open) this.#watchTimeouts()
    })
  }
}

/** Whether a producer with that identity may ask for the next epoch: KIP-360's three cases. */
function mayContinue(txn: Transaction, expected: { producerId: number; epoch: number }): boolean {
  if (txn.epoch === -1 || expected.producerId === txn.producerId) return true
  return expected.producerId === txn.lastProducerId && epochExhausted(expected.epoch)
}

function refused(error: number): InitializedProducer {
  return { error, producerId: -1, producerEpoch: -1 }
}
