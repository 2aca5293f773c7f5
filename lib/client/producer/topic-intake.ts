/** Adds records to the batches of one topic, in the order in which they were sent. */
import { isMillraceError, MillraceError } from '../../errors.js'
import { partitionForKey } from '../../record/partitioner.js'
import { SchemaPending } from '../../serde/serde.js'
import { mayRepeat } from '../broker-error.js'
import type { Cluster } from '../cluster.js'
import { growingPauseMs } from '../retry.js'
import { encodeRecord, type GivenSerdes, hashedBytes, type ProducerRecord } from './encode-record.js'
import type { EncodedRecord, RecordOutcome } from './partition-outbox.js'

/** What an intake needs of its producer. */
export interface IntakePort {
  readonly cluster: Cluster
  readonly deliveryTimeoutMs: number
  /** Null: there is room. Otherwise resolves when there may be. */
  room(): Promise<void> | null
  /** Records came to wait here, or (negative) wait here no more. */
  onUnplaced(records: number): void
  add(topic: string, partition: number, record: EncodedRecord, settle: RecordOutcome, startedMs: number): void
}

interface Pending {
  readonly serdes: GivenSerdes
  readonly record: ProducerRecord<unknown, unknown>
  readonly settle: RecordOutcome
  readonly startedMs: number
  attempts: number
}

/** Why a record cannot be placed yet. */
interface Obstacle {
  readonly gone: Promise<unknown>
  /** It should be gone the next time: if not, it is asked again after a pause. */
  readonly once: boolean
}

const FIRST_PAUSE_MS = 10
const MAX_PAUSE_MS = 1_000

export class TopicIntake {
  readonly #topic: string
  readonly #port: IntakePort
  #pending: Pending[] = []
  /** Those before it have been placed. */
  #next = 0
  #flushes: { readonly until: Pending; readonly done: () => void }[] = []
  #running = false
  /** Ends the wait for what keeps the first record: it was dropped. */
  #stop: (error: unknown) => void = () => {}
  #turn = 0

  constructor(topic: string, port: IntakePort) {
    this.#topic = topic
    this.#port = port
  }

  get isWaiting(): boolean {
    return this.#pending.length > 0
  }

  send(serdes: GivenSerdes, record: ProducerRecord<unknown, unknown>, settle: RecordOutcome): void {
    const startedMs = this.#port.cluster.clock.monotonicMs()
    const pending = { serdes, record, settle, startedMs, attempts: 0 }
    const obstacle = this.#running ? null : this.#placed(pending)
    if (!this.#running && obstacle === null) return
    this.#pending.push(pending)
    this.#port.onUnplaced(1)
    if (obstacle !== null) void this.#run(obstacle)
  }

  /** Resolves when every record sent so far is in its batch, or has failed. */
  flush(): Promise<void> {
    const until = this.#pending.at(-1)
    if (until === undefined) return Promise.resolve()
    return new Promise((done) => {
      this.#flushes.push({ until, done })
    })
  }

  /** What still waits here fails. */
  drop(error: unknown): void {
    const dropped = this.#pending.slice(this.#next)
    this.#pending = []
    this.#next = 0
    this.#port.onUnplaced(-dropped.length)
    for (const { settle } of dropped) settle.reject(error)
    this.#stop(error)
    for (const { done } of this.#flushes.splice(0)) done()
  }

  async #run(first: Obstacle): Promise<void> {
    this.#running = true
    let obstacle: Obstacle | null = first
    for (let head = this.#pending[this.#next]; head !== undefined; head = this.#pending[this.#next]) {
      obstacle ??= this.#placed(head)
      if (obstacle === null) {
        this.#passed(head)
        continue
      }
      const failure = await this.#overcome(obstacle, head)
      obstacle = null
      // Otherwise it was dropped meanwhile.
      if (failure !== null && this.#pending[this.#next] === head) this.#failed(head, failure)
    }
    this.#running = false
    this.#pending = []
    this.#next = 0
  }

  #failed(head: Pending, error: unknown): void {
    // It is the same for all that wait, and each would ask the brokers for itself.
    if (isMillraceError(error, 'CLIENT_TOPIC_MISSING', 'CLIENT_AUTHORIZATION')) {
      this.drop(error)
      return
    }
    head.settle.reject(error)
    this.#passed(head)
  }

  #passed(head: Pending): void {
    this.#next++
    this.#port.onUnplaced(-1)
    for (const flush of this.#flushes.filter(({ until }) => until === head)) flush.done()
    this.#flushes = this.#flushes.filter(({ until }) => until !== head)
    if (this.#next < 1_024 || this.#next * 2 < this.#pending.length) return
    this.#pending.splice(0, this.#next)
    this.#next = 0
  }

  /** Waits until the record can be retried: null, or why it fails permanently. */
  async #overcome({ gone, once }: Obstacle, head: Pending): Promise<unknown> {
    const { cluster, deliveryTimeoutMs } = this.#port
    const leftMs = head.startedMs + deliveryTimeoutMs - cluster.clock.monotonicMs()
    let cancel = () => {}
    const timeUp = new Promise<never>((_resolve, reject) => {
      cancel = cluster.clock.setTimer(Math.max(0, leftMs), () => reject(this.#late(undefined)))
      this.#stop = reject
    })
    try {
      await Promise.race([gone, timeUp])
      if (once && head.attempts++ > 0) await Promise.race([this.#pause(head), timeUp])
      return null
    } catch (error) {
      if (isMillraceError(error, 'CLIENT_DELIVERY_TIMEOUT') || !mayRepeat(error)) return error
      if (cluster.clock.monotonicMs() - head.startedMs > deliveryTimeoutMs) return this.#late(error)
      head.attempts++
      return this.#pause(head).then(
        () => null,
        (closed) => closed,
      )
    } finally {
      cancel()
    }
  }

  #pause({ attempts }: Pending): Promise<void> {
    const { cluster } = this.#port
    return cluster.pause(growingPauseMs(cluster.random, attempts - 1, FIRST_PAUSE_MS, MAX_PAUSE_MS))
  }

  /** Null: it is in its batch, or has failed. */
  #placed({ serdes, record, settle, startedMs }: Pending): Obstacle | null {
    const { cluster } = this.#port
    const room = this.#port.room()
    if (room !== null) return { gone: room, once: false }
    try {
      const encoded = encodeRecord(this.#topic, serdes, record, cluster.clock.now())
      const { partition } = record
      const partitions = cluster.cachedTopic(this.#topic)?.leaders.length ?? 0
      if (partitions <= (partition ?? 0)) {
        cluster.markMetadataStale()
        return { gone: cluster.topic(this.#topic, partition), once: true }
      }
      const hashed = hashedBytes(this.#topic, serdes, record, encoded)
      const chosen = partition ?? (hashed === null ? this.#turn++ % partitions : partitionForKey(hashed, partitions))
      this.#port.add(this.#topic, chosen, encoded, settle, startedMs)
    } catch (error) {
      if (error instanceof SchemaPending) return { gone: error.ready, once: true }
      settle.reject(error)
    }
    return null
  }

  #late(cause: unknown): MillraceError {
    const { deliveryTimeoutMs } = this.#port
    const why = cause instanceof Error ? ` Last: ${cause.message}` : ''
    const text = `A record for topic "${this.#topic}" found no room, schema or topic within ${deliveryTimeoutMs} ms: it was never sent.${why}`
    return new MillraceError('CLIENT_DELIVERY_TIMEOUT', text, { topic: this.#topic, cause })
  }
}
