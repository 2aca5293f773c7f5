import { type EachBatchPayload, Kafka, logLevel } from 'kafkajs'
import t, { type Test } from 'tap'
import { startedBroker } from './started.js'

async function client(t: Test) {
  const { broker, bootstrap, reports } = await startedBroker(t)
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { initialRetryTime: 5 } })
  const admin = kafka.admin()
  await admin.connect()
  t.teardown(() => admin.disconnect())
  return { broker, kafka, admin, reports }
}

/** Reads `topic` from its start until `count` records came. */
async function readAll(t: Test, kafka: Kafka, groupId: string, topic: string, count: number) {
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 })
  await consumer.connect()
  t.teardown(() => consumer.disconnect())
  await consumer.subscribe({ topic, fromBeginning: true })
  const seen: { key: string | null; value: string | null; offset: string; partition: number }[] = []
  await new Promise<void>((resolve, reject) => {
    const eachBatch = async ({ batch }: EachBatchPayload) => {
      for (const { key, value, offset } of batch.messages) {
        const partition = batch.partition
        seen.push({ key: key?.toString() ?? null, value: value?.toString() ?? null, offset, partition })
      }
      if (seen.length >= count) resolve()
    }
    consumer.run({ eachBatch }).catch(reject)
  })
  return { consumer, seen }
}

t.test('producer and consumer group', async (t) => {
  const { kafka, admin, reports } = await client(t)
  await admin.createTopics({ topics: [{ topic: 'words', numPartitions: 3 }] })
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  t.teardown(() => producer.disconnect())
  for (let round = 0; round < 5; round++) {
    const messages = Array.from({ length: 20 }, (_, i) => ({ key: `k${i}`, value: `v${round}-${i}` }))
    await producer.send({ topic: 'words', messages, acks: -1 })
  }
  const { consumer, seen } = await readAll(t, kafka, 'readers', 'words', 100)
  t.equal(seen.length, 100)
  t.equal(new Set(seen.map(({ value }) => value)).size, 100, 'each record once')
  await consumer.stop()
  const described = await admin.describeGroups(['readers'])
  t.match(described.groups[0], { groupId: 'readers', errorCode: 0 })
  await consumer.disconnect()
  const offsets = await admin.fetchOffsets({ groupId: 'readers', topics: ['words'] })
  const total = offsets[0]!.partitions.reduce((sum, { offset }) => sum + Number(offset), 0)
  t.equal(total, 100, 'all offsets are committed')
  t.match((await admin.listGroups()).groups, [{ groupId: 'readers', protocolType: 'consumer' }])
  await admin.deleteGroups(['readers'])
  t.same((await admin.listGroups()).groups, [])
  t.same(reports, [])
})

t.test('two members share the partitions and one takes over', async (t) => {
  const { kafka, admin } = await client(t)
  await admin.createTopics({ topics: [{ topic: 'shared', numPartitions: 4 }] })
  const owned = new Map<string, number>()
  const settled = async (sizes: number[]) => {
    for (let i = 0; i < 200; i++) {
      if ([...owned.values()].sort().join() === sizes.join()) return true
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    return false
  }
  const join = async (name: string) => {
    const consumer = kafka.consumer({ groupId: 'pair', heartbeatInterval: 50, maxWaitTimeInMs: 50 })
    consumer.on('consumer.group_join', ({ payload }) => {
      owned.set(name, payload.memberAssignment.shared?.length ?? 0)
    })
    await consumer.connect()
    await consumer.subscribe({ topic: 'shared' })
    await consumer.run({ eachMessage: async () => {} })
    return consumer
  }
  const first = await join('first')
  t.ok(await settled([4]), 'the only member has all')
  const second = await join('second')
  t.ok(await settled([2, 2]), 'two members have half each')
  await second.disconnect()
  owned.delete('second')
  t.ok(await settled([4]), 'the one that stays has all again')
  await first.disconnect()
})

t.test('transactional producer', async (t) => {
  const { broker, kafka, admin } = await client(t)
  await admin.createTopics({ topics: [{ topic: 'in' }, { topic: 'out', numPartitions: 2 }] })
  const producer = kafka.producer({ transactionalId: 'payments', maxInFlightRequests: 1, idempotent: true })
  await producer.connect()
  t.teardown(() => producer.disconnect())
  const committed = await producer.transaction()
  await committed.send({ topic: 'out', messages: [{ key: 'a', value: 'kept' }] })
  const topics = [{ topic: 'in', partitions: [{ partition: 0, offset: '7' }] }]
  await committed.sendOffsets({ consumerGroupId: 'tx-readers', topics })
  await committed.commit()
  const aborted = await producer.transaction()
  await aborted.send({ topic: 'out', messages: [{ key: 'a', value: 'dropped' }] })
  await aborted.sendOffsets({
    consumerGroupId: 'tx-readers',
    topics: [{ topic: 'in', partitions: [{ partition: 0, offset: '9' }] }],
  })
  await aborted.abort()
  const last = await producer.transaction()
  await last.send({ topic: 'out', messages: [{ key: 'a', value: 'kept too' }] })
  await last.commit()
  const offsets = await admin.fetchOffsets({ groupId: 'tx-readers', topics: ['in'] })
  t.equal(offsets[0]!.partitions[0]!.offset, '7', 'offsets of the aborted transaction are gone')
  const { seen } = await readAll(t, kafka, 'check', 'out', 2)
  t.same(
    seen.map(({ value }) => value),
    ['kept', 'kept too'],
  )
  const logs = broker.core.topics.named('out')!.partitions
  t.same(
    logs.map((log) => log.lastStableOffset - log.endOffset),
    [0, 0],
  )
})

t.test('admin', async (t) => {
  const { kafka, admin } = await client(t)
  const configEntries = [{ name: 'retention.ms', value: '-1' }]
  t.equal(await admin.createTopics({ topics: [{ topic: 'a', numPartitions: 2, configEntries }] }), true)
  t.equal(await admin.createTopics({ topics: [{ topic: 'a' }] }), false, 'it is there already')
  t.same(await admin.listTopics(), ['a'])
  await admin.createPartitions({ topicPartitions: [{ topic: 'a', count: 3 }] })
  const metadata = await admin.fetchTopicMetadata({ topics: ['a'] })
  t.equal(metadata.topics[0]!.partitions.length, 3)
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: 2, name: 'a', configNames: ['retention.ms', 'cleanup.policy'] }],
  })
  t.same(
    resources[0]!.configEntries.map(({ configName, configValue }) => [configName, configValue]),
    [
      ['cleanup.policy', 'delete'],
      ['retention.ms', '-1'],
    ],
  )
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic: 'a', messages: Array.from({ length: 9 }, (_, i) => ({ partition: 0, value: `${i}` })) })
  await producer.disconnect()
  await admin.deleteTopicRecords({ topic: 'a', partitions: [{ partition: 0, offset: '4' }] })
  const offsets = await admin.fetchTopicOffsets('a')
  t.match(offsets.find(({ partition }) => partition === 0)!, { low: '4', high: '9' })
  await t.rejects(admin.fetchTopicMetadata({ topics: ['nowhere'] }))
  await admin.deleteTopics({ topics: ['a'] })
  t.same(await admin.listTopics(), [])
  const cluster = await admin.describeCluster()
  t.equal(cluster.brokers.length, 1)
})
