/**
 * The producers of one partition: epochs, the last five batches of each (for de-duplication), open transactions and the
 * index of aborted ones. Rebuilt from the log on recovery.
 */
import { type BatchView, KAFKA_ERROR } from '../../protocol/index.js'

/** A batch as a retry would repeat it. */
export interface WrittenBatch {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly timestamp: number
}

export interface ProducerState {
  epoch: number
  /** The newest last; at most five. */
  batches: WrittenBatch[]
  /** First offset of the open transaction, -1 without one. */
  txnFirstOffset: number
  coordinatorEpoch: number
  lastTimestamp: number
  /** Clock time of the last write, for expiry. */
  touchedMs: number
}

export interface AbortedTxn {
  readonly producerId: number
  readonly firstOffset: number
  /** Offset of its marker. */
  readonly lastOffset: number
}

/** How many batches of a producer may be in flight, and so may be repeated. */
const REMEMBERED_BATCHES = 5

const MAX_SEQUENCE = 0x7fff_ffff

export class ProducerStates {
  readonly byId = new Map<number, ProducerState>()
  /** In the order of their markers. */
  aborted: AbortedTxn[] = []
  readonly #open = new Map<number, number>()
  /** First batches of transactions that were asked about at the coordinator and not written since. */
  readonly #asked = new Map<number, { epoch: number; lowestSequence: number }>()
  #firstOpen = -1

  /** First offset of the oldest open transaction, -1 when none is open. */
  get firstUnstableOffset(): number {
    return this.#firstOpen
  }

  hasOpenTransaction(producerId: number): boolean {
    return this.#open.has(producerId)
  }

  /** The batch this one repeats, if it is a retry of one of the last five. */
  duplicateOf(batch: BatchView): WrittenBatch | undefined {
    const state = this.byId.get(batch.producerId)
    if (state === undefined || state.epoch !== batch.producerEpoch) return undefined
    const last = lastSequence(batch)
    return state.batches.find((b) => b.firstSequence === batch.baseSequence && b.lastSequence === last)
  }

  /** Takes note of the first batch of a transaction before the coordinator is asked about it, whatever it answers. */
  askedAbout({ producerId, producerEpoch, baseSequence }: BatchView): void {
    const known = this.#asked.get(producerId)
    if (known === undefined || producerEpoch > known.epoch) {
      this.#asked.set(producerId, { epoch: producerEpoch, lowestSequence: baseSequence })
    } else if (producerEpoch === known.epoch) {
      known.lowestSequence = Math.min(known.lowestSequence, baseSequence)
    }
  }

  /** KAFKA_ERROR.NONE when a client's batch may be appended. */
  check(batch: BatchView): number {
    const state = this.byId.get(batch.producerId)
    if (state !== undefined && batch.producerEpoch < state.epoch) return KAFKA_ERROR.INVALID_PRODUCER_EPOCH
    const asked = this.#asked.get(batch.producerId)
    if (asked !== undefined && batch.baseSequence > asked.lowestSequence) {
      return KAFKA_ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER
    }
    if (state === undefined) return KAFKA_ERROR.NONE
    if (batch.producerEpoch !== state.epoch) {
      if (batch.baseSequence !== 0) return KAFKA_ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER
    } else {
      const last = state.batches.at(-1)?.lastSequence ?? -1
      const next = last === MAX_SEQUENCE ? 0 : last + 1
      if (batch.baseSequence !== next) return KAFKA_ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER
    }
    if (state.txnFirstOffset >= 0 && !batch.isTransactional) return KAFKA_ERROR.INVALID_TXN_STATE
    return KAFKA_ERROR.NONE
  }

  /** Takes note of a data batch that is now in the log. */
  wrote(batch: BatchView, nowMs: number): void {
    if (batch.producerId < 0) return
    const state = this.#stateOf(batch, nowMs)
    if (batch.isTransactional) this.#asked.delete(batch.producerId)
    if (batch.baseSequence >= 0) {
      state.batches.push({
        firstSequence: batch.baseSequence,
        lastSequence: lastSequence(batch),
        baseOffset: batch.baseOffset,
        lastOffset: batch.lastOffset,
        timestamp: batch.maxTimestamp,
      })
      if (state.batches.length > REMEMBERED_BATCHES) state.batches.shift()
    }
    // Compaction leaves a producer's last batch without records: it opens nothing.
    if (batch.isTransactional && batch.count > 0 && state.txnFirstOffset < 0) {
      state.txnFirstOffset = batch.baseOffset
      this.#open.set(batch.producerId, batch.baseOffset)
      if (this.#firstOpen < 0) this.#firstOpen = batch.baseOffset
    }
  }

  /** Takes note of a commit or abort marker that is now in the log. */
  ended(batch: BatchView, nowMs: number): void {
    const state = this.#stateOf(batch, nowMs)
    this.#asked.delete(batch.producerId)
    const first = state.txnFirstOffset
    state.txnFirstOffset = -1
    state.coordinatorEpoch = 0
    if (first < 0) return
    this.#open.delete(batch.producerId)
    if (first === this.#firstOpen) {
      this.#firstOpen = -1
      for (const offset of this.#open.values()) {
        if (this.#firstOpen < 0 || offset < this.#firstOpen) this.#firstOpen = offset
      }
    }
    if (batch.controlType === 'abort') {
      this.aborted.push({ producerId: batch.producerId, firstOffset: first, lastOffset: batch.baseOffset })
    }
  }

  /** Aborted transactions with data in `[from, upTo)`. */
  abortedIn(from: number, upTo: number): AbortedTxn[] {
    const aborted = this.aborted
    let low = 0
    let high = aborted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (aborted[middle]!.lastOffset < from) low = middle + 1
      else high = middle
    }
    return low === aborted.length ? [] : aborted.slice(low).filter((txn) => txn.firstOffset < upTo)
  }

  /** Forgets aborted transactions whose marker lies before `offset`. */
  logStartMoved(offset: number): void {
    const kept = this.aborted.findIndex((txn) => txn.lastOffset >= offset)
    this.aborted = kept < 0 ? [] : this.aborted.slice(kept)
  }

  /** Forgets producers without an open transaction that wrote nothing since `beforeMs`. */
  expire(beforeMs: number): void {
    for (const [id, state] of this.byId) {
      if (state.txnFirstOffset >= 0 || state.touchedMs >= beforeMs) continue
      this.byId.delete(id)
      this.#asked.delete(id)
    }
  }

  #stateOf(batch: BatchView, nowMs: number): ProducerState {
    let state = this.byId.get(batch.producerId)
    if (state === undefined) {
      state = { epoch: -1, batches: [], txnFirstOffset: -1, coordinatorEpoch: -1, lastTimestamp: -1, touchedMs: nowMs }
      this.byId.set(batch.producerId, state)
    }
    if (batch.producerEpoch > state.epoch) {
      state.epoch = batch.producerEpoch
      state.batches = []
    }
    state.lastTimestamp = batch.maxTimestamp
    state.touchedMs = nowMs
    return state
  }
}

/** Sequences count up to 2^31 - 1 and start again at 0. */
function lastSequence(batch: BatchView): number {
  const last = batch.baseSequence + (batch.lastOffset - batch.baseOffset)
  return last > MAX_SEQUENCE ? last - MAX_SEQUENCE - 1 : last
}
