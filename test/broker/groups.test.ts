import t from 'tap'
import {
  describeGroupsApi,
  KAFKA_ERROR as E,
  heartbeatApi,
  joinGroupApi,
  leaveGroupApi,
  offsetCommitApi,
  offsetFetchApi,
  syncGroupApi,
} from '../../lib/protocol/index.js'
import { type Wire, wire } from './wire.js'

interface Joiner {
  memberId?: string
  groupInstanceId?: string | null
  metadata?: string
  protocols?: string[]
  sessionTimeoutMs?: number
  rebalanceTimeoutMs?: number
}

/** Each member has a connection of its own, as a waiting JoinGroup holds up what is behind it. */
function join(w: Wire, who: Joiner = {}, version = 5) {
  const { memberId = '', groupInstanceId = null, metadata = 'm', protocols = ['range'] } = who
  const { sessionTimeoutMs = 10_000, rebalanceTimeoutMs = 30_000 } = who
  return w.ask(
    joinGroupApi,
    version,
    {
      groupId: 'g',
      memberId,
      groupInstanceId,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      protocolType: 'consumer',
      protocols: protocols.map((name) => ({ name, metadata: Buffer.from(metadata) })),
    },
    w.broker.connection(),
  )
}

/** A dynamic member joins in two steps since v4. */
async function joinDynamic(w: Wire, who: Joiner = {}) {
  const { errorCode, memberId } = await join(w, who)
  if (errorCode !== E.MEMBER_ID_REQUIRED) throw new Error(`expected MEMBER_ID_REQUIRED, got ${errorCode}`)
  return join(w, { ...who, memberId })
}

interface Known {
  readonly memberId: string
  readonly generationId: number
  readonly groupInstanceId?: string
}

function sync(w: Wire, who: Known, assignments: Record<string, string> = {}) {
  const list = Object.entries(assignments).map(([memberId, text]) => ({ memberId, assignment: Buffer.from(text) }))
  return w.ask(syncGroupApi, 3, { groupId: 'g', ...who, assignments: list }, w.broker.connection())
}

async function beat(w: Wire, who: Known) {
  return (await w.ask(heartbeatApi, 3, { groupId: 'g', ...who })).errorCode
}

const known = ({ memberId, generationId }: { memberId: string; generationId: number }): Known => ({
  memberId,
  generationId,
})

t.test('two members: join, rebalance, assignment, leave', async (t) => {
  const w = await wire()
  const first = await joinDynamic(w)
  t.match(first, { errorCode: 0, generationId: 1, protocolName: 'range', leader: first.memberId })
  t.equal(first.members.length, 1)
  const alone = await sync(w, known(first), { [first.memberId]: 'all' })
  t.equal(alone.assignment.toString(), 'all')
  const joining = joinDynamic(w)
  await w.clock.nextTurn()
  t.equal(await beat(w, known(first)), E.REBALANCE_IN_PROGRESS)
  const again = await join(w, { memberId: first.memberId })
  const second = await joining
  t.same([again.generationId, second.generationId], [2, 2])
  t.same([again.members.length, second.members.length], [2, 0], 'only the leader learns of the others')
  const waiting = sync(w, known(second))
  await sync(w, known(again), { [first.memberId]: 'one', [second.memberId]: 'two' })
  t.equal((await waiting).assignment.toString(), 'two')
  t.equal(await beat(w, known(first)), E.ILLEGAL_GENERATION)
  t.equal(await beat(w, known(again)), E.NONE)
  t.equal(await beat(w, { ...known(second), memberId: 'x' }), E.UNKNOWN_MEMBER_ID)
  const members = [{ memberId: second.memberId }]
  await w.ask(leaveGroupApi, 3, { groupId: 'g', members })
  t.equal(await beat(w, known(again)), E.REBALANCE_IN_PROGRESS, 'the other one left')
  const third = await join(w, { memberId: first.memberId })
  t.match(third, { generationId: 3, members: { length: 1 } })
})

t.test('sessions and rebalances end by the clock', async (t) => {
  const w = await wire()
  const leader = await joinDynamic(w, { sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 5_000 })
  await sync(w, known(leader), { [leader.memberId]: 'all' })
  const joining = joinDynamic(w, { sessionTimeoutMs: 2_000, rebalanceTimeoutMs: 5_000 })
  await w.clock.nextTurn()
  await w.clock.advance(5_000)
  const second = await joining
  t.match(second, { errorCode: 0, generationId: 2, leader: second.memberId }, 'who did not rejoin in time is out')
  t.equal(await beat(w, { memberId: leader.memberId, generationId: 2 }), E.UNKNOWN_MEMBER_ID)
  await sync(w, known(second), { [second.memberId]: 'all' })
  await w.clock.advance(1_900)
  t.equal(await beat(w, known(second)), E.NONE)
  await w.clock.advance(2_100)
  t.equal(await beat(w, known(second)), E.UNKNOWN_MEMBER_ID, 'its session is over')
  t.equal(w.broker.core.groups.get('g')!.status, 'Empty')
})

