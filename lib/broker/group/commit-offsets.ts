/** The checks of OffsetCommit and TxnOffsetCommit: who may commit offsets for a group, and which. */
import { KAFKA_ERROR as E } from '../../protocol/index.js'
import type { BrokerCore } from '../core.js'
import { checkGeneration } from './group-coordinator.js'
import type { StoredOffset } from './offsets.js'

export interface OffsetCommitter {
  readonly groupId: string
  readonly memberId: string
  readonly groupInstanceId: string | null
  /** -1 for a committer that is no member. */
  readonly generationId: number
  readonly transactional: boolean
}

export interface TopicOffsets {
  readonly name: string
  readonly partitions: readonly {
    readonly partitionIndex: number
    readonly committedOffset: number
    readonly committedLeaderEpoch: number
    readonly committedMetadata: string | null
  }[]
}

/** NONE when the committer may commit; it then counts as heard of. One that names no partition there is asks nothing. */
export function checkCommitter(core: BrokerCore, who: OffsetCommitter, topics: readonly TopicOffsets[]): number {
  if (!topics.some(({ name, partitions }) => partitions.some((one) => core.topics.log(name, one.partitionIndex)))) {
    return E.NONE
  }
  if (who.groupId === '' && who.generationId >= 0) return E.INVALID_GROUP_ID
  const group = core.groups.get(who.groupId)
  if (group === undefined) {
    if (who.generationId >= 0) return E.ILLEGAL_GENERATION
    core.groups.obtain(who.groupId)
    return E.NONE
  }
  if (who.generationId < 0 && group.status === 'Empty') return E.NONE
  const isMember = who.generationId >= 0 || who.memberId !== '' || who.groupInstanceId !== null
  if (!isMember) return who.transactional ? E.NONE : E.UNKNOWN_MEMBER_ID
  const error = checkGeneration(group, who)
  if (error !== E.NONE) return error
  if (who.transactional) return E.NONE
  group.extendSession(group.members.get(who.memberId)!)
  return group.status === 'CompletingRebalance' ? E.REBALANCE_IN_PROGRESS : E.NONE
}

/** Splits a request into what can be committed and the answer per partition. `error` rejects all that is known. */
export function judgeOffsets(core: BrokerCore, topics: readonly TopicOffsets[], error: number) {
  const accepted: StoredOffset[] = []
  const answers = topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((partition) => {
      const { partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata } = partition
      const metadata = committedMetadata ?? ''
      let errorCode = error
      if (core.topics.log(name, partitionIndex) === undefined) errorCode = E.UNKNOWN_TOPIC_OR_PARTITION
      else if (error === E.NONE && metadata.length > core.settings.maxOffsetMetadataLength) {
        errorCode = E.OFFSET_METADATA_TOO_LARGE
      }
      if (errorCode === E.NONE) {
        const offset = committedOffset
        accepted.push({ topic: name, partition: partitionIndex, offset, leaderEpoch: committedLeaderEpoch, metadata })
      }
      return { partitionIndex, errorCode }
    }),
  }))
  return { accepted, answers }
}
