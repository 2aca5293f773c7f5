/**
 * The transactional producer of the public API: partitions records as Java does, batches them, and writes them in
 * transactions.
 */
import { MillraceError } from '../../errors.js'
import { BatchBuilder } from '../../protocol/batch/batch-builder.js'
import type { Compression } from '../../protocol/batch/compression.js'
import { partitionForKey } from '../../record/partitioner.js'
import { formatTopicPartition } from '../../record/record.js'
import { SchemaPending } from '../../serde/serde.js'
import { Topic } from '../../serde/topic.js'
import type { Cluster } from '../cluster.js'
import type { CommitOutcome, GroupIdentity, OffsetToCommit, ProduceBatch } from '../commit.js'
import { type ClientOptions, clusterOf } from '../connect.js'
import { TransactionManager } from '../transaction/transaction-manager.js'
import { checkProducerOptions } from './check-options.js'
import { checkOffsets, checkRecord } from './check-record.js'
import { encodedOnceKnown, type ProducerRecord } from './encode-record.js'
import { type Outgoing, type OutgoingRecord, outgoingOf } from './outgoing-record.js'
import type { Acknowledgement } from './partition-outbox.js'

export interface TransactionalProducerOptions extends ClientOptions {
  /** One per logical producer, the same after a restart: that is what fences the process before. */
  readonly transactionalId: string
  /** The broker aborts a transaction that is open longer than this. Default 10000. */
  readonly transactionTimeoutMs?: number
  /** Compression of batches. Default `none`. */
  readonly compression?: Compression
  /** A partition's batch is closed at this size. Default 512 KiB; a topic takes 1 MiB unless it says otherwise. */
  readonly batchBytes?: number
  /** So much may wait before records are sent ahead of the commit. Default 8 MiB. */
  readonly bufferBytes?: number
}

/** A record with its topic, as bytes. */
/**
 * `init`, then `begin`, any number of `append`s, `commit` or `abort`, and again. One transaction at a time. Records wait
 * in batches and leave in one request per broker at the commit, or earlier when many wait.
 */
export class TransactionalProducer {
  readonly #cluster: Cluster
  readonly #ownsCluster: boolean
  readonly #transactions: TransactionManager
  readonly #batchBytes: number
  readonly #bufferBytes: number
  readonly #open = new Map<string, ProduceBatch>()
  readonly #turns = new Map<string, number>()
  #closed: ProduceBatch[] = []
  #waitingBytes = 0
  /** Which transaction is open: a record that waited for its topic must not come into the next one. */
  #transaction = 0
  /** Records that wait for their schema, or for the number of partitions of their topic. */
  readonly #placing = new Set<Promise<void>>()
  /** What is on its way to the brokers: nothing of it may come behind the end of its transaction. */
  readonly #sending = new Set<Promise<unknown>>()
  /** A commit or an abort is in progress. */
  #ending = false

  /** @throws CONFIG_INVALID */
  constructor(options: TransactionalProducerOptions) {
    checkProducerOptions(options, 'transactional producer')
    const { batchBytes, bufferBytes, cluster: _shared, connection: _own, ...rest } = options
    const { cluster, isOwn } = clusterOf(options)
    this.#cluster = cluster
    this.#ownsCluster = isOwn
    this.#transactions = new TransactionManager({ ...rest, cluster })
    this.#batchBytes = batchBytes ?? 512 * 1024
    this.#bufferBytes = bufferBytes ?? 8 * 1024 * 1024
  }

  /** Takes the transactional id: fences the process before, whose open transaction is dropped. See TransactionManager. */
  init(): Promise<void> {
    this.#drop()
    return this.#transactions.init()
  }

  /** CLIENT_STATE_INVALID while one is open, and before `init`. */
  begin(): void {
    this.#requireNotEnding()
    this.#transactions.begin()
    this.#transaction++
    this.#drop()
  }

