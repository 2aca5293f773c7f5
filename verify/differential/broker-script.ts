/** Steps sent to one broker, and what it answered, so that two brokers can be compared. */
import * as p from '../../lib/protocol/index.js'
import { kafkaErrorName, readBatches } from '../../lib/protocol/index.js'
import { delay, systemClock } from '../../lib/record/clock.js'
import type { RawClient } from './raw-client.js'

/** What one broker answered, step by step, in words that do not depend on ids and times. */
export class Script {
  readonly lines: string[] = []
  readonly client: RawClient
  readonly name: string

  constructor(client: RawClient, name: string) {
    this.client = client
    this.name = name
  }

  note(step: string, ...outcome: unknown[]): void {
    this.lines.push(
      `${step}: ${outcome.map((part) => (typeof part === 'object' ? JSON.stringify(part) : part)).join(' ')}`,
    )
  }

  error(step: string, code: number, ...more: unknown[]): void {
    this.note(step, kafkaErrorName(code), ...more)
  }

  /** Repeats what a real broker rejects while it is still busy with what came before. */
  async settled<R>(ask: () => Promise<R>, code: (response: R) => number): Promise<R> {
    const busy: number[] = [p.KAFKA_ERROR.CONCURRENT_TRANSACTIONS, p.KAFKA_ERROR.COORDINATOR_LOAD_IN_PROGRESS]
    busy.push(p.KAFKA_ERROR.COORDINATOR_NOT_AVAILABLE, p.KAFKA_ERROR.NOT_COORDINATOR, p.KAFKA_ERROR.NOT_ENOUGH_REPLICAS)
    busy.push(p.KAFKA_ERROR.NOT_LEADER_OR_FOLLOWER)
    for (let i = 0; ; i++) {
      const response = await ask()
      if (!busy.includes(code(response)) || i === 4_000) return response
      await delay(systemClock, 5)
    }
  }

  async createTopic(topic: string, partitions = 1, configs: Record<string, string> = {}, validateOnly = false) {
    const list = Object.entries(configs).map(([name, value]) => ({ name, value }))
    const topics = [{ name: topic, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: list }]
    const [answer] = (await this.client.ask(p.createTopicsApi, 5, { topics, timeoutMs: 10_000, validateOnly })).topics
    if (answer!.errorCode === p.KAFKA_ERROR.NONE && !validateOnly) await this.untilPartitions(topic, partitions)
    return answer!
  }

  /** A real cluster tells its brokers of a change a moment after it was answered. */
  async untilPartitions(name: string, count: number): Promise<void> {
    await this.settled(
      async () => {
        const [topic] = (await this.client.ask(p.metadataApi, 9, { topics: [{ name }] })).topics
        const led = topic!.partitions.filter(({ leaderId, errorCode }) => leaderId >= 0 && errorCode === 0).length
        return led === count ? 0 : p.KAFKA_ERROR.NOT_LEADER_OR_FOLLOWER
      },
      (code) => code,
    )
    if (count === 0) return
    const partitions = Array.from({ length: count }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1 }))
    const topics = [{ name, partitions }]
    await this.settled(
      () => this.client.ask(p.listOffsetsApi, 7, { replicaId: -1, topics }),
      ({ topics: [found] }) =>
        found!.partitions.some(({ errorCode }) => errorCode !== 0) ? p.KAFKA_ERROR.NOT_LEADER_OR_FOLLOWER : 0,
    )
  }

  async produce(topic: string, records: Buffer, transactionalId: string | null = null, version = 10) {
    const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }]
    const body = { transactionalId, acks: -1, timeoutMs: 5_000, topicData }
    const answer = await this.settled(
      () => this.client.ask(p.produceApi, version, body),
      (response) => response.responses[0]!.partitionResponses[0]!.errorCode,
    )
    return answer.responses[0]!.partitionResponses[0]!
  }

  async init(transactionalId: string | null, version = 4, was: object = {}, transactionTimeoutMs = 60_000) {
    await this.client.ask(p.findCoordinatorApi, 3, { key: transactionalId ?? '', keyType: 1 })
    return this.settled(
      () => this.client.ask(p.initProducerIdApi, version, { transactionalId, transactionTimeoutMs, ...was }),
      (response) => response.errorCode,
    )
  }

  async add(
    producer: Producer,
    topics: p.RequestInput<typeof p.addPartitionsToTxnApi>['v3AndBelowTopics'],
    version = 3,
  ) {
    const body = {
      v3AndBelowTransactionalId: producer.transactionalId,
      v3AndBelowProducerId: producer.producerId,
      v3AndBelowProducerEpoch: producer.producerEpoch,
      v3AndBelowTopics: topics!,
    }
    const answer = await this.settled(
      () => this.client.ask(p.addPartitionsToTxnApi, version, body),
      (response) => response.resultsByTopicV3AndBelow[0]!.resultsByPartition[0]!.partitionErrorCode,
    )
    return answer.resultsByTopicV3AndBelow
      .flatMap(({ resultsByPartition }) => resultsByPartition)
      .map(({ partitionErrorCode }) => kafkaErrorName(partitionErrorCode))
      .sort()
  }

  end(producer: Producer, committed: boolean, version = 3) {
    return this.settled(
      () => this.client.ask(p.endTxnApi, version, { ...producer, committed }),
      (response) => response.errorCode,
    )
  }

  async fetch(topic: string, fetchOffset: number, isolationLevel = 1) {
    const topics = [{ topic, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1 << 20 }] }]
    const body = { maxWaitMs: 0, minBytes: 1, isolationLevel, topics, forgottenTopicsData: [] }
    return (await this.client.ask(p.fetchApi, 11, body)).responses[0]!.partitions[0]!
  }

  /** Everything a reader of the partition sees, once the last stable offset is where it is expected. */
  async noteLog(step: string, topic: string, expectedStable: number) {
    const answer = await this.settled(
      () => this.fetch(topic, 0),
      ({ lastStableOffset }) => (lastStableOffset < expectedStable ? p.KAFKA_ERROR.CONCURRENT_TRANSACTIONS : 0),
    )
    const { highWatermark, lastStableOffset, logStartOffset, abortedTransactions, records } = answer
    const aborted = abortedTransactions?.map(({ firstOffset }) => firstOffset)
    this.note(step, { highWatermark, lastStableOffset, logStartOffset, aborted, values: valuesOf(records) })
  }
}

export interface Producer {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

/** Values of the records in fetched bytes, control batches omitted. */
export function valuesOf(records: Buffer | null): (string | null)[] {
  const values: (string | null)[] = []
  for (const batch of readBatches(records ?? Buffer.alloc(0))) {
    if (batch.isControl) continue
    const cursor = batch.records()
    while (cursor.next()) values.push(cursor.value()?.toString() ?? null)
  }
  return values
}
