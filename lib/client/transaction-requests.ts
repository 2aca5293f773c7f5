/** The five requests of a transaction (transaction version 1), each with its own rule for what may be repeated. */
import { MillraceError } from '../errors.js'
import type { Api, ResponseOf } from '../protocol/api.js'
import { addOffsetsToTxnApi } from '../protocol/api-add-offsets-to-txn.js'
import { addPartitionsToTxnApi } from '../protocol/api-add-partitions-to-txn.js'
import { endTxnApi } from '../protocol/api-end-txn.js'
import { initProducerIdApi } from '../protocol/api-init-producer-id.js'
import { txnOffsetCommitApi } from '../protocol/api-txn-offset-commit.js'
import { KAFKA_ERROR } from '../protocol/error-codes.js'
import { delay } from '../record/clock.js'
import type { TopicPartition } from '../record/record.js'
import { brokerError } from './broker-error.js'
import { isTransportError, type RequestBody, type RequestOptions } from './broker-link.js'
import type { Cluster, Target } from './cluster.js'
import type { GroupIdentity, OffsetToCommit } from './commit.js'
import type { ProducerIdentity } from './produce-queue.js'
import { isCertainlyUnsent } from './retry.js'
import { groupByTopic } from './topic-grouping.js'

/** The markers of the transaction before are usually written within a few of these. */
const POLL_MS = [1, 1, 1, 2, 2, 3, 4] as const
const MAX_POLL_MS = 5
const NONE = 0

export class TransactionRequests {
  private readonly cluster: Cluster
  private readonly transactionalId: string
  private readonly budgetMs: number
  private readonly target: Target

  /** No request is repeated longer than `budgetMs`. */
  constructor(cluster: Cluster, transactionalId: string, budgetMs: number) {
    this.cluster = cluster
    this.transactionalId = transactionalId
    this.budgetMs = budgetMs
    this.target = { coordinator: 'transaction', key: transactionalId }
  }

  /** Fences every producer of this id, aborts its transaction and waits until that is done. Safe to repeat. */
  async initProducerId(transactionTimeoutMs: number): Promise<ProducerIdentity> {
    const response = await this.repeat(
      initProducerIdApi,
      {
        transactionalId: this.transactionalId,
        transactionTimeoutMs,
        producerId: -1,
        producerEpoch: -1,
      },
      this.target,
      {},
      { operation: 'InitProducerId', resource: this.resource, unansweredToo: true },
      (answer) => answer.errorCode,
    )
    return { producerId: response.producerId, epoch: response.producerEpoch }
  }

