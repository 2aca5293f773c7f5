/** One round of joining a classic group: JoinGroup, the leader's assignment, SyncGroup. */
import type { MillraceError } from '../errors.js'
import type { ResponseOf } from '../protocol/api/define.js'
import { joinGroupApi } from '../protocol/api/join-group.js'
import { syncGroupApi } from '../protocol/api/sync-group.js'
import {
  decodeConsumerAssignment,
  decodeConsumerSubscription,
  encodeConsumerAssignment,
  encodeConsumerSubscription,
} from '../protocol/consumer-protocol.js'
import { KAFKA_ERROR } from '../protocol/error-codes.js'
import type { TopicPartition } from '../record/record.js'
import { brokerError } from './broker-error.js'
import type { Cluster } from './cluster.js'
import { groupByTopic } from './topic-grouping.js'

/** What a member says about itself when it joins. */
export interface MemberSubscription {
  readonly topics: readonly string[]
  readonly userData: Buffer
}

/** A member as the leader sees it. */
export interface JoinedMember extends MemberSubscription {
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export interface MemberAssignment {
  readonly partitions: readonly TopicPartition[]
  readonly userData: Buffer
}

/** Called on the leader, also when it is the only member. A member omitted gets nothing. */
export type Assign = (
  members: readonly JoinedMember[],
) => ReadonlyMap<string, MemberAssignment> | Promise<ReadonlyMap<string, MemberAssignment>>

export interface JoinRound {
  readonly cluster: Cluster
  readonly groupId: string
  readonly groupInstanceId: string | null
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocolName: string
  readonly subscription: () => MemberSubscription
  readonly assign: Assign
}

export interface Joined extends MemberAssignment {
  readonly memberId: string
  readonly generationId: number
  readonly isLeader: boolean
}

const PROTOCOL_TYPE = 'consumer'
const NO_DATA = Buffer.alloc(0)
/** Network and scheduling on top of what the coordinator itself may wait. */
const SLACK_MS = 5_000

/** The error's kafkaCode tells the caller whether to try again, as whom. */
export async function joinRound(round: JoinRound, memberId: string, reason: string): Promise<Joined> {
  const { cluster, groupId } = round
  const { topics, userData } = round.subscription()
  const target = { coordinator: 'group', key: groupId } as const
  const answer = await cluster.request(
    joinGroupApi,
    {
      groupId,
      sessionTimeoutMs: round.sessionTimeoutMs,
      rebalanceTimeoutMs: round.rebalanceTimeoutMs,
      memberId,
      groupInstanceId: round.groupInstanceId,
      protocolType: PROTOCOL_TYPE,
      protocols: [{ name: round.protocolName, metadata: encodeConsumerSubscription(0, { topics, userData }) }],
      reason,
    },
    target,
    {
      lane: 'group',
      timeoutMs: Math.max(round.rebalanceTimeoutMs, round.sessionTimeoutMs) + SLACK_MS,
      minVersion: round.groupInstanceId === null ? 1 : 5,
    },
  )
  if (answer.errorCode !== 0) throw new JoinRejected(failure(round, 'JoinGroup', answer.errorCode), answer.memberId)
  const isLeader = answer.leader === answer.memberId
  const assignments = isLeader && !answer.skipAssignment ? await assignmentsFor(round, answer) : []
  const synced = await cluster.request(
    syncGroupApi,
    {
      groupId,
      generationId: answer.generationId,
      memberId: answer.memberId,
      groupInstanceId: round.groupInstanceId,
      protocolType: PROTOCOL_TYPE,
      protocolName: round.protocolName,
      assignments,
    },
    target,
    { lane: 'group', timeoutMs: Math.max(round.rebalanceTimeoutMs, round.sessionTimeoutMs) + SLACK_MS },
  )
  if (synced.errorCode !== 0) throw new JoinRejected(failure(round, 'SyncGroup', synced.errorCode), answer.memberId)
  return { memberId: answer.memberId, generationId: answer.generationId, isLeader, ...decoded(synced.assignment) }
}

/** A round that ended with an error, and the member id the coordinator gave along. */
export class JoinRejected extends Error {
  readonly memberId: string
  override readonly cause: MillraceError

  constructor(cause: MillraceError, memberId: string) {
    super(cause.message)
    this.cause = cause
    this.memberId = memberId
  }
}

async function assignmentsFor(
  round: JoinRound,
  answer: ResponseOf<typeof joinGroupApi>,
): Promise<{ memberId: string; assignment: Buffer }[]> {
  const members = answer.members.map(({ memberId, groupInstanceId, metadata }) => ({
    memberId,
    groupInstanceId,
    ...readSubscription(metadata),
  }))
  const assigned = await round.assign(members)
  return members.map(({ memberId }) => {
    const { partitions, userData } = assigned.get(memberId) ?? { partitions: [], userData: NO_DATA }
    const assignedPartitions = groupByTopic(partitions, (tp) => tp.partition).map(([topic, rows]) => ({
      topic,
      partitions: rows,
    }))
    return { memberId, assignment: encodeConsumerAssignment(0, { assignedPartitions, userData }) }
  })
}

/** What cannot be read says nothing: a foreign member must not stop the group. */
function readSubscription(metadata: Buffer): MemberSubscription {
  try {
    const { topics, userData } = decodeConsumerSubscription(metadata)
    return { topics, userData: userData ?? NO_DATA }
  } catch {
    return { topics: [], userData: NO_DATA }
  }
}

/** The same for what a foreign leader assigned. */
function decoded(assignment: Buffer): MemberAssignment {
  try {
    if (assignment.length === 0) return { partitions: [], userData: NO_DATA }
    const { assignedPartitions, userData } = decodeConsumerAssignment(assignment)
    const partitions = assignedPartitions.flatMap(({ topic, partitions: rows }) =>
      rows.map((partition) => ({ topic, partition })),
    )
    return { partitions, userData: userData ?? NO_DATA }
  } catch {
    return { partitions: [], userData: NO_DATA }
  }
}

function failure(round: JoinRound, operation: 'JoinGroup' | 'SyncGroup', code: number): MillraceError {
  if (code === KAFKA_ERROR.INCONSISTENT_GROUP_PROTOCOL) {
    return brokerError(code, operation, `group "${round.groupId}", in which no member supports "${round.protocolName}"`)
  }
  return brokerError(code, operation, `group "${round.groupId}"`)
}
