/**
 * The state of one random script while it runs against one broker, and its steps on logs and transactions. The same
 * seed makes the same steps on another broker while that broker answers the same.
 */
import * as p from '../../lib/protocol/index.js'
import type { Random } from '../../lib/record/random.js'
import { type Producer, Script } from './broker-script.js'
import type { RawClient } from './raw-client.js'

export interface Topic {
  readonly name: string
  partitions: number
}

/** An identity a broker gave out; it stays in the list when a newer one fences it. */
export interface Handle extends Producer {
  readonly isTransactional: boolean
  /** Next sequence number, by topic and partition. */
  readonly sequences: Map<string, number>
}

const COMPRESSIONS = ['none', 'none', 'gzip', 'lz4', 'snappy'] as const
const ODD_OFFSET = [-1, 0, 1, 2, 5, 1_000] as const

export class World {
  readonly script: Script
  readonly random: Random
  readonly client: RawClient
  readonly topics: Topic[] = []
  readonly handles: Handle[] = []
  /** Timestamps are this and a little; the same on both brokers. */
  readonly baseMs: number
  readonly #names = new Map<string, string>()

  constructor(client: RawClient, name: string, random: Random, baseMs: number) {
    this.client = client
    this.script = new Script(client, name)
    this.random = random
    this.baseMs = baseMs
  }

  pick<T>(list: readonly T[]): T {
    return list[this.random.int(list.length)]!
  }

  chance(share: number): boolean {
    return this.random.next() < share
  }

  /** The same word for what is the same: producer ids and member ids differ from broker to broker. */
  nameOf(kind: string, id: number | string): string {
    if (id === -1 || id === '') return 'none'
    const key = `${kind} ${id}`
    const known = this.#names.get(key) ?? `${kind}${this.#names.size}`
    this.#names.set(key, known)
    return known
  }

  /** A partition that exists; now and then one that does not. */
  place(): { topic: string; label: string; partition: number } {
    const index = this.random.int(this.topics.length)
    const { name, partitions } = this.topics[index]!
    const partition = this.chance(0.03) ? partitions : this.random.int(partitions)
    return { topic: name, label: `t${index}-${partition}`, partition }
  }

  async createTopic(): Promise<void> {
    const name = `${this.script.name}-t${this.topics.length}`
    const partitions = 1 + this.random.int(3)
    const configs: Record<string, string> = {}
    if (this.chance(0.2)) configs['cleanup.policy'] = 'compact'
    if (this.chance(0.15)) configs['max.message.bytes'] = '300'
    if (this.chance(0.1)) configs['retention.ms'] = this.pick(['-1', '-2', 'x', '86400000'])
    const { errorCode } = await this.script.createTopic(name, partitions, configs)
    this.script.error(`create ${JSON.stringify(configs)} with ${partitions}`, errorCode)
    if (errorCode !== 0) return
    this.topics.push({ name, partitions })
  }

