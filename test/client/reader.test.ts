/** Reading topics with serdes and without, from a connection or a cluster. */
import t from 'tap'
import { IdempotentProducer } from '../../lib/client/producer.js'
import {
  connect,
  embeddedBroker,
  int64,
  Producer,
  readAll,
  readTopic,
  SchemaPending,
  string,
  TransactionalProducer,
  topic,
} from '../../lib/index.js'
import { BatchBuilder } from '../../lib/protocol/index.js'
import { embedded } from '../runtime/embedded.js'

const counts = topic('counts', { key: string, value: int64 })

t.test('a topic gives typed records, a name bytes, both up to the present end', async (t) => {
  const { broker } = await embedded(t, { counts: 1 })
  await using producer = new Producer({ connection: broker })
  await producer.send(counts, { key: 'a', value: 5, timestamp: 7 })
  await producer.send(counts, { key: null, value: null })
  const cluster = connect(broker)
  t.teardown(() => cluster.close())
  const typed = [
    { topic: 'counts', partition: 0, offset: 0, timestamp: 7, key: 'a', value: 5, headers: [] },
    { topic: 'counts', partition: 0, offset: 1, key: null, value: null },
  ]
  const bytes = [
    { key: Buffer.from('a'), value: int64.serialize(5, '') },
    { key: null, value: null },
  ]
  for (const source of [cluster, broker, { broker }]) {
    t.match(await readAll(source, counts), typed)
    t.match(await readAll(source, 'counts'), bytes)
    t.match(await readAll(source, counts, { from: new Map([[0, 1]]) }), typed.slice(1))
    const seen: (number | null)[] = []
    for await (const { records } of readTopic(source, counts)) for (const { value } of records) seen.push(value)
    t.same(seen, [5, null])
  }
  t.match(await readAll({ cluster, topic: counts }), typed)
  t.match(await readAll({ connection: broker, topic: counts, partitions: [0] }), typed)
  t.match(await readAll({ connection: { broker }, topic: 'counts' }), bytes)
  t.match((await readTopic({ cluster, topic: 'counts' }).next()).value, { nextOffset: 2, records: bytes })
})

t.test('a record that its serde cannot read is named, without what is in it', async (t) => {
  const { broker } = await embedded(t, { counts: 1 })
  await using producer = new Producer({ connection: broker })
  await producer.send(counts, { key: 'a', value: 5 })
  await producer.send('counts', { key: Buffer.from('a'), value: Buffer.from('SECRET') })
  await producer.send(counts, { key: 'a', value: 6 })
  const error = await readAll(broker, counts).then(
    () => t.fail('it could be read'),
    (caught) => caught,
  )
  t.match(error, { code: 'DESERIALIZE_FAILED', topic: 'counts', partition: 0, offset: 1, part: 'value' })
  t.notMatch(error.message, /SECRET/)
  t.match(await readAll(broker, counts, { from: new Map([[0, 2]]) }), [{ value: 6 }])
})

t.test(
  'records before one that cannot be read come before its error, so that reading can continue behind it',
  async (t) => {
    const { broker } = await embedded(t, { counts: 1 })
    const cluster = connect(broker)
    t.teardown(() => cluster.close())
    const values = [5, 6, 'SECRET', 7, 'SECRET', 'SECRET', 8]
    const builder = new BatchBuilder()
    for (const value of values) {
      builder.append(1, null, typeof value === 'number' ? int64.serialize(value, '') : Buffer.from(value))
    }
    await new IdempotentProducer({ cluster }).send([{ topic: 'counts', partition: 0, builder }])
    const seen: unknown[] = []
    for (let offset = 0, ended = false; !ended; ) {
      try {
        for await (const { records, nextOffset } of readTopic(broker, counts, { from: new Map([[0, offset]]) })) {
          for (const { value } of records) seen.push(value)
          offset = nextOffset
        }
        ended = true
      } catch (error) {
        t.match(error, { code: 'DESERIALIZE_FAILED', offset }, 'up to there, records have come')
        seen.push('error')
        offset++
      }
    }
    t.same(seen, [5, 6, 'error', 7, 'error', 'error', 8])
  },
)

t.test('a serde that waits for its schema is asked again, in order', async (t) => {
  const { broker } = await embedded(t, { counts: 1 })
  await using producer = new TransactionalProducer({ connection: broker, transactionalId: 'x' })
  await producer.init()
  let known = 0
  const slow = topic('counts', {
    key: string,
    value: {
      name: 'slow',
      serialize(value: string) {
        if (known++ < 3) throw new SchemaPending(Promise.resolve())
        return Buffer.from(value)
      },
      deserialize(bytes: Buffer) {
        if (known-- > 0) throw new SchemaPending(Promise.resolve())
        return String(bytes)
      },
    },
  })
  producer.begin()
  await producer.append(slow, { key: 'a', value: 'x' })
  await producer.append('counts', { value: Buffer.from('y') })
  await producer.append({ topic: 'counts', key: null, value: Buffer.from('z') })
  t.match(await producer.commit(), { kind: 'committed' })
  known = 3
  t.match(await readAll(broker, slow), [{ value: 'x' }, { value: 'y' }, { value: 'z' }])
})

t.test('a transaction whose record waits for its schema does not end before it', async (t) => {
  const { broker } = await embedded(t, { counts: 1 })
  await using producer = new TransactionalProducer({ connection: broker, transactionalId: 'x' })
  await producer.init()
  let ready = () => {}
  const schema = new Promise<void>((resolve) => {
    ready = resolve
  })
  let known = false
  schema.then(() => {
    known = true
  })
  const serialize = (value: string) => {
    if (!known) throw new SchemaPending(schema)
    return Buffer.from(value)
  }
  const slow = topic('counts', { key: string, value: { name: 'slow', serialize, deserialize: String } })
  producer.begin()
  const appended = producer.append(slow, { value: 'x' })
  const committed = producer.commit()
  setImmediate(ready)
  const ends = await Promise.allSettled([appended, committed])
  const stored = await readAll(broker, 'counts')
  if (ends[0].status === 'fulfilled') t.equal(stored.length, 1)
  else t.equal(stored.length, 0)
  t.match(ends[1], { status: 'fulfilled', value: { kind: 'committed' } })
})

t.test('reading from a connection leaves nothing open, however it ends', async (t) => {
  const broker = await embeddedBroker({ folder: null })
  t.teardown(() => broker.close())
  let open = 0
  const counted = new Proxy(broker, {
    get(target, name) {
      if (name !== 'connection') return Reflect.get(target, name, target)
      return () => {
        const connection = target.connection()
        open++
        return {
          handle: (frame: Buffer) => connection.handle(frame),
          close() {
            open--
            connection.close()
          },
        }
      }
    },
  })
  await using producer = new Producer({ connection: broker })
  await t.rejects(readAll(counted, 'none'), { code: 'CLIENT_TOPIC_MISSING' })
  t.equal(open, 0)
  const cluster = connect(broker)
  const { Admin } = await import('../../lib/index.js')
  await using admin = new Admin(counted)
  await admin.createTopics([{ name: 'counts', partitions: 2 }])
  await Promise.all([1, 2, 3].map((value) => producer.send(counts, { key: `${value}`, value })))
  await cluster.close()
  const before = open
  for await (const chunk of readTopic(counted, counts, { until: 'never' })) if (chunk.records.length > 0) break
  t.equal(open, before)
})