  /**
   * Adds a record to the open transaction. Await it: it waits when much is buffered. After a rejection only `abort`
   * is possible, unless it says CLIENT_RECORD_INVALID: that record was omitted, the transaction continues.
   * @throws CLIENT_RECORD_INVALID, CLIENT_STATE_INVALID (none is open), CLIENT_TOPIC_MISSING, CLIENT_PARTITION_MISSING, and what
   * TransactionManager.send raises.
   */
  append<K, V>(topic: Topic<K, V>, record: ProducerRecord<K, V>): Promise<void>
  append(topic: string, record: ProducerRecord<Uint8Array, Uint8Array>): Promise<void>
  append(record: OutgoingRecord): Promise<void>
  async append(topic: unknown, record?: ProducerRecord<unknown, unknown>): Promise<void> {
    if (record === undefined) {
      checkRecord(topic as OutgoingRecord)
      return this.#appendBytes(topic as OutgoingRecord)
    }
    const serdes = Topic.is(topic) ? topic : null
    const name = serdes?.name ?? (topic as string)
    let outgoing: Outgoing
    try {
      outgoing = outgoingOf(name, serdes, record, this.#cluster.clock.now())
    } catch (error) {
      if (!(error instanceof SchemaPending)) throw error
      const encode = () => outgoingOf(name, serdes, record, this.#cluster.clock.now())
      return this.#later(name, () => encodedOnceKnown(encode, error, this.#cluster))
    }
    return this.#appendBytes(outgoing)
  }

  async #appendBytes(record: Outgoing): Promise<void> {
    this.#requireNotEnding()
    this.#transactions.requireOpen()
    const known = this.#partitions(record)
    if (known === 0) return this.#later(record.topic, async () => record)
    this.#add(record, known)
    if (this.#waitingBytes >= this.#bufferBytes) await this.#sendWaiting()
  }

  /** Of its topic; 0: it is not known, or has grown since it was asked for. */
  #partitions({ topic, partition = 0 }: Outgoing): number {
    const known = this.#cluster.cachedTopic(topic)?.leaders.length ?? 0
    return known > partition ? known : 0
  }

  /** The record waits for its schema, or for the partitions of its topic. Its transaction is not committed meanwhile. */
  async #later(topic: string, encoded: () => Promise<Outgoing>): Promise<void> {
    this.#requireNotEnding()
    this.#transactions.requireOpen()
    const transaction = this.#transaction
    const place = async () => {
      const record = await encoded()
      let known = this.#partitions(record)
      if (known === 0) {
        this.#cluster.markMetadataStale()
        known = (await this.#cluster.topic(topic, record.partition)).leaders.length
      }
      if (transaction !== this.#transaction) throw endedMeanwhile(topic)
      this.#transactions.requireOpen()
      this.#add(record, known)
    }
    const placing = place()
    this.#placing.add(placing)
    await placing.finally(() => this.#placing.delete(placing))
    if (this.#waitingBytes >= this.#bufferBytes && !this.#ending) await this.#sendWaiting()
  }

  #add(record: Outgoing, partitions: number): void {
    const { topic, key, value, timestamp, headers, hashed = key } = record
    const partition = record.partition ?? this.#choose(topic, hashed, partitions)
    const name = formatTopicPartition(topic, partition)
    let batch = this.#open.get(name)
    if (batch === undefined) {
      batch = { topic, partition, builder: new BatchBuilder() }
      this.#open.set(name, batch)
    }
    const before = batch.builder.sizeBytes
    batch.builder.append(timestamp ?? this.#cluster.clock.now(), key, value, headers)
    this.#waitingBytes += batch.builder.sizeBytes - before
    if (batch.builder.sizeBytes >= this.#batchBytes) {
      this.#open.delete(name)
      this.#closed.push(batch)
    }
  }

  /** Sends what waits, inside the open transaction. Resolves with the place of the last record of each batch that it sent. */
  async flush(): Promise<Acknowledgement[]> {
    this.#requireNotEnding()
    return this.#sendWaiting()
  }

  /** Makes consumed offsets part of the open transaction. */
  async sendOffsets(offsets: readonly OffsetToCommit[], identity: GroupIdentity): Promise<void> {
    checkOffsets(offsets)
    this.#requireNotEnding()
    await this.#underWay(this.#transactions.sendOffsets(offsets, identity))
  }

  /**
   * Everything since `begin`, or nothing; see CommitOutcome. After `unknown` and `fenced` call `init`. Nothing may be added
   * until it has ended: CLIENT_STATE_INVALID.
   */
  commit(): Promise<CommitOutcome> {
    return this.#end(async () => {
      try {
        await Promise.all(this.#placing)
        await Promise.all([this.#sendWaiting(), ...this.#sending])
      } catch (cause) {
        await Promise.allSettled(this.#sending)
        return this.#transactions.abort(cause)
      }
      return this.#transactions.commit()
    })
  }

  /** Drops everything since `begin`. After `unknown` and `fenced` call `init`. */
  abort(): Promise<CommitOutcome> {
    return this.#end(async () => {
      this.#drop()
      await Promise.allSettled(this.#sending)
      return this.#transactions.abort()
    })
  }

  /** An open transaction is left to its timeout: commit or abort first. */
  async close(): Promise<void> {
    this.#drop()
    await this.#transactions.close()
    if (this.#ownsCluster) await this.#cluster.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #end(steps: () => Promise<CommitOutcome>): Promise<CommitOutcome> {
    this.#requireNotEnding()
    this.#ending = true
    try {
      return await steps()
    } finally {
      this.#ending = false
    }
  }

  #requireNotEnding(): void {
    if (!this.#ending) return
    throw new MillraceError(
      'CLIENT_STATE_INVALID',
      'A transaction is being ended: await its `commit` or `abort` first.',
    )
  }

  async #sendWaiting(): Promise<Acknowledgement[]> {
    const batches = this.#take()
    if (batches.length === 0) return []
    const counts = batches.map(({ builder }) => builder.count)
    const offsets = await this.#underWay(this.#transactions.send(batches))
    return batches.map((batch, i) => {
      return { topic: batch.topic, partition: batch.partition, offset: offsets.get(batch)! + counts[i]! - 1 }
    })
  }

  async #underWay<T>(sending: Promise<T>): Promise<T> {
    this.#sending.add(sending)
    try {
      return await sending
    } finally {
      this.#sending.delete(sending)
    }
  }

  #choose(topic: string, key: Buffer | null, partitions: number): number {
    if (key !== null) return partitionForKey(key, partitions)
    const turn = this.#turns.get(topic) ?? 0
    this.#turns.set(topic, turn + 1)
    return turn % partitions
  }

  #take(): ProduceBatch[] {
    const batches = [...this.#closed, ...this.#open.values()]
    this.#drop()
    return batches
  }

  #drop(): void {
    this.#open.clear()
    this.#closed = []
    this.#waitingBytes = 0
  }
}

function endedMeanwhile(topic: string): MillraceError {
  return new MillraceError(
    'CLIENT_STATE_INVALID',
    `A record for topic "${topic}" was not sent: its transaction ended during the lookup of the topic; await \`append\`.`,
    { topic },
  )
}
