/** Transport suite: membership, generations and committed offsets. */
import assert from 'node:assert/strict'
import { isMillraceError } from '../../../errors.js'
import { delay } from '../../../record/clock.js'
import type { TransportCase } from './transport-rig.js'

export const groupCases: readonly TransportCase[] = [
  {
    name: 'one member: our assignor is asked, with its user data both ways',
    async run(rig) {
      const topic = await rig.topic(3)
      let asked = 0
      const member = rig.member(rig.env.uniqueName('group'), topic, {
        subscription: () => ({ topics: [topic], userData: Buffer.from('mine') }),
        assign: (members) => {
          asked++
          return new Map(
            members.map((m) => [
              m.memberId,
              { partitions: [{ topic, partition: 2 }], userData: Buffer.from(`for ${m.userData}`) },
            ]),
          )
        },
      })
      const assignment = await member.join()
      assert.equal(asked, 1)
      assert.equal(assignment.isLeader, true)
      assert.deepEqual(assignment.partitions, [{ topic, partition: 2 }])
      assert.equal(String(assignment.userData), 'for mine')
      assert.ok(assignment.identity.generationId >= 1)
    },
  },
  {
    name: 'a second member makes the first rejoin; leaving makes the second rejoin',
    async run(rig) {
      const topic = await rig.topic()
      const group = rig.env.uniqueName('group')
      const first = rig.member(group, topic)
      const second = rig.member(group, topic)
      let firstTold = 0
      let secondTold = 0
      first.onRebalanceNeeded = () => firstTold++
      second.onRebalanceNeeded = () => secondTold++
      await first.join()
      const joining = second.join()
      await rig.until('the first is told', () => firstTold === 1)
      const [a, b] = await Promise.all([first.join(), joining])
      assert.equal(a.identity.generationId, b.identity.generationId)
      assert.equal(a.partitions.length + b.partitions.length, 1)
      await first.leave()
      await rig.until('the second is told', () => secondTold === 1)
      assert.equal((await second.join()).partitions.length, 1)
    },
  },
  {
    name: 'a static member that comes back gets its partitions without a rebalance; the old process is fenced',
    async run(rig) {
      const topic = await rig.topic()
      const group = rig.env.uniqueName('group')
      const other = rig.member(group, topic)
      let told = 0
      other.onRebalanceNeeded = () => told++
      const fixed = { groupInstanceId: 'one', heartbeatIntervalMs: 200 }
      const before = rig.member(group, topic, fixed)
      const lost: unknown[] = []
      before.onLost = (error) => lost.push(error)
      await before.join()
      const joining = other.join()
      await delay(rig.clock, 100)
      const [old] = await Promise.all([before.join(), joining])
      const after = await rig.member(group, topic, fixed).join()
      assert.equal(after.identity.generationId, old.identity.generationId)
      assert.deepEqual(after.partitions, old.partitions)
      assert.equal(told, 0)
      await rig.until('the old process is told', () => lost.length > 0)
      assert.ok(isMillraceError(lost[0], 'GROUP_INSTANCE_FENCED'), String(lost[0]))
      const error = await before.commitOffsets([{ topic, partition: 0, offset: 1, metadata: '' }], old.identity).then(
        () => null,
        (caught: unknown) => caught,
      )
      assert.ok(isMillraceError(error, 'GROUP_INSTANCE_FENCED'), String(error))
    },
  },
  {
    name: 'a member whose heartbeats stop is told that it was lost',
    async run(rig) {
      const topic = await rig.topic()
      const member = rig.member(rig.env.uniqueName('group'), topic, {
        sessionTimeoutMs: 1_500,
        heartbeatIntervalMs: 4_000,
      })
      const lost: unknown[] = []
      member.onLost = (error) => lost.push(error)
      await member.join()
      await rig.until('it is told', () => lost.length === 1)
      assert.ok(isMillraceError(lost[0], 'GROUP_STALE_GENERATION'), String(lost[0]))
      assert.equal((await member.join()).partitions.length, 1)
    },
  },
  {
    name: 'another protocol name is refused with a coded error',
    async run(rig) {
      const topic = await rig.topic()
      const group = rig.env.uniqueName('group')
      await rig.member(group, topic).join()
      const stranger = rig.member(group, topic, { protocolName: 'other' })
      await assert.rejects(stranger.join(), { code: 'CLIENT_REQUEST_FAILED', message: /INCONSISTENT_GROUP_PROTOCOL/ })
    },
  },
  {
    name: 'offsets in a transaction: a stranger to a live group is refused, a member is not',
    async run(rig) {
      const topic = await rig.topic()
      const group = rig.env.uniqueName('group')
      const { identity } = await rig.member(group, topic).join()
      const transactions = await rig.transactions()
      const offsets = [{ topic, partition: 0, offset: 3, metadata: '' }]
      const strangers = [
        { ...identity, memberId: 'stranger' },
        { ...identity, generationId: identity.generationId - 1 },
        { ...identity, generationId: identity.generationId + 7 },
      ]
      for (const stranger of strangers) {
        const outcome = await transactions.run([rig.batch(topic, ['no'])], offsets, stranger)
        assert.equal(outcome.kind, 'staleGeneration')
      }
      assert.equal((await transactions.run([rig.batch(topic, ['yes'])], offsets, identity)).kind, 'committed')
      assert.deepEqual(await rig.values(topic), ['yes'])
      const [found] = await rig.offsets(group, [{ topic, partition: 0 }])
      assert.equal(found?.offset, 3)
    },
  },
  {
    name: 'offsets in a transaction: the generation before is refused after a rebalance',
    async run(rig) {
      const topic = await rig.topic()
      const group = rig.env.uniqueName('group')
      const member = rig.member(group, topic)
      const old = await member.join()
      member.requestRejoin('test')
      // One member that is the leader: rejoining makes a new generation.
      const now = await member.join()
      assert.ok(now.identity.generationId > old.identity.generationId)
      const transactions = await rig.transactions()
      const offsets = [{ topic, partition: 0, offset: 3, metadata: '' }]
      assert.equal((await transactions.run([], offsets, old.identity)).kind, 'staleGeneration')
      assert.equal((await transactions.run([], offsets, now.identity)).kind, 'committed')
    },
  },
  {
    name: 'plain offset commits: a stale generation is refused',
    async run(rig) {
      const topic = await rig.topic()
      const member = rig.member(rig.env.uniqueName('group'), topic)
      const { identity } = await member.join()
      const offsets = [{ topic, partition: 0, offset: 4, leaderEpoch: 0, metadata: 'text' }]
      await member.commitOffsets(offsets)
      const stale = { ...identity, generationId: identity.generationId - 1 }
      await assert.rejects(member.commitOffsets([{ ...offsets[0]!, offset: 9 }], stale), {
        code: 'GROUP_STALE_GENERATION',
      })
      assert.deepEqual(await member.committedOffsets([{ topic, partition: 0 }]), offsets)
    },
  },
  {
    name: 'committed offsets wait for an open transaction (requireStable)',
    async run(rig) {
      const topic = await rig.topic()
      const group = rig.env.uniqueName('group')
      const member = rig.member(group, topic)
      const transactions = await rig.transactions()
      transactions.begin()
      const offsets = [{ topic, partition: 0, offset: 11, leaderEpoch: 0, metadata: 'later' }]
      await transactions.sendOffsets(offsets, rig.stranger(group))
      let answered = false
      const stable = member.committedOffsets([{ topic, partition: 0 }], { requireStable: true }).then((found) => {
        answered = true
        return found
      })
      const [unstable] = await member.committedOffsets([{ topic, partition: 0 }], { requireStable: false })
      assert.equal(unstable?.offset, -1)
      await delay(rig.clock, 300)
      assert.equal(answered, false)
      await transactions.commit()
      assert.deepEqual(await stable, offsets)
    },
  },
  {
    name: 'an owner paused with an open transaction: its successor waits it out and sees nothing of it',
    async run(rig) {
      const [changelog, input] = [await rig.topic(), await rig.topic()]
      const group = rig.env.uniqueName('group')
      const member = rig.member(group, input)
      const paused = await rig.transactions({ transactionTimeoutMs: 2_000 })
      const owner = rig.stranger(group)
      await paused.run(
        [rig.batch(changelog, ['state 1'])],
        [{ topic: input, partition: 0, offset: 1, metadata: '' }],
        owner,
      )
      paused.begin()
      await paused.send([rig.batch(changelog, ['state 2'])])
      await paused.sendOffsets([{ topic: input, partition: 0, offset: 2, metadata: '' }], owner)
      const [found] = await member.committedOffsets([{ topic: input, partition: 0 }], { requireStable: true })
      assert.equal(found?.offset, 1)
      const { identity } = await member.join()
      const successor = await rig.transactions()
      const next = [{ topic: input, partition: 0, offset: 2, metadata: '' }]
      assert.equal((await successor.run([rig.batch(changelog, ['state 2 again'])], next, identity)).kind, 'committed')
      assert.equal((await paused.commit()).kind, 'fenced')
      assert.deepEqual(await rig.values(changelog), ['state 1', 'state 2 again'])
    },
  },
]