  #batch(options: p.BatchOptions, count: number, tag: string): Buffer {
    const builder = new p.BatchBuilder()
    for (let i = 0; i < count; i++) {
      const text = (prefix: string) => (this.chance(0.15) ? null : Buffer.from(`${prefix}${this.random.int(6)}`))
      const at = this.baseMs + (this.chance(0.1) ? -60_000 : 0) + this.random.int(1_000)
      builder.append(at, text('k'), this.chance(0.04) ? Buffer.alloc(400, 'x') : text(`${tag}v`))
    }
    return builder.build({ compression: this.pick(COMPRESSIONS), ...options })
  }

  async produce(place: { topic: string; partition: number }, records: Buffer, transactionalId: string | null) {
    const topicData = [{ name: place.topic, partitionData: [{ index: place.partition, records }] }]
    const body = { transactionalId, acks: -1, timeoutMs: 5_000, topicData }
    const answer = await this.script.settled(
      () => this.client.ask(p.produceApi, 10, body),
      (response) => response.responses[0]!.partitionResponses[0]!.errorCode,
    )
    return answer.responses[0]!.partitionResponses[0]!
  }

  async producePlain(): Promise<void> {
    const place = this.place()
    const count = 1 + this.random.int(4)
    const answer = await this.produce(place, this.#batch({}, count, 'p'), null)
    this.script.error(`plain ${count} to ${place.label}`, answer.errorCode, answer.baseOffset, answer.logStartOffset)
  }

  /** Mostly the sequence number that is due; otherwise one that a lost answer, a zombie or a bug would send. */
  async produceSequenced(handle: Handle): Promise<void> {
    const place = this.place()
    const count = 1 + this.random.int(3)
    const due = handle.sequences.get(place.label) ?? 0
    const shift = this.chance(0.8) ? 0 : this.pick([-count, -1, 1, 3, -due])
    const baseSequence = Math.max(0, due + shift)
    const epochShift = this.chance(0.94) ? 0 : this.pick([-1, 1])
    const producerEpoch = Math.max(0, handle.producerEpoch + epochShift)
    const { producerId, isTransactional, transactionalId } = handle
    const transactional = isTransactional && this.chance(0.97)
    const options = { producerId, producerEpoch, baseSequence, transactional }
    const records = this.#batch(options, count, transactional ? 't' : 'i')
    const answer = await this.produce(place, records, transactional ? transactionalId : null)
    if (answer.errorCode === 0 && shift === 0) handle.sequences.set(place.label, due + count)
    const step = `${this.nameOf('P', producerId)} epoch ${producerEpoch} sequence ${baseSequence}+${count} to ${place.label}`
    this.script.error(step, answer.errorCode, answer.baseOffset, answer.logStartOffset)
  }

  async init(): Promise<void> {
    const transactionalId = this.chance(0.25) ? null : `${this.script.name}-x${this.random.int(2)}`
    const last = this.handles.filter((handle) => handle.transactionalId === (transactionalId ?? '')).at(-1)
    const isKnown = last !== undefined && this.chance(0.4)
    const was = isKnown ? { producerId: last.producerId, producerEpoch: last.producerEpoch } : {}
    const answer = await this.script.init(transactionalId, 4, was)
    const { errorCode, producerId, producerEpoch } = answer
    const what = `init ${transactionalId?.slice(-2) ?? 'no id'}${isKnown ? ' with its identity' : ''}`
    this.script.error(what, errorCode, this.nameOf('P', producerId), producerEpoch)
    if (errorCode !== 0) return
    const isTransactional = transactionalId !== null
    const handle = { transactionalId: transactionalId ?? '', producerId, producerEpoch, isTransactional }
    this.handles.push({ ...handle, sequences: new Map() })
    if (isTransactional) await this.untilEnded(transactionalId)
  }

  async addPartitions(handle: Handle): Promise<void> {
    const places = Array.from({ length: 1 + this.random.int(3) }, () => this.place())
    const byTopic = new Map<string, Set<number>>()
    for (const { topic, partition } of places) byTopic.set(topic, (byTopic.get(topic) ?? new Set()).add(partition))
    const topics = [...byTopic].map(([name, partitions]) => ({ name, partitions: [...partitions] }))
    const labels = places.map(({ label }) => label).join(' ')
    this.script.note(`${this.#who(handle)} adds ${labels}`, await this.script.add(handle, topics))
  }

  async end(handle: Handle): Promise<void> {
    const committed = this.chance(0.6)
    const { errorCode } = await this.script.end(handle, committed)
    this.script.error(`${this.#who(handle)} ${committed ? 'commits' : 'aborts'}`, errorCode)
    await this.untilEnded(handle.transactionalId)
  }

  #who({ producerId, producerEpoch }: Handle): string {
    return `${this.nameOf('P', producerId)} epoch ${producerEpoch}`
  }

  /** A real coordinator answers EndTxn before the markers are written. */
  async untilEnded(transactionalId: string): Promise<void> {
    if (transactionalId === '') return
    await this.script.settled(
      () => this.client.ask(p.describeTransactionsApi, 0, { transactionalIds: [transactionalId] }),
      ({ transactionStates: [row] }) =>
        row!.transactionState.startsWith('Prepare') ? p.KAFKA_ERROR.CONCURRENT_TRANSACTIONS : 0,
    )
  }

  async describeTransaction(): Promise<void> {
    const transactionalId = `${this.script.name}-x${this.random.int(3)}`
    const body = { transactionalIds: [transactionalId] }
    const [row] = (await this.client.ask(p.describeTransactionsApi, 0, body)).transactionStates
    // A real cluster keeps offsets in a topic; here they are not in one.
    const own = row!.topics.filter(({ topic }) => !topic.startsWith('__'))
    const topics = own.flatMap(({ topic, partitions }) => partitions.map((n) => `${topic.slice(-2)}-${n}`))
    const producer = this.nameOf('P', row!.errorCode === 0 ? row!.producerId : -1)
    const { errorCode, transactionState, producerEpoch, transactionTimeoutMs } = row!
    const rest = [producer, producerEpoch, transactionTimeoutMs, ...topics.sort()]
    this.script.error(`describe ${transactionalId.slice(-2)}`, errorCode, transactionState, ...rest)
  }

  async describeProducers(): Promise<void> {
    const { topic, partition, label } = this.place()
    const body = { topics: [{ name: topic, partitionIndexes: [partition] }] }
    const [row] = (await this.client.ask(p.describeProducersApi, 0, body)).topics[0]!.partitions
    const active = row!.activeProducers.map(
      (one) =>
        `${this.nameOf('P', one.producerId)}/${one.producerEpoch}/${one.lastSequence}/${one.currentTxnStartOffset}`,
    )
    this.script.error(`producers of ${label}`, row!.errorCode, ...active.sort())
  }

  /** Everything a reader is told and sees, record by record. */
  async fetch(): Promise<void> {
    const { topic, partition, label } = this.place()
    const isolationLevel = this.random.int(2)
    const partitionMaxBytes = this.chance(0.2) ? this.pick([1, 150, 400]) : 1 << 20
    const fetchOffset = this.chance(0.6) ? 0 : this.pick(ODD_OFFSET)
    const topics = [{ topic, partitions: [{ partition, fetchOffset, partitionMaxBytes }] }]
    const body = { maxWaitMs: 0, minBytes: 0, isolationLevel, topics, forgottenTopicsData: [] }
    const answer = (await this.client.ask(p.fetchApi, 11, body)).responses[0]!.partitions[0]!
    // A real broker may name some that begin after what it returned: it asks an index that is not exact.
    const end = p.readBatches(answer.records ?? Buffer.alloc(0)).at(-1)?.lastOffset ?? -1
    const aborted = answer.abortedTransactions
      ?.filter(({ firstOffset }) => firstOffset <= end)
      .map(({ producerId, firstOffset }) => `${this.nameOf('P', producerId)}@${firstOffset}`)
    const step = `fetch ${label} from ${fetchOffset} isolation ${isolationLevel} up to ${partitionMaxBytes}`
    const { errorCode, highWatermark, lastStableOffset, logStartOffset } = answer
    const marks = { highWatermark, lastStableOffset, logStartOffset, aborted: aborted?.sort() }
    this.script.error(step, errorCode, marks, this.#recordsIn(answer.records).join(' '))
  }

  #recordsIn(bytes: Buffer | null): string[] {
    const rows: string[] = []
    for (const batch of p.readBatches(bytes ?? Buffer.alloc(0))) {
      const who = `${this.nameOf('P', batch.producerId)}/${batch.producerEpoch}/${batch.baseSequence}`
      if (batch.isControl) {
        rows.push(`${batch.baseOffset}:${who}:${batch.controlType}`)
        continue
      }
      rows.push(`[${batch.baseOffset}-${batch.lastOffset} ${who} ${batch.codec} ${batch.partitionLeaderEpoch}]`)
      const cursor = batch.records()
      while (cursor.next()) {
        const value = cursor.value()?.toString().slice(0, 8)
        rows.push(`${cursor.offset}:${cursor.key()}=${value}@${cursor.timestamp - this.baseMs}`)
      }
    }
    return rows
  }

  async listOffsets(): Promise<void> {
    const { topic, partition, label } = this.place()
    const spec = this.pick([-1, -1, -2, -3, 0, this.baseMs, this.baseMs + 400, this.baseMs + 5_000])
    const isolationLevel = this.random.int(2)
    const topics = [{ name: topic, partitions: [{ partitionIndex: partition, timestamp: spec }] }]
    const body = { replicaId: -1, isolationLevel, topics }
    const [found] = (await this.client.ask(p.listOffsetsApi, 7, body)).topics[0]!.partitions
    const after = found!.timestamp - this.baseMs
    // A marker carries the time at which it was written; and a segment remembers the latest time of what was deleted.
    const isUnsure = (found!.timestamp > 0 && after > 5_000) || (spec === -3 && found!.offset === -1)
    const where = isUnsure
      ? ['none or a marker']
      : [found!.offset, found!.timestamp > 0 ? after : found!.timestamp, found!.leaderEpoch]
    const when = spec > 0 ? `+${spec - this.baseMs}` : spec
    const step = `list ${label} at ${when} isolation ${isolationLevel}`
    this.script.error(step, found!.errorCode, ...where)
  }
}
