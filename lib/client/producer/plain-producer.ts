/** Sends records outside transactions: idempotent, in order per partition, many at once in few requests. */
import { MillraceError } from '../../errors.js'
import { initProducerIdApi } from '../../protocol/api/init-producer-id.js'
import type { Compression } from '../../protocol/batch/compression.js'
import { kindOf } from '../../record/kind-of.js'
import { formatTopicPartition } from '../../record/record.js'
import { Topic } from '../../serde/topic.js'
import { brokerError, mayRepeat } from '../broker-error.js'
import type { Cluster } from '../cluster.js'
import { type ClientOptions, clusterOf } from '../connect.js'
import { growingPauseMs } from '../retry.js'
import { checkCloseOptions, checkProducerOptions } from './check-options.js'
import type { ProducerRecord } from './encode-record.js'
import { Gate } from './gate.js'
import { type Acknowledgement, type EncodedRecord, PartitionOutbox, type RecordOutcome } from './partition-outbox.js'
import { ProduceQueue } from './produce-queue.js'
import { TopicIntake } from './topic-intake.js'

export interface ProducerOptions extends ClientOptions {
  /** Compression of batches. Default `none`. */
  readonly compression?: Compression
  /** A batch of one partition takes no more than this. Default 512 KiB; a topic takes 1 MiB unless it says otherwise. */
  readonly batchBytes?: number
  /** If more bytes than this wait for the brokers, further records wait unserialised. Default 32 MiB. */
  readonly bufferBytes?: number
  /** How long a record may wait for its acknowledgement, retries included. Default 120000. */
  readonly deliveryTimeoutMs?: number
}

/** Options of {@link Producer.close}. */
export interface ProducerCloseOptions {
  /** How long to wait for what was sent. Default `deliveryTimeoutMs`. */
  readonly timeoutMs?: number
}

/** Outside transactions the broker ignores it. */
const NO_TRANSACTION_TIMEOUT_MS = 60_000
/** So many records may wait for their topic, their schema or room until `ready` waits: their sizes are not known yet. */
const MAX_UNPLACED = 1_000
const FIRST_PAUSE_MS = 20
const MAX_PAUSE_MS = 1_000

/** Sends records outside transactions: idempotent, in order per partition, many at once in few requests. */
export class Producer {
  readonly #cluster: Cluster
  readonly #ownsCluster: boolean
  readonly #queue: ProduceQueue
  readonly #intakes = new Map<string, TopicIntake>()
  readonly #outboxes = new Map<string, PartitionOutbox>()
  readonly #batchBytes: number
  readonly #bufferBytes: number
  readonly #deliveryTimeoutMs: number
  /** Bytes in batches. */
  readonly #bytes: Gate
  /** Records that are in none yet. */
  readonly #unplaced = new Gate(MAX_UNPLACED)
  #identifying = false
  #closing: Promise<void> | null = null
  #closed = false

