/** ListOffsets for any number of partitions; each is requested from its leader. */
import { listOffsetsApi } from '../protocol/api/list-offsets.js'
import { KAFKA_ERROR } from '../protocol/error-codes.js'
import { formatTopicPartition, type TopicPartition } from '../record/record.js'
import { brokerError } from './broker-error.js'
import type { Cluster } from './cluster.js'
import type { Isolation } from './fetch-request.js'
import { retrying } from './retry.js'
import { groupByTopic } from './topic-grouping.js'

/** A number is a time in milliseconds since the epoch. */
export type OffsetSpec = 'earliest' | 'latest' | number

export interface FoundOffset extends TopicPartition {
  /** -1 where no record is at or after the time. */
  readonly offset: number
  /** The record's time where a time was asked for, else -1. */
  readonly timestamp: number
}

/** In the order of `partitions`. CLIENT_TOPIC_MISSING, CLIENT_AUTHORIZATION, CLIENT_REQUEST_FAILED. */
export async function listOffsets(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  spec: OffsetSpec,
  isolation: Isolation,
): Promise<FoundOffset[]> {
  const found = new Map<string, FoundOffset>()
  await retrying(cluster.retryPolicy(), async () => {
    const byLeader = new Map<number, TopicPartition[]>()
    for (const tp of partitions) {
      if (found.has(formatTopicPartition(tp.topic, tp.partition))) continue
      const leader = await cluster.leader(tp.topic, tp.partition)
      if (leader < 0) throw failed(KAFKA_ERROR.LEADER_NOT_AVAILABLE, tp)
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), tp])
    }
    await Promise.all([...byLeader.values()].map((list) => askLeader(cluster, list, spec, isolation, found)))
    const missing = partitions.find((tp) => !found.has(formatTopicPartition(tp.topic, tp.partition)))
    if (missing !== undefined) throw failed(KAFKA_ERROR.UNKNOWN_SERVER_ERROR, missing)
  })
  return partitions.map((tp) => found.get(formatTopicPartition(tp.topic, tp.partition))!)
}

async function askLeader(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  spec: OffsetSpec,
  isolation: Isolation,
  found: Map<string, FoundOffset>,
): Promise<void> {
  const timestamp = spec === 'earliest' ? -2 : spec === 'latest' ? -1 : spec
  const target = { leaderOf: partitions[0]! }
  const response = await cluster.request(
    listOffsetsApi,
    {
      replicaId: -1,
      isolationLevel: isolation === 'readCommitted' ? 1 : 0,
      topics: groupByTopic(partitions, ({ partition }) => ({ partitionIndex: partition, timestamp })).map(
        ([name, rows]) => ({ name, partitions: rows }),
      ),
    },
    target,
    { lane: 'admin', minVersion: 2 },
  )
  let error: Error | undefined
  for (const { name, partitions: rows } of response.topics) {
    for (const row of rows) {
      const partition = row.partitionIndex
      const key = formatTopicPartition(name, partition)
      if (row.errorCode === 0) {
        found.set(key, { topic: name, partition, offset: row.offset, timestamp: row.timestamp })
        continue
      }
      cluster.noteError(row.errorCode, target)
      error ??= failed(row.errorCode, { topic: name, partition })
    }
  }
  if (error !== undefined) throw error
}

function failed(code: number, { topic, partition }: TopicPartition): Error {
  return brokerError(code, 'ListOffsets', `topic ${formatTopicPartition(topic, partition)}`, { topic, partition })
}
