/** Checks after a change of leader whether a partition's log was truncated (KIP-320). */
import { isMillraceError, MillraceError } from '../errors.js'
import { offsetForLeaderEpochApi } from '../protocol/api/offset-for-leader-epoch.js'
import { KAFKA_ERROR } from '../protocol/error-codes.js'
import { formatTopicPartition } from '../record/record.js'
import { brokerError } from './broker-error.js'
import type { Cluster } from './cluster.js'
import type { FetchPartition } from './fetch-partition.js'
import { groupByTopic } from './topic-grouping.js'

/** What the leader says of one partition: an error; or where the epoch ends in its log, -1 where it cannot tell. */
type EpochAnswer = { readonly error: MillraceError } | { readonly endOffset: number }

/** Where the epoch of the last record read of each partition ends, by the leader. @throws TRANSPORT_*, CLIENT_* */
async function askEpochEnds(
  cluster: Cluster,
  leader: number,
  partitions: readonly FetchPartition[],
): Promise<Map<FetchPartition, EpochAnswer>> {
  const response = await cluster.request(
    offsetForLeaderEpochApi,
    (version) => ({
      ...(version >= 3 ? { replicaId: -1 } : {}),
      topics: groupByTopic(partitions, ({ topic, partition, lastEpoch }) => ({
        partition,
        currentLeaderEpoch: cluster.leaderEpoch(topic, partition),
        leaderEpoch: lastEpoch,
      })).map(([topic, rows]) => ({ topic, partitions: rows })),
    }),
    { node: leader },
    { lane: 'admin' },
  )
  const rows = new Map(
    response.topics.flatMap(({ topic, partitions: list }) =>
      list.map((row) => [formatTopicPartition(topic, row.partition), row] as const),
    ),
  )
  return new Map(
    partitions.map((partition): [FetchPartition, EpochAnswer] => {
      const row = rows.get(partition.key)
      const code = row?.errorCode ?? KAFKA_ERROR.UNKNOWN_SERVER_ERROR
      if (code === KAFKA_ERROR.NONE) return [partition, { endOffset: row!.endOffset }]
      cluster.noteError(code, { node: leader })
      const { topic, partition: index } = partition
      const error = brokerError(code, 'OffsetForLeaderEpoch', `topic ${partition.key}`, { topic, partition: index })
      return [partition, { error }]
    }),
  )
}

/**
 * Asks the leader about the partitions, which are blocked meanwhile. Each is then validated, or `failed` with what the
 * leader said, CLIENT_LOG_TRUNCATED for instance; one that was moved in between is left alone.
 */
export async function validateLogs(
  cluster: Cluster,
  leader: number,
  partitions: readonly FetchPartition[],
  failed: (partition: FetchPartition, version: number, error: unknown) => void,
): Promise<void> {
  const versions = partitions.map(({ version }) => version)
  const epochs = partitions.map(({ topic, partition }) => cluster.leaderEpoch(topic, partition))
  for (const partition of partitions) partition.blocked = true
  const answers = await askEpochEnds(cluster, leader, partitions).catch((error: unknown) => ({ error }))
  partitions.forEach((partition, i) => {
    const version = versions[i]!
    if (partition.version !== version) return
    const answer = answers instanceof Map ? answers.get(partition)! : answers
    if ('error' in answer && !isMillraceError(answer.error, 'CLIENT_VERSION_UNSUPPORTED')) {
      failed(partition, version, answer.error)
      return
    }
    const endOffset = 'error' in answer ? -1 : answer.endOffset
    if (endOffset >= 0 && endOffset < partition.position) {
      failed(partition, version, logTruncated(partition, endOffset))
      return
    }
    partition.blocked = false
    partition.validatedEpoch = epochs[i]!
    // The broker cannot tell: there is nothing to compare with until the next record.
    if (endOffset < 0) partition.lastEpoch = -1
  })
}

/** Whether the topic is another one than when the partition was first asked for. */
export function isRemade(cluster: Cluster, partition: FetchPartition): boolean {
  const id = cluster.cachedTopic(partition.topic)?.id ?? null
  partition.topicId ??= id
  return id !== null && id !== partition.topicId
}

/** The log ends, or goes another way, before what was read of it. */
export function logTruncated({ topic, partition, position }: FetchPartition, endOffset: number): MillraceError {
  return new MillraceError(
    'CLIENT_LOG_TRUNCATED',
    `it was read up to there, but the log now ends at offset ${endOffset}: the brokers lost records (for example in an unclean leader election), and other records may replace them.`,
    { topic, partition, offset: position, kind: 'task' },
  )
}

/** The topic is another one of the same name. */
export function topicRemade({ topic, partition, position }: FetchPartition): MillraceError {
  return new MillraceError(
    'CLIENT_LOG_TRUNCATED',
    'the topic was deleted and created again, so this offset is now another record.',
    { topic, partition, offset: position, kind: 'task' },
  )
}
