/** The offset requests of a group: reads stable offsets, and commits offsets with a generation. */
import type { MillraceError } from '../errors.js'
import { offsetCommitApi } from '../protocol/api/offset-commit.js'
import { offsetFetchApi } from '../protocol/api/offset-fetch.js'
import { KAFKA_ERROR } from '../protocol/error-codes.js'
import type { TopicPartition } from '../record/record.js'
import { brokerError } from './broker-error.js'
import type { Cluster } from './cluster.js'
import type { GroupIdentity, OffsetToCommit } from './commit.js'
import { growingPauseMs } from './retry.js'
import { groupByTopic } from './topic-grouping.js'

/** The committed offset of a group in one partition; -1: none. */
export interface CommittedOffset {
  readonly topic: string
  readonly partition: number
  /** Next offset to read; -1 where the group has none. */
  readonly offset: number
  /** As committed; -1 where that is not known. */
  readonly leaderEpoch: number
  /** The text stored with the offset. */
  readonly metadata: string
}

export interface CommittedOffsetsOptions {
  /** Wait until no open transaction may still change them (KIP-447). Exactly-once needs it. */
  readonly requireStable: boolean
  /** How long to wait for that. Default 120000: longer than a transaction timeout. */
  readonly stableTimeoutMs?: number
}

const FIRST_POLL_MS = 5
const MAX_POLL_MS = 100

/** In the order of `partitions`. CLIENT_AUTHORIZATION, CLIENT_REQUEST_FAILED (retriable while unstable). */
export async function committedOffsets(
  cluster: Cluster,
  groupId: string,
  partitions: readonly TopicPartition[],
  options: CommittedOffsetsOptions,
): Promise<CommittedOffset[]> {
  if (partitions.length === 0) return []
  const startedMs = cluster.clock.monotonicMs()
  for (let polls = 0; ; polls++) {
    const rows = await askOffsets(cluster, groupId, partitions, options.requireStable)
    const unstable = rows.find((row) => row.errorCode === KAFKA_ERROR.UNSTABLE_OFFSET_COMMIT)
    if (unstable === undefined) {
      const found = new Map(rows.map((row) => [`${row.topic}-${row.partition}`, row]))
      return partitions.map(({ topic, partition }) => {
        const row = found.get(`${topic}-${partition}`)
        const { offset = -1, leaderEpoch = -1, metadata = '' } = row ?? {}
        return { topic, partition, offset, leaderEpoch, metadata }
      })
    }
    if (cluster.clock.monotonicMs() - startedMs > (options.stableTimeoutMs ?? 120_000)) {
      throw brokerError(unstable.errorCode, 'OffsetFetch', `group "${groupId}"`, { topic: unstable.topic })
    }
    await cluster.pause(growingPauseMs(cluster.random, polls, FIRST_POLL_MS, MAX_POLL_MS))
  }
}

interface OffsetRow extends CommittedOffset {
  readonly errorCode: number
}

async function askOffsets(
  cluster: Cluster,
  groupId: string,
  partitions: readonly TopicPartition[],
  requireStable: boolean,
): Promise<OffsetRow[]> {
  const topics = groupByTopic(partitions, (tp) => tp.partition).map(([name, partitionIndexes]) => ({
    name,
    partitionIndexes,
  }))
  let rows: OffsetRow[] = []
  await cluster.call(
    offsetFetchApi,
    (version) => (version >= 8 ? { groups: [{ groupId, topics }], requireStable } : { groupId, topics, requireStable }),
    { coordinator: 'group', key: groupId },
    { lane: 'admin', minVersion: requireStable ? 7 : 1 },
    (response) => {
      const group = response.groups[0] ?? response
      rows = group.topics.flatMap(({ name, partitions: list }) =>
        list.map((row) => ({
          topic: name,
          partition: row.partitionIndex,
          offset: row.committedOffset,
          leaderEpoch: row.committedLeaderEpoch,
          metadata: row.metadata ?? '',
          errorCode: row.errorCode,
        })),
      )
      const failed = rows.find((row) => row.errorCode !== 0 && row.errorCode !== KAFKA_ERROR.UNSTABLE_OFFSET_COMMIT)
      const code = group.errorCode !== 0 ? group.errorCode : (failed?.errorCode ?? 0)
      return code === 0 ? null : brokerError(code, 'OffsetFetch', `group "${groupId}"`)
    },
  )
  return rows
}

/** The offsets to commit as OffsetCommit and TxnOffsetCommit list them. */
export function offsetsByTopic(offsets: readonly OffsetToCommit[]) {
  return groupByTopic(offsets, (row) => ({
    partitionIndex: row.partition,
    committedOffset: row.offset,
    committedLeaderEpoch: row.leaderEpoch ?? -1,
    committedMetadata: row.metadata,
  })).map(([name, partitions]) => ({ name, partitions }))
}

/**
 * Outside transactions. GROUP_STALE_GENERATION or GROUP_INSTANCE_FENCED when the identity is not current; the broker has
 * then taken none of them.
 */
export async function commitOffsets(
  cluster: Cluster,
  offsets: readonly OffsetToCommit[],
  identity: GroupIdentity,
): Promise<void> {
  if (offsets.length === 0) return
  await cluster.call(
    offsetCommitApi,
    {
      groupId: identity.groupId,
      generationIdOrMemberEpoch: identity.generationId,
      memberId: identity.memberId,
      groupInstanceId: identity.groupInstanceId,
      topics: offsetsByTopic(offsets),
    },
    { coordinator: 'group', key: identity.groupId },
    // Not on the group lane: a JoinGroup may be waiting there.
    { lane: 'produce', minVersion: identity.groupInstanceId === null ? 2 : 7 },
    (response): MillraceError | null => {
      const failed = response.topics.flatMap((topic) => topic.partitions).find((row) => row.errorCode !== 0)
      return failed === undefined ? null : brokerError(failed.errorCode, 'OffsetCommit', `group "${identity.groupId}"`)
    },
  )
}
