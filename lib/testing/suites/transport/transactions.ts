/** Transport suite: producers and transactions. */
import assert from 'node:assert/strict'
import type { CommitOutcome } from '../../../client/commit.js'
import type { TransportCase } from './transport-rig.js'

const LAST_SEQUENCES = 2 ** 31 - 5

function committed(outcome: CommitOutcome): Extract<CommitOutcome, { kind: 'committed' }> {
  if (outcome.kind === 'committed') return outcome
  throw new assert.AssertionError({
    message: `not committed: ${outcome.kind} ${'cause' in outcome ? String(outcome.cause) : ''}`,
  })
}

export const transactionCases: readonly TransportCase[] = [
  {
    name: 'twenty concurrent idempotent sends to one partition are all stored, in call order',
    async run(rig) {
      const topic = await rig.topic()
      const producer = rig.producer()
      const sends = Array.from({ length: 20 }, (_, i) => producer.send([rig.batch(topic, [`v${i}`])]))
      const offsets = (await Promise.all(sends)).flatMap((sent) => [...sent.values()])
      assert.deepEqual(
        offsets,
        Array.from({ length: 20 }, (_, i) => i),
      )
      assert.deepEqual(
        await rig.values(topic),
        Array.from({ length: 20 }, (_, i) => `v${i}`),
      )
    },
  },
  {
    name: 'idempotent sequences roll over at 2^31',
    async run(rig) {
      const topic = await rig.topic()
      const producer = rig.producer(LAST_SEQUENCES)
      for (let i = 0; i < 6; i++) await producer.send([rig.batch(topic, [`${i}a`, `${i}b`])])
      assert.equal((await rig.values(topic)).length, 12)
    },
  },
  {
    name: 'transactional sequences roll over at 2^31',
    async run(rig) {
      const topic = await rig.topic()
      const transactions = await rig.transactions({ firstSequence: LAST_SEQUENCES })
      for (let i = 0; i < 6; i++) committed(await transactions.run([rig.batch(topic, [`${i}a`, `${i}b`])], [], null))
      assert.equal((await rig.values(topic)).length, 12)
    },
  },
  {
    name: 'a second producer with the same transactional id starts, and fences the first',
    async run(rig) {
      const topic = await rig.topic()
      const first = await rig.transactions()
      committed(await first.run([rig.batch(topic, ['first'])], [], null))
      first.begin()
      await first.send([rig.batch(topic, ['zombie'])])
      const second = await rig.transactions({ transactionalId: first.transactionalId })
      committed(await second.run([rig.batch(topic, ['second'])], [], null))
      assert.equal((await first.commit()).kind, 'fenced')
      assert.deepEqual(await rig.values(topic), ['first', 'second'])
    },
  },
  {
    name: 'a fenced producer appends nothing, and can be used again after init',
    async run(rig) {
      const topic = await rig.topic()
      const first = await rig.transactions()
      await rig.transactions({ transactionalId: first.transactionalId })
      assert.equal((await first.run([rig.batch(topic, ['zombie'])], [], null)).kind, 'fenced')
      await first.init()
      committed(await first.run([rig.batch(topic, ['back'])], [], null))
      assert.deepEqual(await rig.values(topic, 'readUncommitted'), ['back'])
    },
  },
  {
    name: 'a restart with the same transactional id drops what was open',
    async run(rig) {
      const topic = await rig.topic(2)
      const before = await rig.transactions()
      before.begin()
      await before.send([rig.batch(topic, ['open'], 0), rig.batch(topic, ['open'], 1)])
      const after = await rig.transactions({ transactionalId: before.transactionalId })
      committed(await after.run([rig.batch(topic, ['new'], 0)], [], null))
      assert.deepEqual(await rig.values(topic), ['new'])
    },
  },
  {
    name: 'two concurrent sends to two partitions in one transaction are both stored',
    async run(rig) {
      const topic = await rig.topic(2)
      const transactions = await rig.transactions()
      transactions.begin()
      await Promise.all([
        transactions.send([rig.batch(topic, ['a'], 0)]),
        transactions.send([rig.batch(topic, ['b'], 1)]),
      ])
      const { batchOffsets } = committed(await transactions.commit())
      const places = [...batchOffsets].map(([{ partition }, offset]) => [`${topic}-${partition}`, offset])
      assert.deepEqual(places.sort(), [
        [`${topic}-0`, 0],
        [`${topic}-1`, 0],
      ])
      assert.deepEqual(await rig.values(topic), ['a', 'b'])
    },
  },
  {
    name: 'several batches of one partition in one transaction keep their order',
    async run(rig) {
      const topic = await rig.topic(2)
      const transactions = await rig.transactions()
      const batches = ['a', 'b', 'c', 'd'].map((value) => rig.batch(topic, [value]))
      const { batchOffsets } = committed(await transactions.run([...batches, rig.batch(topic, ['e'], 1)], [], null))
      assert.deepEqual(
        batches.map((batch) => batchOffsets.get(batch)),
        [0, 1, 2, 3],
      )
      assert.deepEqual(await rig.values(topic), ['a', 'b', 'c', 'd', 'e'])
    },
  },
  {
    name: 'two concurrent offset adds in one transaction are both committed',
    async run(rig) {
      const topic = await rig.topic(2)
      const group = rig.env.uniqueName('group')
      const transactions = await rig.transactions()
      transactions.begin()
      const add = (partition: number, offset: number) =>
        transactions.sendOffsets([{ topic, partition, offset, metadata: `m${partition}` }], rig.stranger(group))
      await Promise.all([add(0, 7), add(1, 9)])
      committed(await transactions.commit())
      const found = await rig.offsets(
        group,
        [0, 1].map((partition) => ({ topic, partition })),
      )
      assert.deepEqual(
        found.map(({ offset, metadata }) => [offset, metadata]),
        [
          [7, 'm0'],
          [9, 'm1'],
        ],
      )
    },
  },
  {
    name: 'the first call of the next transaction may be the offsets',
    async run(rig) {
      const topic = await rig.topic()
      const group = rig.env.uniqueName('group')
      const transactions = await rig.transactions()
      for (let i = 1; i <= 30; i++) {
        transactions.begin()
        await transactions.sendOffsets([{ topic, partition: 0, offset: i, metadata: '' }], rig.stranger(group))
        await transactions.send([rig.batch(topic, [`v${i}`])])
        committed(await transactions.commit())
      }
      const [found] = await rig.offsets(group, [{ topic, partition: 0 }])
      assert.equal(found?.offset, 30)
      assert.equal((await rig.values(topic)).length, 30)
    },
  },
  {
    name: 'an aborted transaction leaves no offsets and no records, and the next one works',
    async run(rig) {
      const topic = await rig.topic()
      const group = rig.env.uniqueName('group')
      const transactions = await rig.transactions()
      transactions.begin()
      await transactions.send([rig.batch(topic, ['no'])])
      await transactions.sendOffsets([{ topic, partition: 0, offset: 5, metadata: '' }], rig.stranger(group))
      assert.equal((await transactions.abort()).kind, 'aborted')
      committed(await transactions.run([rig.batch(topic, ['yes'])], [], null))
      const [found] = await rig.offsets(group, [{ topic, partition: 0 }])
      assert.equal(found?.offset, -1)
      assert.deepEqual(await rig.values(topic), ['yes'])
    },
  },
  {
    name: 'a batch the broker refuses aborts the transaction with the reason, and the next one works',
    async run(rig) {
      const topic = await rig.topic()
      await rig.admin.incrementalAlterConfigs(topic, { 'max.message.bytes': '1000' })
      const transactions = await rig.transactions()
      const outcome = await transactions.run([rig.batch(topic, ['x'.repeat(5_000)])], [], null)
      assert.equal(outcome.kind, 'aborted')
      assert.match(String('cause' in outcome && outcome.cause), /MESSAGE_TOO_LARGE/)
      committed(await transactions.run([rig.batch(topic, ['small'])], [], null))
      assert.deepEqual(await rig.values(topic), ['small'])
    },
  },
  {
    name: 'sixty transactions back to back meet no long pause',
    async run(rig) {
      const topic = await rig.topic()
      const transactions = await rig.transactions()
      const tookMs: number[] = []
      for (let i = 0; i < 60; i++) {
        const startedMs = rig.clock.monotonicMs()
        committed(await transactions.run([rig.batch(topic, [`v${i}`])], [], null))
        tookMs.push(rig.clock.monotonicMs() - startedMs)
      }
      tookMs.sort((a, b) => a - b)
      assert.ok(tookMs[30]! < 40, `median ${tookMs[30]!.toFixed(1)} ms`)
    },
  },
]
