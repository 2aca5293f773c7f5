/** The five requests of a transaction (transaction version 1). Each has its own rule for retries. */
import type { MillraceError } from '../../errors.js'
import { addOffsetsToTxnApi } from '../../protocol/api/add-offsets-to-txn.js'
import { addPartitionsToTxnApi } from '../../protocol/api/add-partitions-to-txn.js'
import type { Api, ResponseOf } from '../../protocol/api/define.js'
import { endTxnApi } from '../../protocol/api/end-txn.js'
import { initProducerIdApi } from '../../protocol/api/init-producer-id.js'
import { txnOffsetCommitApi } from '../../protocol/api/txn-offset-commit.js'
import { KAFKA_ERROR } from '../../protocol/error-codes.js'
import type { TopicPartition } from '../../record/record.js'
import { brokerError, mayRepeat, remedyOf } from '../broker-error.js'
import { isTransportError, type RequestBody, type RequestOptions } from '../broker-link.js'
import type { Cluster } from '../cluster.js'
import type { Target } from '../cluster-options.js'
import type { GroupIdentity, OffsetToCommit } from '../commit.js'
import { type RequestName, remedyFor } from '../error-kinds.js'
import { offsetsByTopic } from '../group-offsets.js'
import type { ProducerIdentity } from '../producer/partition-lane.js'
import { growingPauseMs, isCertainlyUnsent } from '../retry.js'
import { groupByTopic } from '../topic-grouping.js'

/** The markers of the transaction before are usually written within a few of these. */
const POLL_MS = [1, 1, 1, 2, 2, 3, 4] as const
const MAX_POLL_MS = 5
/** Polled so often, then with growing pauses: markers take a moment, not seconds. */
const POLLS = 200
const FIRST_PAUSE_MS = 10
const MAX_PAUSE_MS = 500
const NONE = 0

/** Answers to EndTxn after which the transaction is certainly as it was. */
const NOT_BEGUN: ReadonlySet<number> = new Set<number>([
  KAFKA_ERROR.NOT_COORDINATOR,
  KAFKA_ERROR.COORDINATOR_LOAD_IN_PROGRESS,
  KAFKA_ERROR.CONCURRENT_TRANSACTIONS,
  KAFKA_ERROR.THROTTLING_QUOTA_EXCEEDED,
])

export class TransactionRequests {
  readonly #cluster: Cluster
  readonly #transactionalId: string
  readonly #budgetMs: number
  readonly #target: Target

  /** No request is repeated longer than `budgetMs`. */
  constructor(cluster: Cluster, transactionalId: string, budgetMs: number) {
    this.#cluster = cluster
    this.#transactionalId = transactionalId
    this.#budgetMs = budgetMs
    this.#target = { coordinator: 'transaction', key: transactionalId }
  }

  /** Fences every producer of this id, aborts its transaction and waits until that is done. Safe to repeat. */
  async initProducerId(transactionTimeoutMs: number): Promise<ProducerIdentity> {
    const response = await this.#repeat(
      initProducerIdApi,
      {
        transactionalId: this.#transactionalId,
        transactionTimeoutMs,
        producerId: -1,
        producerEpoch: -1,
      },
      this.#target,
      {},
      { request: 'InitProducerId', resource: this.#resource, unansweredToo: true },
      (answer) => answer.errorCode,
    )
    return { producerId: response.producerId, epoch: response.producerEpoch }
  }

  /** The coordinator only says "try again" about what does not exist. CLIENT_TOPIC_MISSING, CLIENT_PARTITION_MISSING. */
  async addPartitions(producer: ProducerIdentity, partitions: readonly TopicPartition[]): Promise<void> {
    const mustExist = async () => {
      this.#cluster.markMetadataStale()
      for (const { topic, partition } of partitions) await this.#cluster.leader(topic, partition)
    }
    await this.#repeat(
      addPartitionsToTxnApi,
      {
        v3AndBelowTransactionalId: this.#transactionalId,
        v3AndBelowProducerId: producer.producerId,
        v3AndBelowProducerEpoch: producer.epoch,
        v3AndBelowTopics: groupByTopic(partitions, (tp) => tp.partition).map(([name, rows]) => ({
          name,
          partitions: rows,
        })),
      },
      this.#target,
      // v4 and later are between brokers and need ClusterAction on the cluster.
      { maxVersion: 3 },
      { request: 'AddPartitionsToTxn', resource: this.#resource, whenUnknown: mustExist },
      (answer) => {
        const codes = answer.resultsByTopicV3AndBelow.flatMap((topic) =>
          topic.resultsByPartition.map((row) => row.partitionErrorCode),
        )
        const told = codes.find((code) => code !== NONE && code !== KAFKA_ERROR.OPERATION_NOT_ATTEMPTED)
        return told ?? codes.find((code) => code !== NONE) ?? NONE
      },
    )
  }

