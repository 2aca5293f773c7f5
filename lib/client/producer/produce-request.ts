/** One Produce request: which batches it may contain, its fields, and the result of each batch in its answer. */
import { produceApi } from '../../protocol/api/produce.js'
import { KAFKA_ERROR } from '../../protocol/error-codes.js'
import { formatTopicPartition } from '../../record/record.js'
import { type BrokerError, brokerError } from '../broker-error.js'
import type { Cluster } from '../cluster.js'
import type { PartitionLane, Waiting } from './partition-lane.js'

export interface ProduceAnswer {
  readonly code: number
  readonly baseOffset: number
  /** Places in the batch of the records that the broker names as invalid. */
  readonly named: readonly number[]
}

/** Produce v12 means transaction version 2 (KIP-890 part 2), where Produce adds partitions by itself. */
const MAX_PRODUCE_VERSION = 11
/**
 * A broker reads a request into one buffer and rejects one of more than socket.request.max.bytes, 100 MiB by default:
 * it closes the connection, without a word. Larger requests than this are no faster.
 */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024
/** Not enough replicas have confirmed it in time, which they may yet do. */
export const MAYBE_STORED: ReadonlySet<number> = new Set<number>([
  KAFKA_ERROR.REQUEST_TIMED_OUT,
  KAFKA_ERROR.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
])
/** The leader lacks what came before: it has lost it, or has forgotten the producer. The batch itself is not stored. */
export const BROKER_FORGOT: ReadonlySet<number> = new Set<number>([
  KAFKA_ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER,
  KAFKA_ERROR.UNKNOWN_PRODUCER_ID,
])

/** A request that is given less time than this would only be given up. */
const MIN_REQUEST_MS = 100

/** How long a request may take: no longer than the time of the oldest batch in it, unless that is nearly up. */
export function timeLeftMs(cluster: Cluster, heads: readonly Waiting[], budgetMs: number): number {
  const oldestMs = heads.reduce((least, { startedMs }) => Math.min(least, startedMs), Number.POSITIVE_INFINITY)
  const leftMs = oldestMs + budgetMs - cluster.clock.monotonicMs()
  return Math.min(cluster.requestTimeoutMs, Math.max(Math.ceil(leftMs), MIN_REQUEST_MS))
}

/** Sends `heads` to `leader`, once. Answers in their order. */
export async function requestProduce(
  cluster: Cluster,
  leader: number,
  transactionalId: string | null,
  heads: readonly Waiting[],
  timeoutMs: number,
): Promise<ProduceAnswer[]> {
  const { responses } = await cluster.request(
    produceApi,
    { transactionalId, acks: -1, timeoutMs, topicData: topicData(heads) },
    { node: leader },
    { lane: 'produce', maxVersion: MAX_PRODUCE_VERSION, timeoutMs },
  )
  const answers = new Map(
    responses.flatMap(({ name, partitionResponses }) =>
      partitionResponses.map((answer) => [formatTopicPartition(name, answer.index), answer] as const),
    ),
  )
  return heads.map(({ lane }) => {
    const answer = answers.get(formatTopicPartition(lane.topic, lane.partition))
    return {
      code: answer?.errorCode ?? KAFKA_ERROR.UNKNOWN_SERVER_ERROR,
      baseOffset: answer?.baseOffset ?? -1,
      named: answer?.recordErrors.map(({ batchIndex }) => batchIndex) ?? [],
    }
  })
}

/** As many of `heads` as one request may carry, at least one. */
export function fittingOne(heads: readonly Waiting[], maxBytes = MAX_REQUEST_BYTES): readonly Waiting[] {
  let bytes = 0
  const end = heads.findIndex((head, i) => {
    bytes += head.bytes?.length ?? head.batch.builder.sizeBytes
    return i > 0 && bytes > maxBytes
  })
  return end < 0 ? heads : heads.slice(0, end)
}

/** The partition has no leader at present. */
export function leaderless({ topic, partition }: PartitionLane): BrokerError {
  const resource = `topic ${formatTopicPartition(topic, partition)}`
  return brokerError(KAFKA_ERROR.LEADER_NOT_AVAILABLE, 'Produce', resource, { topic, partition })
}

function topicData(heads: readonly Waiting[]) {
  const topics = new Map<string, { index: number; records: Buffer }[]>()
  for (const { lane, bytes } of heads) {
    const row = { index: lane.partition, records: bytes! }
    const list = topics.get(lane.topic)
    if (list === undefined) topics.set(lane.topic, [row])
    else list.push(row)
  }
  return [...topics].map(([name, partitionData]) => ({ name, partitionData }))
}