t.test('static members: back at once with the same assignment, the old one fenced', async (t) => {
  const w = await wire()
  const a = await join(w, { groupInstanceId: 'a' })
  await sync(w, { ...known(a), groupInstanceId: 'a' }, { [a.memberId]: 'everything' })
  const back = await join(w, { groupInstanceId: 'a' })
  t.match(back, { errorCode: 0, generationId: 1, members: [] })
  t.not(back.memberId, a.memberId)
  t.not(back.leader, back.memberId, 'before v9 it does not learn that it leads, so that it assigns nothing')
  const assignment = await sync(w, { ...known(back), groupInstanceId: 'a' })
  t.equal(assignment.assignment.toString(), 'everything')
  t.equal(await beat(w, { ...known(a), groupInstanceId: 'a' }), E.FENCED_INSTANCE_ID)
  const v9 = await join(w, { groupInstanceId: 'a' }, 9)
  t.match(v9, { skipAssignment: true, leader: v9.memberId, members: { length: 1 } })
  t.equal((await sync(w, { ...known(a), groupInstanceId: 'a' })).errorCode, E.FENCED_INSTANCE_ID)
  const changed = await join(w, { groupInstanceId: 'a', memberId: v9.memberId, metadata: 'other' })
  t.equal(changed.generationId, 2, 'new metadata of a known member rebalances')
  const members = [{ memberId: '', groupInstanceId: 'a' }]
  const left = await w.ask(leaveGroupApi, 3, { groupId: 'g', members })
  t.equal(left.members[0]!.errorCode, E.NONE)
})

t.test('what a join is refused for', async (t) => {
  const w = await wire()
  t.equal((await join(w, { memberId: 'ghost' })).errorCode, E.UNKNOWN_MEMBER_ID)
  t.equal((await join(w, { sessionTimeoutMs: 10 })).errorCode, E.INVALID_SESSION_TIMEOUT)
  t.equal((await join(w, { protocols: [] })).errorCode, E.INCONSISTENT_GROUP_PROTOCOL)
  await joinDynamic(w, { protocols: ['range', 'sticky'] })
  t.equal((await join(w, { protocols: ['other'] })).errorCode, E.INCONSISTENT_GROUP_PROTOCOL)
  t.equal((await join(w, { protocols: ['sticky'] })).errorCode, E.MEMBER_ID_REQUIRED)
})

t.test('offsets: who may commit, and reading them back', async (t) => {
  const w = await wire()
  w.broker.createTopic('in', 2)
  const commit = async (who: Partial<Known>, metadata = '', name = 'in') => {
    const { memberId = '', generationId: generationIdOrMemberEpoch = -1 } = who
    const topics = [{ name, partitions: [{ partitionIndex: 0, committedOffset: 3, committedMetadata: metadata }] }]
    const response = await w.ask(offsetCommitApi, 7, { groupId: 'g', generationIdOrMemberEpoch, memberId, topics })
    return response.topics[0]!.partitions[0]!.errorCode
  }
  t.equal(await commit({ memberId: 'x', generationId: 4 }), E.ILLEGAL_GENERATION, 'there is no group')
  t.equal(await commit({}), E.NONE, 'anybody, while there are no members')
  t.equal(await commit({}, 'x'.repeat(4_097)), E.OFFSET_METADATA_TOO_LARGE)
  t.equal(await commit({}, '', 'nowhere'), E.UNKNOWN_TOPIC_OR_PARTITION)
  const member = await joinDynamic(w)
  t.equal(await commit({}), E.UNKNOWN_MEMBER_ID, 'not beside members')
  t.equal(await commit(known(member)), E.REBALANCE_IN_PROGRESS, 'not before the assignment')
  await sync(w, known(member), {})
  t.equal(await commit({ ...known(member), generationId: 0 }), E.ILLEGAL_GENERATION)
  t.equal(await commit(known(member), 'note'), E.NONE)
  const response = await w.ask(offsetFetchApi, 8, {
    groups: [
      { groupId: 'g', topics: null },
      { groupId: 'h', topics: null },
    ],
  })
  const found = { committedOffset: 3, metadata: 'note', errorCode: 0 }
  t.match(response.groups, [{ topics: [{ name: 'in', partitions: [found] }] }, { topics: [] }])
  const described = await w.ask(describeGroupsApi, 5, { groups: ['g', 'h'] })
  t.match(described.groups, [
    { groupState: 'Stable', protocolData: 'range', members: { length: 1 } },
    { groupState: 'Dead' },
  ])
})
