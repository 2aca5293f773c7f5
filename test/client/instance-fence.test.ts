/** A static member that is fenced: by another process, or by a late request of its own. */
import t from 'tap'
import { GroupMember } from '../../lib/client/group-member.js'
import { InstanceFence } from '../../lib/client/instance-fence.js'
import { IdempotentProducer } from '../../lib/client/producer.js'
import type { MillraceError } from '../../lib/errors.js'
import { KAFKA_ERROR as E } from '../../lib/protocol/error-codes.js'
import { delay } from '../../lib/record/clock.js'
import { atLeastOnce } from '../../lib/runtime/commit/commit-group.js'
import { answers, type Script, ScriptedBroker } from './scripted-broker.js'

const SESSION_MS = 3_000

t.test('which fences may be our own', async (t) => {
  type Step = 'unanswered' | { readonly fencedMs: number; readonly own: boolean }
  const rows: readonly [what: string, ...steps: Step[]][] = [
    ['the first', { fencedMs: 0, own: true }],
    ['soon again: somebody is alive', { fencedMs: 0, own: true }, { fencedMs: 500, own: false }],
    ['again after a session', { fencedMs: 0, own: true }, { fencedMs: SESSION_MS + 1, own: true }],
    ['a join of ours had no answer', 'unanswered', { fencedMs: 0, own: true }, { fencedMs: 10, own: true }],
    [
      'each of those comes once',
      'unanswered',
      'unanswered',
      { fencedMs: 0, own: true },
      { fencedMs: 1, own: true },
      { fencedMs: 2, own: true },
      { fencedMs: 3, own: false },
    ],
  ]
  for (const [what, ...steps] of rows) {
    const fence = new InstanceFence(SESSION_MS)
    for (const step of steps) {
      if (step === 'unanswered') fence.joinUnanswered()
      else t.equal(fence.mayBeOwn(step.fencedMs), step.own, `${what}: at ${step.fencedMs}`)
    }
  }
})

function joined(memberId: string, errorCode = 0): Script {
  return () => ({ errorCode, generationId: 1, protocolName: 'p', leader: 'other', memberId, members: [] })
}

function rig(ownsInstanceId: boolean) {
  const broker = new ScriptedBroker()
  const member = new GroupMember({
    cluster: broker.cluster,
    clock: broker.clock,
    groupId: 'g',
    groupInstanceId: 'one',
    ownsInstanceId,
    sessionTimeoutMs: SESSION_MS,
    rebalanceTimeoutMs: 2 * SESSION_MS,
    heartbeatIntervalMs: 200,
    protocolName: 'p',
    subscription: () => ({ topics: ['in'], userData: Buffer.alloc(0) }),
    assign: () => new Map(),
  })
  const lost: MillraceError[] = []
  member.onLost = (error) => lost.push(error)
  const joins = () => broker.named('JoinGroup').map(({ request }) => request.memberId)
  const pass = (ms: number) => delay(broker.clock, ms)
  return { broker, member, lost, joins, pass, codes: () => lost.map(({ code }) => code) }
}

t.test('a heartbeat is fenced: the place is taken back once, and again after a session', async (t) => {
  const { broker, member, joins, pass, codes } = rig(true)
  const fenced = async () => {
    broker.on('Heartbeat', answers(E.FENCED_INSTANCE_ID))
    await pass(300)
  }
  for (const name of ['m1', 'm2', 'm3']) broker.on('JoinGroup', joined(name))
  await member.join()
  await fenced()
  t.same(codes(), ['GROUP_STALE_GENERATION'], 'it may be our own')
  t.equal((await member.join()).identity.memberId, 'm2')
  await pass(SESSION_MS)
  await fenced()
  t.same(codes(), ['GROUP_STALE_GENERATION', 'GROUP_STALE_GENERATION'])
  t.equal((await member.join()).identity.memberId, 'm3')
  t.same(joins(), ['', '', ''], 'without the member id that is gone')
  await fenced()
  t.equal(codes().at(-1), 'GROUP_INSTANCE_FENCED', 'somebody takes it again and again')
  await member.abandon()
})

t.test('a join is fenced: it is repeated once, after a pause', async (t) => {
  const { broker, member, joins } = rig(true)
  broker.on('JoinGroup', joined('m1', E.FENCED_INSTANCE_ID), joined('m2'), joined('m2', E.FENCED_INSTANCE_ID))
  t.equal((await member.join()).identity.memberId, 'm2')
  const [first, second] = broker.named('JoinGroup')
  t.ok(second!.atMs > first!.atMs)
  await t.rejects(member.join(), { code: 'GROUP_INSTANCE_FENCED' })
  t.same(joins(), ['', '', 'm2'])
  await member.abandon()
})

t.test('a join whose answer was lost reaches the coordinator after its repetition', async (t) => {
  const { broker, member, joins } = rig(true)
  broker.on('JoinGroup', () => 'drop', joined('m2'), joined('m2', E.FENCED_INSTANCE_ID))
  broker.on('JoinGroup', joined('', E.FENCED_INSTANCE_ID), joined('m3'))
  await member.join()
  t.equal((await member.join()).identity.memberId, 'm3', 'one fence is explained, another may be of an earlier life')
  t.same(joins(), ['', '', 'm2', '', ''])
  await member.abandon()
})

t.test('without a lock every fence is another process', async (t) => {
  const { broker, member, pass, codes } = rig(false)
  broker.on('JoinGroup', joined('m1'))
  await member.join()
  broker.on('Heartbeat', answers(E.FENCED_INSTANCE_ID))
  await pass(300)
  t.same(codes(), ['GROUP_INSTANCE_FENCED'])
  broker.on('JoinGroup', joined('m1', E.FENCED_INSTANCE_ID))
  await t.rejects(member.join(), { code: 'GROUP_INSTANCE_FENCED' })
  await member.abandon()
})

t.test('offsets of the member before our own join: the group has moved on, and nothing more', async (t) => {
  const rows: readonly [errorCode: number, outcome: string][] = [
    [E.FENCED_INSTANCE_ID, 'staleGeneration'],
    [E.UNKNOWN_MEMBER_ID, 'staleGeneration'],
    [E.ILLEGAL_GENERATION, 'staleGeneration'],
    [E.REBALANCE_IN_PROGRESS, 'staleGeneration'],
    [E.GROUP_AUTHORIZATION_FAILED, 'aborted'],
  ]
  for (const [errorCode, outcome] of rows) {
    const { broker, member } = rig(true)
    broker.on('OffsetCommit', () => ({ topics: [{ name: 'in', partitions: [{ partitionIndex: 0, errorCode }] }] }))
    const group = atLeastOnce(new IdempotentProducer({ cluster: broker.cluster }), member, () =>
      t.fail('nothing is on its way'),
    )
    const offsets = [{ topic: 'in', partition: 0, offset: 1, metadata: '' }]
    t.equal((await group.commit([], offsets, member.identity())).kind, outcome, String(errorCode))
  }
})