  /** @throws MillraceError CONFIG_INVALID */
  constructor(options: ProducerOptions) {
    checkProducerOptions(options, 'producer')
    const { cluster, isOwn } = clusterOf(options)
    this.#cluster = cluster
    this.#ownsCluster = isOwn
    this.#batchBytes = options.batchBytes ?? 512 * 1024
    this.#bufferBytes = options.bufferBytes ?? 32 * 1024 * 1024
    this.#deliveryTimeoutMs = options.deliveryTimeoutMs ?? 120_000
    this.#bytes = new Gate(this.#bufferBytes)
    this.#queue = new ProduceQueue({
      cluster,
      transactionalId: null,
      budgetMs: this.#deliveryTimeoutMs,
      repeatUnanswered: true,
      lanesRecover: true,
      compression: options.compression ?? 'none',
      firstSequence: 0,
    })
    this.#queue.onIdentityNeeded = () => void this.#identify()
  }

  /**
   * Resolves when the record is stored on every in-sync replica. Records of one partition are stored in the order of the calls,
   * each once; call it many times without awaiting, and they share requests. A record that fails holds up none behind it.
   *
   * Rejects with CLIENT_RECORD_INVALID, SERIALIZE_FAILED, RECORD_TOO_LARGE, RECORD_REJECTED, CLIENT_TOPIC_MISSING,
   * CLIENT_PARTITION_MISSING, CLIENT_AUTHORIZATION (not stored), CLIENT_DELIVERY_TIMEOUT (its message says whether it may be
   * stored), CLIENT_REQUEST_FAILED, CLIENT_CLOSED.
   */
  send<K, V>(topic: Topic<K, V>, record: ProducerRecord<K, V>): Promise<Acknowledgement>
  send(topic: string, record: ProducerRecord<Uint8Array, Uint8Array>): Promise<Acknowledgement>
  send(topic: unknown, record: ProducerRecord<unknown, unknown>): Promise<Acknowledgement> {
    return new Promise((resolve, reject) => {
      const settle = { resolve, reject }
      if (this.#closing !== null) reject(sentAfterClose())
      else if (typeof record !== 'object' || record === null || Array.isArray(record)) reject(noRecord(record))
      else if (Topic.is(topic)) this.#intake(topic.name).send(topic, record, settle)
      else if (typeof topic === 'string') this.#intake(topic).send(null, record, settle)
      else reject(noTopic(topic))
    })
  }

  /** Resolves when there is room for more: await it between sends that nobody awaits. */
  async ready(): Promise<void> {
    const room = () => this.#bytes.room() ?? this.#unplaced.room()
    for (let full = room(); full !== null; full = room()) await full
  }

  /** Resolves when every record sent before is stored or has failed: `send` says which. */
  async flush(): Promise<void> {
    const waiting = [...this.#intakes.values()].filter(({ isWaiting }) => isWaiting)
    const placed = Promise.all(waiting.map((intake) => intake.flush()))
    await Promise.all([...this.#outboxes.values()].map((outbox) => outbox.flush()))
    await placed
    if (waiting.length > 0) await Promise.all([...this.#outboxes.values()].map((outbox) => outbox.flush()))
  }

  /** Waits for what was sent. What then still waits rejects with CLIENT_CLOSED. */
  async close(options: ProducerCloseOptions = {}): Promise<void> {
    checkCloseOptions(options)
    this.#closing ??= this.#close(options.timeoutMs ?? this.#deliveryTimeoutMs)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(timeoutMs: number): Promise<void> {
    const { clock } = this.#cluster
    let cancel = () => {}
    const timeUp = new Promise<void>((resolve) => {
      cancel = clock.setTimer(timeoutMs, resolve)
    })
    await Promise.race([this.flush(), timeUp])
    cancel()
    this.#closed = true
    for (const intake of this.#intakes.values()) intake.drop(closedError('it was not sent'))
    for (const outbox of this.#outboxes.values()) outbox.drop(closedError('it was not sent'))
    this.#queue.reset(null, closedError('it may or may not be stored'))
    this.#bytes.open()
    this.#unplaced.open()
    if (this.#ownsCluster) await this.#cluster.close()
  }

  #intake(topic: string): TopicIntake {
    const known = this.#intakes.get(topic)
    if (known !== undefined) return known
    const intake = new TopicIntake(topic, {
      cluster: this.#cluster,
      deliveryTimeoutMs: this.#deliveryTimeoutMs,
      room: () => this.#bytes.room(),
      onUnplaced: (records) => this.#unplaced.add(records),
      add: (name, partition, record, settle, startedMs) => this.#add(name, partition, record, settle, startedMs),
    })
    this.#intakes.set(topic, intake)
    return intake
  }

  #add(topic: string, partition: number, record: EncodedRecord, settle: RecordOutcome, startedMs: number): void {
    const sizeBytes = (record.key?.length ?? 0) + (record.value?.length ?? 0)
    if (sizeBytes > this.#bufferBytes) {
      const text = `A record for topic "${topic}" was not sent: its ${sizeBytes} bytes are more than bufferBytes.`
      throw new MillraceError('RECORD_TOO_LARGE', text, { topic, partition, kind: 'record' })
    }
    this.#outbox(topic, partition).add(record, settle, startedMs)
  }

  #outbox(topic: string, partition: number): PartitionOutbox {
    const name = formatTopicPartition(topic, partition)
    const known = this.#outboxes.get(name)
    if (known !== undefined) return known
    const outbox = new PartitionOutbox({
      topic,
      partition,
      queue: this.#queue,
      batchBytes: this.#batchBytes,
      onBytes: (bytes) => this.#bytes.add(bytes),
    })
    this.#outboxes.set(name, outbox)
    return outbox
  }

  /** Asks for a producer id until there is one, nothing waits for it any more, or there can be none. */
  async #identify(): Promise<void> {
    if (this.#identifying) return
    this.#identifying = true
    try {
      this.#queue.identify(await this.#newIdentity())
    } catch (error) {
      if (!mayRepeat(error)) this.#queue.failUnidentified(error)
    }
    this.#identifying = false
    this.#queue.pump()
  }

  async #newIdentity() {
    for (let attempts = 0; ; attempts++) {
      try {
        const timeoutMs = Math.min(this.#cluster.requestTimeoutMs, this.#deliveryTimeoutMs)
        const body = { transactionalId: null, transactionTimeoutMs: NO_TRANSACTION_TIMEOUT_MS }
        const options = { lane: 'produce', timeoutMs } as const
        const response = await this.#cluster.request(initProducerIdApi, body, { any: true }, options)
        const { errorCode, producerId, producerEpoch } = response
        if (errorCode !== 0) throw brokerError(errorCode, 'InitProducerId', 'the cluster')
        return { producerId, epoch: producerEpoch }
      } catch (error) {
        if (!mayRepeat(error) || this.#closed || this.#bytes.count === 0) throw error
        await this.#cluster.pause(growingPauseMs(this.#cluster.random, attempts, FIRST_PAUSE_MS, MAX_PAUSE_MS))
        this.#queue.pump()
      }
    }
  }
}

function closedError(what: string): MillraceError {
  return new MillraceError('CLIENT_CLOSED', `The producer was closed while a record waited: ${what}.`)
}

function sentAfterClose(): MillraceError {
  return new MillraceError('CLIENT_CLOSED', 'A record was not sent: the producer is closed.')
}

function noRecord(record: unknown): MillraceError {
  const text = `A record was not sent: it is ${kindOf(record)}, no object: use send(topic, { key, value }) for each record.`
  return new MillraceError('CLIENT_RECORD_INVALID', text)
}

function noTopic(topic: unknown): MillraceError {
  const text = `A record was not sent: its topic is ${kindOf(topic)}; use a name, or topic(name, { key, value }).`
  return new MillraceError('CLIENT_RECORD_INVALID', text)
}
