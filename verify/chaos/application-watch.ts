/** The broker's view of a running application: committed offsets, open transactions, last stable offsets. */
import { listOffsets } from '../../lib/client/list-offsets.js'
import { Admin, type Cluster } from '../../lib/index.js'
import { describeTransactionsApi } from '../../lib/protocol/api/describe-transactions.js'
import { listTransactionsApi } from '../../lib/protocol/api/list-transactions.js'
import { metadataApi } from '../../lib/protocol/api/metadata.js'
import type { TopicPartition } from '../../lib/record/record.js'

/** One transactional id, as its coordinator describes it. */
export interface TransactionState {
  readonly transactionalId: string
  /** `Ongoing`, `PrepareCommit`, `CompleteCommit`, `PrepareAbort`, `CompleteAbort` or `Empty`. */
  readonly state: string
  readonly producerId: number
  /** Each life of an instance has a higher one than the life before. */
  readonly producerEpoch: number
  readonly startedAt: number
  readonly partitions: readonly TopicPartition[]
}

export interface OpenPartition extends TopicPartition {
  readonly lastStableOffset: number
  readonly highWatermark: number
}

const ADMIN = { lane: 'admin' } as const

export class ApplicationWatch {
  readonly #cluster: Cluster
  readonly #admin: Admin
  readonly #applicationId: string
  readonly #activity: string
  readonly #wentBack: string[] = []
  #latest: readonly number[] = []

  constructor(cluster: Cluster, applicationId: string, activityTopic: string) {
    this.#cluster = cluster
    this.#admin = new Admin(cluster)
    this.#applicationId = applicationId
    this.#activity = activityTopic
  }

  /** Each time a committed offset was seen below an earlier one. */
  get wentBack(): readonly string[] {
    return this.#wentBack
  }

  /** Sum over the input's partitions of what the group has committed; 0 before the topic exists. */
  async committedInput(): Promise<number> {
    if (!(await this.#cluster.existing([this.#activity])).has(this.#activity)) return 0
    const count = await this.#cluster.partitionCount(this.#activity)
    const partitions = Array.from({ length: count }, (_, partition) => ({ topic: this.#activity, partition }))
    const found = await this.#admin.groupOffsets(this.#applicationId, partitions)
    const offsets = found.map(({ offset }) => Math.max(0, offset))
    for (const [partition, before] of this.#latest.entries()) {
      const now = offsets[partition] ?? 0
      if (now < before) this.#wentBack.push(`${this.#activity}-${partition} went from ${before} back to ${now}`)
    }
    this.#latest = offsets
    return offsets.reduce((sum, offset) => sum + offset, 0)
  }

  /** Sum over the input's partitions of their last stable offsets. */
  async ends(): Promise<number> {
    const count = await this.#cluster.partitionCount(this.#activity)
    const partitions = Array.from({ length: count }, (_, partition) => ({ topic: this.#activity, partition }))
    const found = await listOffsets(this.#cluster, partitions, 'latest', 'readCommitted')
    return found.reduce((sum, { offset }) => sum + offset, 0)
  }

  /** Records of the input that the group has not committed; meant for topics without transactions. */
  async lag(): Promise<number> {
    return (await this.ends()) - (await this.committedInput())
  }

  /** The transactional ids of the application's instances. */
  async transactionalIds(): Promise<string[]> {
    return this.#ids(`${this.#applicationId}-`)
  }

  async #ids(prefix: string): Promise<string[]> {
    const ids: string[] = []
    const { brokers } = await this.#cluster.request(metadataApi, { topics: [] }, { any: true }, ADMIN)
    for (const { nodeId } of brokers) {
      const body = { stateFilters: [], producerIdFilters: [] }
      const found = await this.#cluster.request(listTransactionsApi, body, { node: nodeId }, ADMIN)
      for (const { transactionalId } of found.transactionStates) {
        if (transactionalId.startsWith(prefix)) ids.push(transactionalId)
      }
    }
    return ids
  }

  /** Null where the coordinator does not know the id, or is not there at the moment. */
  async transaction(transactionalId: string): Promise<TransactionState | null> {
    const target = { coordinator: 'transaction', key: transactionalId } as const
    const body = { transactionalIds: [transactionalId] }
    const [row] = (await this.#cluster.request(describeTransactionsApi, body, target, ADMIN)).transactionStates
    if (row === undefined || row.errorCode !== 0) return null
    return {
      transactionalId,
      state: row.transactionState,
      producerId: row.producerId,
      producerEpoch: row.producerEpoch,
      startedAt: row.transactionStartTimeMs,
      partitions: row.topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition }))),
    }
  }

  /** Those of `partitions` whose last stable offset lies before their end. */
  async openPartitions(partitions: readonly TopicPartition[]): Promise<OpenPartition[]> {
    if (partitions.length === 0) return []
    const stable = await listOffsets(this.#cluster, partitions, 'latest', 'readCommitted')
    const ends = await listOffsets(this.#cluster, partitions, 'latest', 'readUncommitted')
    return partitions
      .map((place, i) => ({ ...place, lastStableOffset: stable[i]!.offset, highWatermark: ends[i]!.offset }))
      .filter(({ lastStableOffset, highWatermark }) => lastStableOffset < highWatermark)
  }

  /** The application's topics that exist: those of its prefix, and its internal ones. */
  async topics(prefix: string): Promise<Map<string, number>> {
    const body = { topics: null, allowAutoTopicCreation: false }
    const found = await this.#cluster.request(metadataApi, body, { any: true }, ADMIN)
    const ours = found.topics.filter(
      ({ name }) => name !== null && (name.startsWith(prefix) || name.startsWith(`${this.#applicationId}-`)),
    )
    return new Map(ours.map(({ name, partitions }) => [name!, partitions.length]))
  }

  /** What is not at rest: transactions still open, partitions not yet stable, input not committed. Empty when all is. */
  async unsettled(prefix: string): Promise<string[]> {
    const found: string[] = []
    for (const id of [...(await this.transactionalIds()), ...(await this.#ids(prefix))]) {
      const transaction = await this.transaction(id)
      if (transaction !== null && /^(Ongoing|Prepare)/.test(transaction.state)) {
        found.push(`transaction of ${id} is ${transaction.state}`)
      }
    }
    const topics = await this.topics(prefix)
    const partitions = [...topics].flatMap(([topic, count]) =>
      Array.from({ length: count }, (_, partition) => ({ topic, partition })),
    )
    for (const { topic, partition, lastStableOffset, highWatermark } of await this.openPartitions(partitions)) {
      found.push(`${topic}-${partition} is stable to ${lastStableOffset} of ${highWatermark}`)
    }
    return found
  }

  /** Deletes the application's topics and its group. */
  async clear(prefix: string): Promise<void> {
    await this.#admin.deleteTopics([...(await this.topics(prefix)).keys()])
    await this.#admin.deleteGroup(this.#applicationId).catch(() => undefined)
  }
}
