/** Transport suite: fetching, administration, and errors that users see. */
import assert from 'node:assert/strict'
import { Admin } from '../../../client/admin.js'
import { Fetcher } from '../../../client/fetcher.js'
import { readTopic } from '../../../client/reader.js'
import type { MillraceError } from '../../../errors.js'
import type { TransportCase } from './transport-rig.js'

export const readingCases: readonly TransportCase[] = [
  {
    name: 'an offset that is gone is a coded error, never a reset',
    async run(rig) {
      const topic = await rig.topic()
      const tp = { topic, partition: 0 }
      await rig.producer().send([rig.batch(topic, ['a', 'b', 'c'])])
      await rig.admin.deleteRecords([{ ...tp, offset: 2 }])
      const errors: MillraceError[] = []
      const fetcher = new Fetcher({
        cluster: rig.cluster,
        isolation: 'readUncommitted',
        onError: (error) => errors.push(error),
      })
      fetcher.add(tp, 0)
      await rig.until('it is reported', () => errors.length > 0)
      assert.equal(errors[0]?.code, 'CLIENT_OFFSET_OUT_OF_RANGE')
      assert.equal(errors[0]?.topic, topic)
      assert.equal(errors[0]?.offset, 0)
      assert.deepEqual(fetcher.poll(), [])
      fetcher.seek(tp, 2)
      await rig.until('it goes on after a seek', () => fetcher.poll().length > 0)
      assert.equal(fetcher.position(tp), 3)
      fetcher.close()
    },
  },
  {
    name: 'a partition added, resumed or moved while a long poll waits is fetched at once',
    async run(rig) {
      const topic = await rig.topic(3)
      await rig.producer().send([1, 2].map((partition) => rig.batch(topic, ['there already'], partition)))
      const fetcher = new Fetcher({ cluster: rig.cluster, isolation: 'readCommitted', maxWaitMs: 8_000 })
      fetcher.add({ topic, partition: 0 }, 0)
      await rig.until('the long poll is out', () => fetcher.position({ topic, partition: 0 }) === 0)
      const tookMs = async (what: () => void) => {
        await new Promise<void>((resolve) => rig.clock.setTimer(50, resolve))
        const startedMs = rig.clock.monotonicMs()
        what()
        await rig.until('data arrives', () => fetcher.poll().length > 0)
        return rig.clock.monotonicMs() - startedMs
      }
      const added = await tookMs(() => fetcher.add({ topic, partition: 1 }, 0))
      assert.ok(added < 2_000, `added: ${added} ms`)
      const moved = await tookMs(() => fetcher.seek({ topic, partition: 1 }, 0))
      assert.ok(moved < 2_000, `moved: ${moved} ms`)
      fetcher.pause({ topic, partition: 2 })
      fetcher.add({ topic, partition: 2 }, 0)
      fetcher.pause({ topic, partition: 2 })
      fetcher.seek({ topic, partition: 2 }, 0)
      const resumed = await tookMs(() => fetcher.resume({ topic, partition: 2 }))
      assert.ok(resumed < 2_000, `resumed: ${resumed} ms`)
      fetcher.close()
    },
  },
  {
    name: 'a paused partition is not asked for; the others go on',
    async run(rig) {
      const topic = await rig.topic(2)
      const fetcher = new Fetcher({ cluster: rig.cluster, isolation: 'readCommitted', maxWaitMs: 100 })
      fetcher.add({ topic, partition: 0 }, 0)
      fetcher.add({ topic, partition: 1 }, 0)
      fetcher.pause({ topic, partition: 1 })
      await rig.producer().send([0, 1].map((partition) => rig.batch(topic, ['v'], partition)))
      await rig.until('partition 0 arrives', () => fetcher.poll().some(({ partition }) => partition === 0))
      await new Promise<void>((resolve) => rig.clock.setTimer(300, resolve))
      assert.deepEqual(fetcher.poll(), [])
      assert.equal(fetcher.position({ topic, partition: 1 }), 0)
      fetcher.resume({ topic, partition: 1 })
      await rig.until('partition 1 arrives', () => fetcher.poll().some(({ partition }) => partition === 1))
      fetcher.close()
    },
  },
  {
    name: 'reading from an offset inside a batch begins at that record, and ends where told',
    async run(rig) {
      const topic = await rig.topic()
      const producer = rig.producer()
      await producer.send([rig.batch(topic, ['a', 'b', 'c', 'd'])])
      const seen: string[] = []
      let nextOffset = -1
      for await (const chunk of readTopic({ cluster: rig.cluster, topic, from: new Map([[0, 2]]), until: 'now' })) {
        seen.push(...chunk.records.map(({ offset, value }) => `${offset} ${value}`))
        nextOffset = chunk.nextOffset
      }
      assert.deepEqual(seen, ['2 c', '3 d'])
      assert.equal(nextOffset, 4)
    },
  },
  {
    name: 'a missing topic is a coded error that names it',
    async run(rig) {
      const topic = rig.env.uniqueName('nowhere')
      await assert.rejects(rig.cluster.partitionCount(topic), (error: MillraceError) => {
        assert.equal(error.code, 'CLIENT_TOPIC_MISSING')
        assert.ok(error.message.includes(topic))
        return true
      })
      const transactions = await rig.transactions()
      const outcome = await transactions.run([rig.batch(topic, ['v'])], [], null)
      assert.equal(outcome.kind, 'aborted')
    },
  },
  {
    name: 'an unreachable broker is one coded line',
    async run(rig) {
      const cluster = rig.newCluster([{ host: '127.0.0.1', port: 1 }])
      await assert.rejects(cluster.partitionCount('any'), (error: MillraceError) => {
        assert.equal(error.code, 'CLIENT_UNREACHABLE')
        assert.match(error.message, /^[^\n]*127\.0\.0\.1:1[^\n]*$/)
        return true
      })
    },
  },
  {
    name: 'topics: create with settings, grow, alter one setting only, delete',
    async run(rig) {
      const { admin } = rig
      const name = rig.env.uniqueName('admin')
      const config = { 'cleanup.policy': 'compact', 'segment.ms': '600000' }
      await admin.createTopics([{ name, partitions: 2, replicationFactor: 1, config }])
      await assert.rejects(admin.createTopics([{ name, partitions: 2 }]), { code: 'CLIENT_REQUEST_FAILED' })
      await admin.createTopics([{ name, partitions: 2 }], { ifNotExists: true })
      assert.equal(await rig.cluster.partitionCount(name), 2)
      await admin.incrementalAlterConfigs(name, { 'delete.retention.ms': '5000' })
      const configs = await admin.describeConfigs(name, ['cleanup.policy', 'segment.ms', 'retention.ms'])
      assert.deepEqual(configs.get('cleanup.policy'), { value: 'compact', isSet: true })
      assert.deepEqual(configs.get('segment.ms'), { value: '600000', isSet: true })
      assert.equal(configs.get('retention.ms')?.isSet, false)
      assert.equal(await admin.deleteRetentionMs(name), 5_000)
      await admin.createPartitions(name, 4)
      await rig.until('it has grown', async () => (await admin.describeTopics([name])).get(name)?.leaders.length === 4)
      assert.ok((await admin.topicId(name))?.length === 22)
      await admin.deleteTopics([name])
      await rig.until('it is gone', async () => !(await rig.cluster.existing([name])).has(name))
    },
  },
  {
    name: 'offsets: earliest, latest under both isolations, by time; records can be deleted',
    async run(rig) {
      const { admin } = rig
      const topic = await rig.topic()
      const tp = { topic, partition: 0 }
      const beforeMs = rig.clock.now()
      await rig.producer().send([rig.batch(topic, ['a', 'b', 'c'])])
      const transactions = await rig.transactions()
      transactions.begin()
      await transactions.send([rig.batch(topic, ['open'])])
      const offset = async (spec: 'earliest' | 'latest' | number, isolation: 'readCommitted' | 'readUncommitted') =>
        (await admin.listOffsets([tp], spec, isolation))[0]?.offset
      assert.equal(await offset('earliest', 'readUncommitted'), 0)
      assert.equal(await offset('latest', 'readUncommitted'), 4)
      assert.equal(await offset('latest', 'readCommitted'), 3)
      assert.equal(await offset(beforeMs, 'readUncommitted'), 0)
      assert.equal(await offset(rig.clock.now() + 60_000, 'readUncommitted'), -1)
      await transactions.abort()
      await admin.deleteRecords([{ ...tp, offset: 2 }])
      assert.equal(await offset('earliest', 'readUncommitted'), 2)
    },
  },
  {
    name: 'groups: an empty one can be deleted with its offsets',
    async run(rig) {
      const topic = await rig.topic()
      const group = rig.env.uniqueName('group')
      const member = rig.member(group, topic)
      await member.join()
      await member.commitOffsets([{ topic, partition: 0, offset: 4, metadata: '' }])
      await member.leave()
      const admin = new Admin(rig.cluster)
      await rig.until('it is deleted', async () =>
        admin.deleteGroup(group).then(
          () => true,
          () => false,
        ),
      )
      assert.equal((await admin.groupOffsets(group, [{ topic, partition: 0 }]))[0]?.offset, -1)
    },
  },
]
