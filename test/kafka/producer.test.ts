/** The plain producer on a real Kafka: many sends at once, what it refuses, a producer the broker has forgotten. */
import t from 'tap'
import { Admin, connect, int32, Producer, readAll, string, topic } from '../../lib/index.js'
import { realKafka, uniqueName } from './broker.js'

t.test('the producer on Kafka', { timeout: 180_000 }, async (t) => {
  const kafka = await realKafka(t)
  if (kafka === null) return
  const cluster = connect({ brokers: [kafka.bootstrap] })
  t.teardown(() => cluster.close())
  const admin = new Admin(cluster)

  t.test('many sends at once are stored once, in order, where it says', async (t) => {
    const numbers = topic(uniqueName('numbers'), { key: string, value: int32 })
    await admin.createTopics([{ name: numbers.name, partitions: 3 }])
    const producer = new Producer({ cluster, batchBytes: 4_000 })
    const told = await Promise.all(
      Array.from({ length: 5_000 }, (_, i) => producer.send(numbers, { key: `k${i % 11}`, value: i })),
    )
    await producer.close()
    const stored = await readAll({ cluster, topic: numbers.name })
    t.equal(stored.length, 5_000)
    const places = new Map(
      stored.map(({ partition, offset, value }) => [`${partition}@${offset}`, value!.readInt32BE()]),
    )
    t.same(
      told.map(({ partition, offset }) => places.get(`${partition}@${offset}`)),
      told.map((_, i) => i),
    )
    for (const partition of [0, 1, 2]) {
      const values = stored.filter((row) => row.partition === partition).map(({ value }) => value!.readInt32BE())
      t.same(
        values,
        [...values].sort((a, b) => a - b),
      )
    }
  })

  t.test('what the topic does not take fails alone', async (t) => {
    const small = uniqueName('small')
    const compacted = uniqueName('compacted')
    await admin.createTopics([
      { name: small, partitions: 1, config: { 'max.message.bytes': '1000' } },
      { name: compacted, partitions: 1, config: { 'cleanup.policy': 'compact' } },
    ])
    const producer = new Producer({ cluster })
    const sizes = [100, 5_000, 600, 600, 100]
    const first = await Promise.allSettled(sizes.map((size) => producer.send(small, { value: Buffer.alloc(size) })))
    t.match(
      first.map((each) => (each.status === 'fulfilled' ? each.value.offset : each.reason.code)),
      [0, 'RECORD_TOO_LARGE', 1, 2, 3],
    )
    const keys = ['a', null, 'b']
    const second = await Promise.allSettled(
      keys.map((key) =>
        producer.send(compacted, { key: key === null ? null : Buffer.from(key), value: Buffer.from('v') }),
      ),
    )
    t.match(
      second.map((each) => (each.status === 'fulfilled' ? each.value.offset : each.reason.code)),
      [0, 'RECORD_REJECTED', 1],
    )
    await t.rejects(producer.send(uniqueName('none'), { value: null }), { code: 'CLIENT_TOPIC_MISSING' })
    await producer.close()
  })

  t.test('records deleted under it, and a topic made anew, do not stop it', async (t) => {
    const name = uniqueName('gone')
    await admin.createTopics([{ name, partitions: 1 }])
    const producer = new Producer({ cluster })
    const value = Buffer.from('v')
    await producer.send(name, { value })
    await producer.send(name, { value })
    await admin.deleteRecords([{ topic: name, partition: 0, offset: 2 }])
    t.match(await producer.send(name, { value }), { offset: 2 })
    await admin.deleteTopics([name])
    await admin.createTopics([{ name, partitions: 1 }])
    t.match(await producer.send(name, { value }), { partition: 0 })
    await producer.close()
    t.equal((await readAll({ cluster, topic: name })).length, 1)
  })
})