  async addOffsets(producer: ProducerIdentity, groupId: string): Promise<void> {
    await this.#repeat(
      addOffsetsToTxnApi,
      {
        transactionalId: this.#transactionalId,
        producerId: producer.producerId,
        producerEpoch: producer.epoch,
        groupId,
      },
      this.#target,
      {},
      { request: 'AddOffsetsToTxn', resource: this.#resource },
      (answer) => answer.errorCode,
    )
  }

  /** KIP-447: the broker rejects a member or generation that is not current. */
  async commitOffsets(
    producer: ProducerIdentity,
    offsets: readonly OffsetToCommit[],
    identity: GroupIdentity,
  ): Promise<void> {
    const { groupId, memberId, generationId, groupInstanceId } = identity
    await this.#repeat(
      txnOffsetCommitApi,
      {
        transactionalId: this.#transactionalId,
        groupId,
        producerId: producer.producerId,
        producerEpoch: producer.epoch,
        generationId,
        memberId,
        groupInstanceId,
        topics: offsetsByTopic(offsets),
      },
      { coordinator: 'group', key: groupId },
      // v5 means transaction version 2; before v3 there is no generation.
      { minVersion: 3, maxVersion: 4 },
      { request: 'TxnOffsetCommit', resource: `group "${groupId}"` },
      (answer) =>
        answer.topics.flatMap((topic) => topic.partitions).find((row) => row.errorCode !== NONE)?.errorCode ?? NONE,
    )
  }

  /** @throws EndFailed, which says what is known of the transaction */
  async end(producer: ProducerIdentity, committed: boolean): Promise<void> {
    let unsure = false
    try {
      await this.#repeat(
        endTxnApi,
        {
          transactionalId: this.#transactionalId,
          producerId: producer.producerId,
          producerEpoch: producer.epoch,
          committed,
        },
        this.#target,
        { maxVersion: 4 },
        { request: 'EndTxn', resource: this.#resource },
        ({ errorCode }) => {
          if (errorCode !== NONE && !NOT_BEGUN.has(errorCode)) {
            unsure ||= remedyFor('EndTxn', errorCode) !== 'fenced'
          }
          return errorCode
        },
      )
    } catch (cause) {
      throw new EndFailed(cause, unsure ? 'unknown' : afterRefusal(cause))
    }
  }

  get #resource(): string {
    return `transactional id "${this.#transactionalId}"`
  }

  /**
   * Repeats while the broker says that nothing happened yet: a transaction still completing (polled fast, it takes a
   * millisecond or two), or a coordinator that is elsewhere. A lost answer is an error unless `unansweredToo`: a late
   * first copy could otherwise act on the next transaction of the same epoch.
   */
  async #repeat<A extends Api>(
    api: A,
    body: RequestBody<A>,
    target: Target,
    versions: Pick<RequestOptions, 'minVersion' | 'maxVersion'>,
    rule: {
      readonly request: RequestName
      readonly resource: string
      readonly unansweredToo?: boolean
      readonly whenUnknown?: () => Promise<void>
    },
    codeOf: (response: ResponseOf<A>) => number,
  ): Promise<ResponseOf<A>> {
    const { clock, random } = this.#cluster
    const startedMs = clock.monotonicMs()
    let polls = 0
    let failures = 0
    for (;;) {
      let error: MillraceError
      let polling = false
      try {
        const response = await this.#cluster.request(api, body, target, { lane: 'produce', ...versions })
        const code = codeOf(response)
        if (code === NONE) return response
        error = brokerError(code, rule.request, rule.resource)
        this.#cluster.noteError(code, target)
        if (code === KAFKA_ERROR.UNKNOWN_TOPIC_OR_PARTITION) await rule.whenUnknown?.()
        polling = code === KAFKA_ERROR.CONCURRENT_TRANSACTIONS && polls < POLLS
      } catch (caught) {
        if (!mayRepeat(caught)) throw caught
        if (isTransportError(caught) && rule.unansweredToo !== true && !isCertainlyUnsent(caught)) throw caught
        error = caught
      }
      if (!mayRepeat(error)) throw error
      const pauseMs = polling
        ? (POLL_MS[polls++] ?? MAX_POLL_MS)
        : growingPauseMs(random, failures++, FIRST_PAUSE_MS, MAX_PAUSE_MS)
      if (clock.monotonicMs() - startedMs + pauseMs > this.#budgetMs) throw error
      await this.#cluster.pause(pauseMs)
    }
  }
}

/** What is known of a transaction that could not be ended. */
export type EndDoubt =
  /** It may be committed, whatever the answer says: only InitProducerId and the committed offsets tell. */
  | 'unknown'
  /** It is not ours any more, and not committed. */
  | 'fenced'

/** Why EndTxn failed. */
export class EndFailed extends Error {
  override readonly cause: unknown
  readonly doubt: EndDoubt

  constructor(cause: unknown, doubt: EndDoubt) {
    super('EndTxn failed')
    this.cause = cause
    this.doubt = doubt
  }
}

function afterRefusal(cause: unknown): EndDoubt {
  return remedyOf(cause) === 'fenced' ? 'fenced' : 'unknown'
}
