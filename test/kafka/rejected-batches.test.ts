/** What a real broker says about records it refuses, and that they are found, skipped and dead-lettered by it. */
import t from 'tap'
import { Admin, connect, readAll, Streams, StreamsBuilder, string, TransactionalProducer } from '../../lib/index.js'
import { realKafka, uniqueName } from './broker.js'

const DEADLINE_MS = 60_000

t.test('records a broker refuses become dead letters, the others go through once', { timeout: 180_000 }, async (t) => {
  const kafka = await realKafka(t)
  if (kafka === null) return
  const id = uniqueName('rejectedBatches')
  const topic = (name: string) => `${id}-${name}`
  const cluster = connect({ brokers: [kafka.bootstrap] })
  const admin = new Admin(cluster)
  await admin.createTopics([
    { name: topic('in'), partitions: 1 },
    { name: topic('dead'), partitions: 1 },
    { name: topic('compacted'), partitions: 1, config: { 'cleanup.policy': 'compact' } },
    { name: topic('small'), partitions: 1, config: { 'max.message.bytes': '2000' } },
  ])
  const builder = new StreamsBuilder()
  const input = builder.stream(topic('in'), { key: string, value: string })
  input
    .map((key, value): readonly [string | null, string | null] => [value === 'nokey' ? null : key, value])
    .to(topic('compacted'), {
      key: string,
      value: string,
    })
  input.mapValues((value) => (value === 'large' ? 'x'.repeat(3_000) : 'x'.repeat(1_200))).to(topic('small'))
  const streams = new Streams(builder.build(), {
    applicationId: id,
    brokers: [kafka.bootstrap],
    onProductionError: 'deadLetter',
    deadLetterTopic: topic('dead'),
  })
  const producer = new TransactionalProducer({ cluster, transactionalId: id })
  await producer.init()
  producer.begin()
  const values = ['a', 'nokey', 'b', 'large', 'c', 'nokey', 'd', 'large', 'e']
  for (const value of values)
    await producer.append({ topic: topic('in'), key: Buffer.from('k'), value: Buffer.from(value) })
  await producer.commit()
  await streams.start()
  const read = async (name: string, show = (value: Buffer) => String(value)) =>
    (await readAll({ cluster, topic: topic(name) })).map(({ value }) => (value === null ? '' : show(value)))
  for (const deadline = Date.now() + DEADLINE_MS; (await read('dead')).length < 4 && Date.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await streams.close({ leaveGroup: true })
  t.same(await read('dead'), ['nokey', 'large', 'nokey', 'large'])
  t.same(await read('compacted'), ['a', 'b', 'large', 'c', 'd', 'large', 'e'])
  const small = await read('small', (value) => String(value.length))
  t.same(small, Array(7).fill('1200'))
  t.ok((streams.droppedRecords().get('production') ?? 0) >= 4, 'once more for every time it was processed again')
  await producer.close()
  await cluster.close()
})
