/** Builds a Fetch request for partitions of one broker, and assigns the answers to the partitions. */
import { MillraceError } from '../errors.js'
import type { RequestInput, ResponseOf } from '../protocol/api/define.js'
import type { fetchApi } from '../protocol/api/fetch.js'
import { readBatches } from '../protocol/batch/batch.js'
import { committedBatches } from './aborted-filter.js'
import type { Cluster } from './cluster.js'
import type { FetchedBatches, FetchPartition } from './fetch-partition.js'

/** Whether a reader sees records of open and aborted transactions. */
export type Isolation = 'readCommitted' | 'readUncommitted'
export type FetchResponse = ResponseOf<typeof fetchApi>
export type PartitionResponse = FetchResponse['responses'][number]['partitions'][number]

export interface FetchLimits {
  readonly isolation: Isolation
  readonly maxBytes: number
  readonly partitionMaxBytes: number
  readonly maxWaitMs: number
  /** Default 1: the broker answers as soon as there is anything. */
  readonly minBytes?: number
}

/** First version that names topics by id. */
const TOPIC_IDS_FROM = 13
/** First version in which the broker compares what was read with its log. */
const LAST_EPOCH_FROM = 12

/** So many partitions are asked for with the wait that was set; more wait longer, up to the limit. */
const PARTITIONS_PER_WAIT = 100
const MAX_WAIT_MS = 5_000

/**
 * How long a broker holds an empty answer about so many partitions. What a long poll costs grows with its partitions, so
 * the more there are the fewer are sent: an idle instance costs the same with 2,000 tasks. Data is answered at once.
 */
export function longPollMs(maxWaitMs: number, partitions: number): number {
  return Math.max(maxWaitMs, Math.min(Math.round((maxWaitMs * partitions) / PARTITIONS_PER_WAIT), MAX_WAIT_MS))
}

export function fetchBody(
  cluster: Cluster,
  partitions: readonly FetchPartition[],
  limits: FetchLimits,
  version: number,
): RequestInput<typeof fetchApi> {
  const byTopic = new Map<string, FetchPartition[]>()
  for (const partition of partitions) {
    const list = byTopic.get(partition.topic)
    if (list === undefined) byTopic.set(partition.topic, [partition])
    else list.push(partition)
  }
  return {
    maxWaitMs: limits.maxWaitMs,
    minBytes: limits.minBytes ?? 1,
    maxBytes: limits.maxBytes,
    isolationLevel: limits.isolation === 'readCommitted' ? 1 : 0,
    // No fetch session (KIP-227): every request is complete in itself.
    sessionId: 0,
    sessionEpoch: -1,
    topics: [...byTopic].map(([topic, list]) => ({
      ...(version < TOPIC_IDS_FROM ? { topic } : { topicId: cluster.cachedTopic(topic)?.id ?? '' }),
      partitions: list.map((p) => {
        p.askedEpoch = cluster.leaderEpoch(topic, p.partition)
        return {
          partition: p.partition,
          currentLeaderEpoch: p.askedEpoch,
          fetchOffset: p.position,
          ...(version < LAST_EPOCH_FROM ? {} : { lastFetchedEpoch: p.lastEpoch }),
          partitionMaxBytes: limits.partitionMaxBytes,
        }
      }),
    })),
  }
}

/** Calls `each` for every partition of the response that was asked for. */
export function matchResponses(
  cluster: Cluster,
  asked: readonly FetchPartition[],
  response: FetchResponse,
  each: (partition: FetchPartition, answer: PartitionResponse) => void,
): void {
  const byTopic = new Map<string, FetchPartition[]>()
  for (const partition of asked) {
    const list = byTopic.get(partition.topic)
    if (list === undefined) byTopic.set(partition.topic, [partition])
    else list.push(partition)
  }
  for (const topic of response.responses) {
    const name = topic.topic === '' ? cluster.topicName(topic.topicId) : topic.topic
    if (name === null) continue
    const list = byTopic.get(name) ?? []
    for (const [i, answer] of topic.partitions.entries()) {
      const index = answer.partitionIndex
      // Brokers answer in the order they were asked.
      const partition = list[i]?.partition === index ? list[i] : list.find((other) => other.partition === index)
      if (partition !== undefined) each(partition, answer)
    }
  }
}

/** What was sent of a partition, checked. @throws PROTOCOL_*, and `unanswered` */
export function fetchedBatches(
  asked: FetchPartition,
  answer: PartitionResponse,
  records: Buffer,
  isolation: Isolation,
): FetchedBatches {
  const { topic, partition, position: startOffset } = asked
  const batches = readBatches(ownMemory(records)).filter((batch) => batch.lastOffset >= startOffset)
  const last = batches[batches.length - 1]
  if (last === undefined) throw unanswered(asked)
  for (const batch of batches) batch.verify()
  return {
    topic,
    partition,
    batches: committedBatches(batches, isolation === 'readCommitted' ? answer.abortedTransactions : null),
    startOffset,
    nextOffset: last.lastOffset + 1,
    leaderEpoch: last.partitionLeaderEpoch,
    highWatermark: answer.highWatermark,
    lastStableOffset: answer.lastStableOffset,
    logStartOffset: answer.logStartOffset,
    bytes: records.length,
  }
}

/**
 * A partition may wait for long with its part of an answer, which must not keep the answer of all the others in memory: it is
 * copied unless it is most of it.
 */
function ownMemory(records: Buffer): Buffer {
  return records.length * 2 < records.buffer.byteLength ? Buffer.from(records) : records
}

/** The broker said nothing of it, or sent nothing at its position: asked again after a pause. */
export function unanswered({ topic, partition, position }: FetchPartition): MillraceError {
  return new MillraceError(
    'CLIENT_REQUEST_FAILED',
    `The answer of the broker does not contain ${topic}-${partition}.`,
    {
      topic,
      partition,
      offset: position,
      retriable: true,
    },
  )
}
