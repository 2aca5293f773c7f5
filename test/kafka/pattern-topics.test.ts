/** On a real broker: topics that come to match a pattern, and a static member that comes back with more to read. */
import t from 'tap'
import { Admin, connect, readAll, Streams, StreamsBuilder, string, TransactionalProducer } from '../../lib/index.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { realKafka, uniqueName } from './broker.js'

t.setTimeout(120_000)

t.test('topics that come to match are read, and found again after a restart', { timeout: 90_000 }, async (t) => {
  const kafka = await realKafka(t)
  if (kafka === null) return
  const brokers = [kafka.bootstrap]
  const cluster = connect({ brokers })
  t.teardown(() => cluster.close())
  const admin = new Admin(cluster)
  const prefix = uniqueName('pattern')
  const out = `${prefix}.out`
  const create = (name: string, partitions: number) => admin.createTopics([{ name, partitions }])
  await create(out, 1)
  await create(`${prefix}-1`, 1)
  const producer = new TransactionalProducer({ cluster, transactionalId: prefix })
  await producer.init()
  const send = async (topic: string, partition: number, value: string) => {
    producer.begin()
    await producer.append({ topic, partition, key: Buffer.from('k'), value: Buffer.from(value) })
    await producer.commit()
  }
  const until = async (count: number) => {
    for (const deadline = Date.now() + 30_000; ; ) {
      const values = (await readAll({ cluster, topic: out })).map(({ value }) => String(value)).sort()
      if (values.length >= count || Date.now() > deadline) return values
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const builder = new StreamsBuilder()
  builder.stream(new RegExp(`${prefix}-[0-9]`), { key: string, value: string }).to(out)
  const engines = new MemoryEngines()
  const start = async () => {
    const settings = { applicationId: prefix, brokers, engines, topicRefreshIntervalMs: 100 }
    const streams = new Streams(builder.build(), settings)
    await streams.start()
    return streams
  }
  const first = await start()
  await send(`${prefix}-1`, 0, 'a')
  t.same(await until(1), ['a'])
  await create(`${prefix}-2`, 2)
  await send(`${prefix}-2`, 1, 'b')
  t.same(await until(2), ['a', 'b'])
  t.same(first.tasks(), ['0_0', '0_1'])
  await first.close()

  await create(`${prefix}-3`, 3)
  await send(`${prefix}-3`, 2, 'c')
  const second = await start()
  t.same(await until(3), ['a', 'b', 'c'])
  t.same(second.tasks(), ['0_0', '0_1', '0_2'])
  await second.close({ leaveGroup: true })
})
