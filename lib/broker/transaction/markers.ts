/** Writes the markers that end a transaction: one per partition, and one step per group with pending offsets. */
import { controlBatch } from '../../protocol/index.js'
import type { Cancel, Clock } from '../../record/clock.js'
import type { Random } from '../../record/random.js'
import type { GroupOffsets } from '../group/offsets.js'
import type { Topics } from '../topics.js'
import type { Transaction } from './transaction.js'

export interface TransactionMarkersOptions {
  readonly clock: Clock
  readonly random: Random
  readonly topics: Topics
  readonly offsets: GroupOffsets
  /** Longest delay of each marker; 0 writes them at once. */
  readonly markerDelayMs: number
  readonly report: (line: string) => void
}

const COORDINATOR_EPOCH = 0

/** A marker that could not be stored is retried after this. */
const RETRY_MS = 100

export class TransactionMarkers {
  readonly #o: TransactionMarkersOptions
  readonly #timers = new Set<Cancel>()

  constructor(options: TransactionMarkersOptions) {
    this.#o = options
  }

  /** Writes every marker of a prepared transaction, then calls `done`: within this call, unless markers are delayed. */
  write(txn: Transaction, done: () => void): void {
    const commit = txn.status === 'PrepareCommit'
    const marker = markerOf(txn)
    const steps: (() => void)[] = []
    for (const [topic, partitions] of txn.partitions) {
      for (const partition of partitions) steps.push(() => this.#writeOne(marker, topic, partition))
    }
    for (const groupId of txn.groups) steps.push(() => this.#o.offsets.settle(txn.producerId, groupId, commit))
    let left = steps.length
    const finished = () => {
      left -= 1
      if (left === 0) done()
    }
    if (steps.length === 0) done()
    const { markerDelayMs, random } = this.#o
    for (const step of steps) this.#run(step, markerDelayMs === 0 ? 0 : 1 + random.int(markerDelayMs), finished)
  }

  close(): void {
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
  }

  #run(step: () => void, delayMs: number, finished: () => void): void {
    if (delayMs > 0) {
      const cancel = this.#o.clock.setTimer(delayMs, () => {
        this.#timers.delete(cancel)
        this.#run(step, 0, finished)
      })
      this.#timers.add(cancel)
      return
    }
    try {
      step()
    } catch (error) {
      this.#o.report(`a transaction marker could not be stored; it is retried: ${String(error)}`)
      this.#run(step, RETRY_MS, finished)
      return
    }
    finished()
  }

  /** A partition that was deleted meanwhile needs no marker. */
  #writeOne(marker: (nowMs: number) => Buffer, topic: string, partition: number): void {
    const nowMs = this.#o.clock.now()
    this.#o.topics.log(topic, partition)?.append(Buffer.from(marker(nowMs)), nowMs)
  }
}

/** The marker of a prepared transaction, made once for all partitions that get it in the same millisecond. */
function markerOf({ status, producerId, epoch: producerEpoch }: Transaction): (nowMs: number) => Buffer {
  const type = status === 'PrepareCommit' ? 'commit' : 'abort'
  let madeMs = -1
  let made: Buffer
  return (timestamp) => {
    if (timestamp !== madeMs) {
      madeMs = timestamp
      made = controlBatch({ type, producerId, producerEpoch, coordinatorEpoch: COORDINATOR_EPOCH, timestamp })
    }
    return made
  }
}