  async addPartitions(producer: ProducerIdentity, partitions: readonly TopicPartition[]): Promise<void> {
    await this.repeat(
      addPartitionsToTxnApi,
      {
        v3AndBelowTransactionalId: this.transactionalId,
        v3AndBelowProducerId: producer.producerId,
        v3AndBelowProducerEpoch: producer.epoch,
        v3AndBelowTopics: groupByTopic(partitions, (tp) => tp.partition).map(([name, rows]) => ({
          name,
          partitions: rows,
        })),
      },
      this.target,
      // v4 and later are between brokers and need ClusterAction on the cluster.
      { maxVersion: 3 },
      { operation: 'AddPartitionsToTxn', resource: this.resource },
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
    await this.repeat(
      addOffsetsToTxnApi,
      {
        transactionalId: this.transactionalId,
        producerId: producer.producerId,
        producerEpoch: producer.epoch,
        groupId,
      },
      this.target,
      {},
      { operation: 'AddOffsetsToTxn', resource: this.resource },
      (answer) => answer.errorCode,
    )
  }

  /** KIP-447: the broker refuses a member or generation that is not current. */
  async commitOffsets(
    producer: ProducerIdentity,
    offsets: readonly OffsetToCommit[],
    identity: GroupIdentity,
  ): Promise<void> {
    const { groupId, memberId, generationId, groupInstanceId } = identity
    await this.repeat(
      txnOffsetCommitApi,
      {
        transactionalId: this.transactionalId,
        groupId,
        producerId: producer.producerId,
        producerEpoch: producer.epoch,
        generationId,
        memberId,
        groupInstanceId,
        topics: groupByTopic(offsets, (row) => ({
          partitionIndex: row.partition,
          committedOffset: row.offset,
          committedMetadata: row.metadata,
        })).map(([name, partitions]) => ({ name, partitions })),
      },
      { coordinator: 'group', key: groupId },
      // v5 means transaction version 2; before v3 there is no generation.
      { minVersion: 3, maxVersion: 4 },
      { operation: 'TxnOffsetCommit', resource: `group "${groupId}"` },
      (answer) =>
        answer.topics.flatMap((topic) => topic.partitions).find((row) => row.errorCode !== NONE)?.errorCode ?? NONE,
    )
  }

  /**
   * @throws `ambiguous` tells whether it may have taken effect: an answer was lost, or a coordinator that could not
   * confirm its own write was asked before.
   */
  async end(producer: ProducerIdentity, committed: boolean): Promise<void> {
    let doubt = false
    try {
      await this.repeat(
        endTxnApi,
        {
          transactionalId: this.transactionalId,
          producerId: producer.producerId,
          producerEpoch: producer.epoch,
          committed,
        },
        this.target,
        { maxVersion: 4 },
        { operation: 'EndTxn', resource: this.resource },
        (answer) => {
          if (answer.errorCode === KAFKA_ERROR.COORDINATOR_NOT_AVAILABLE) doubt = true
          return answer.errorCode
        },
      )
    } catch (cause) {
      const lost = isTransportError(cause) && !isCertainlyUnsent(cause)
      throw new EndFailed(cause, doubt || lost || !isAnswer(cause))
    }
  }

  private get resource(): string {
    return `transactional id "${this.transactionalId}"`
  }

  /**
   * Repeats while the broker says that nothing happened yet: a transaction still completing (polled fast, it takes a
   * millisecond or two), or a coordinator that is elsewhere. A lost answer is an error unless `unansweredToo`: a late
   * first copy could otherwise act on the next transaction of the same epoch.
   */
  private async repeat<A extends Api>(
    api: A,
    body: RequestBody<A>,
    target: Target,
    versions: Pick<RequestOptions, 'minVersion' | 'maxVersion'>,
    rule: { readonly operation: string; readonly resource: string; readonly unansweredToo?: boolean },
    codeOf: (response: ResponseOf<A>) => number,
  ): Promise<ResponseOf<A>> {
    const { clock } = this.cluster
    const startedMs = clock.monotonicMs()
    let polls = 0
    let pauseMs = 10
    for (;;) {
      let error: MillraceError
      let waitMs = pauseMs
      try {
        const response = await this.cluster.request(api, body, target, { lane: 'produce', ...versions })
        const code = codeOf(response)
        if (code === NONE) return response
        error = brokerError(code, rule.operation, rule.resource)
        if (!error.retriable) throw error
        this.cluster.noteError(code, target)
        if (code === KAFKA_ERROR.CONCURRENT_TRANSACTIONS) waitMs = POLL_MS[polls++] ?? MAX_POLL_MS
        else pauseMs = Math.min(pauseMs * 2, 500)
      } catch (caught) {
        if (!(caught instanceof MillraceError) || !caught.retriable) throw caught
        if (isTransportError(caught) && rule.unansweredToo !== true && !isCertainlyUnsent(caught)) throw caught
        error = caught
        pauseMs = Math.min(pauseMs * 2, 500)
      }
      if (clock.monotonicMs() - startedMs + waitMs > this.budgetMs) throw error
      await delay(clock, waitMs)
    }
  }
}

/** Why EndTxn failed. */
export class EndFailed extends Error {
  override readonly cause: unknown
  readonly ambiguous: boolean

  constructor(cause: unknown, ambiguous: boolean) {
    super('EndTxn failed')
    this.cause = cause
    this.ambiguous = ambiguous
  }
}

/** Whether a broker answered with an error that says the request was refused. */
function isAnswer(cause: unknown): boolean {
  if (!(cause instanceof MillraceError)) return false
  return cause.kafkaCode !== undefined && cause.kafkaCode !== KAFKA_ERROR.UNKNOWN_SERVER_ERROR && !cause.retriable
}
