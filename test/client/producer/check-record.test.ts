/** What a producer is given by somebody who has no type checker. */
import t from 'tap'
import type { OutgoingRecord } from '../../../lib/client/producer/outgoing-record.js'
import { TransactionalProducer } from '../../../lib/client/producer/transactional-producer.js'
import { IdempotentProducer } from '../../../lib/client/producer.js'
import { BatchBuilder, KAFKA_ERROR, readBatches } from '../../../lib/protocol/index.js'
import { metadata, ScriptedBroker } from '../scripted-broker.js'

const GOOD = { topic: 'out', key: Buffer.from('k'), value: Buffer.from('SECRET') }

async function ready() {
  const broker = new ScriptedBroker()
  const producer = new TransactionalProducer({ cluster: broker.cluster, transactionalId: 'tx' })
  await producer.init()
  return { broker, producer }
}

const append = (producer: TransactionalProducer, record: unknown) => producer.append(record as OutgoingRecord)

function sentValues(broker: ScriptedBroker): string[] {
  const values: string[] = []
  for (const { request } of broker.named('Produce')) {
    for (const topic of request.topicData as { partitionData: { records: Buffer }[] }[]) {
      for (const { records } of topic.partitionData) {
        for (const batch of readBatches(records)) {
          const cursor = batch.records()
          while (cursor.next()) values.push(String(cursor.value()))
        }
      }
    }
  }
  return values
}

const REFUSED: readonly [what: string, record: unknown, message: RegExp][] = [
  ['a key that is a string', { ...GOOD, key: 'SECRET' }, /its key is a string, not a Buffer.*Buffer\.from/],
  ['a value that is a string', { ...GOOD, value: 'SECRET' }, /its value is a string/],
  ['a value that is a number', { ...GOOD, value: 7 }, /its value is a number/],
  ['a value that is an object', { ...GOOD, value: { SECRET: 1 } }, /its value is an object \(Object\)/],
  ['a value that is an array', { ...GOOD, value: [1, 2] }, /its value is an array/],
  ['a value that is a DataView', { ...GOOD, value: new DataView(new ArrayBuffer(2)) }, /an object \(DataView\)/],
  ['a value that is wider than bytes', { ...GOOD, value: new Uint16Array(2) }, /an object \(Uint16Array\)/],
  ['no value', { topic: 'out', key: null }, /its value is undefined/],
  ['no key', { topic: 'out', value: null }, /its key is undefined/],
  ['a topic that is a number', { ...GOOD, topic: 3 }, /its topic is a number, not a string/],
  ['no topic', { key: null, value: null }, /its topic is undefined/],
  ['an empty topic', { ...GOOD, topic: '' }, /empty string/],
  ['a partition that is a string', { ...GOOD, partition: '1' }, /its partition is a string/],
  ['a partition below 0', { ...GOOD, partition: -1 }, /its partition is -1/],
  ['half a partition', { ...GOOD, partition: 0.5 }, /its partition is 0\.5/],
  ['a time that is a Date', { ...GOOD, timestamp: new Date(0) }, /its timestamp is an object \(Date\)/],
  ['a time that is a string', { ...GOOD, timestamp: '5' }, /its timestamp is a string/],
  [
    'a fraction of a millisecond',
    { ...GOOD, timestamp: 1.5 },
    /its timestamp is 1\.5, not a whole number of milliseconds/,
  ],
  ['a time before 1970', { ...GOOD, timestamp: -1 }, /its timestamp is -1/],
  ['no number', { ...GOOD, timestamp: Number.NaN }, /its timestamp is NaN/],
  ['nanoseconds', { ...GOOD, timestamp: 1.7e18 }, /its timestamp is 1700000000000000000/],
  ['a bigint', { ...GOOD, timestamp: 5n }, /its timestamp is a bigint/],
  ['headers that are an object', { ...GOOD, headers: { a: Buffer.from('SECRET') } }, /its headers are an object/],
  ['a header without a key', { ...GOOD, headers: [{ value: null }] }, /key of its header 0 is undefined/],
  ['a header of text', { ...GOOD, headers: [{ key: 'h', value: 'SECRET' }] }, /its header 0 is a string/],
  ['a null among the headers', { ...GOOD, headers: [null] }, /key of its header 0/],
  ['nothing', undefined, /it is undefined, not an object/],
  ['null', null, /it is null, not an object/],
]

t.test('what cannot be sent is refused with what is wrong, and the transaction goes on', async (t) => {
  const { broker, producer } = await ready()
  producer.begin()
  await producer.append({ topic: 'out', key: null, value: Buffer.from('first'), partition: 0 })
  for (const [what, record, message] of REFUSED) {
    const error = await append(producer, record).then(
      () => null,
      (error) => error,
    )
    t.match(error, { code: 'CLIENT_RECORD_INVALID', message }, what)
    t.notMatch(String(error?.stack), /SECRET/, `${what}: no payload in the error`)
  }
  await append(producer, { topic: 'out', key: new Uint8Array([1]), value: null, partition: 0, headers: undefined })
  await producer.append({ topic: 'out', key: null, value: Buffer.from('last'), partition: 0, timestamp: 0 })
  t.match(await producer.commit(), { kind: 'committed' })
  t.same(sentValues(broker), ['first', 'null', 'last'])
})

t.test('a record needs an open transaction', async (t) => {
  const { broker, producer } = await ready()
  const closedDoor = { code: 'CLIENT_STATE_INVALID' }
  await t.rejects(append(producer, GOOD), { ...closedDoor, message: /is ready, not open/ }, 'before begin')
  producer.begin()
  await producer.append(GOOD)
  await producer.commit()
  await t.rejects(append(producer, GOOD), closedDoor, 'after commit')
  producer.begin()
  await producer.abort()
  await t.rejects(append(producer, GOOD), closedDoor, 'after abort')
  await producer.close()
  await t.rejects(append(producer, GOOD), { ...closedDoor, message: /is closed/ }, 'after close')
  t.same(sentValues(broker), ['SECRET'])
})

t.test('append without await: in the transaction it was called in, or an error, never in the next', async (t) => {
  const { broker, producer } = await ready()
  producer.begin()
  const unawaited = producer.append({ ...GOOD, value: Buffer.from('a') })
  t.match(await producer.commit(), { kind: 'committed' })
  await unawaited
  t.same(sentValues(broker), ['a'], 'the commit waits for a topic to be found')

  producer.begin()
  const late = producer.append({ ...GOOD, topic: 'another', value: Buffer.from('b') })
  const outcome = producer.abort()
  await outcome
  producer.begin()
  await t.rejects(late, { code: 'CLIENT_STATE_INVALID', topic: 'another' })
  await producer.append({ ...GOOD, value: Buffer.from('c') })
  await producer.commit()
  t.same(sentValues(broker), ['a', 'c'])
})

t.test('a topic that has grown is asked for again before a partition is refused', async (t) => {
  const { broker, producer } = await ready()
  producer.begin()
  await producer.append({ ...GOOD, partition: 3 })
  const grown = () => {
    const answer = metadata([{ name: 'out' }]) as { topics: { partitions: { partitionIndex: number }[] }[] }
    const { partitions } = answer.topics[0]!
    partitions.push({ ...partitions[0]!, partitionIndex: 4 })
    return answer as Record<string, unknown>
  }
  broker.always('Metadata', grown)
  await producer.append({ ...GOOD, partition: 4 })
  await t.rejects(producer.append({ ...GOOD, partition: 5 }), { code: 'CLIENT_PARTITION_MISSING', partition: 5 })
  t.match(await producer.commit(), { kind: 'committed' })
  producer.begin()
  broker.on('Metadata', () => metadata([{ name: 'gone' }], 0, KAFKA_ERROR.TOPIC_AUTHORIZATION_FAILED))
  const denied = producer.append({ ...GOOD, topic: 'gone' })
  denied.catch(() => undefined)
  t.match(await producer.commit(), { kind: 'aborted', cause: { code: 'CLIENT_AUTHORIZATION' } })
})

t.test('offsets are checked as records are', async (t) => {
  const { producer } = await ready()
  const identity = { groupId: 'g', memberId: '', generationId: -1, groupInstanceId: null }
  const row = { topic: 'in', partition: 0, offset: 5, metadata: '' }
  producer.begin()
  for (const wrong of [
    { offset: '5' },
    { offset: -1 },
    { offset: 5.5 },
    { metadata: null },
    { partition: -2 },
    { topic: 1 },
  ]) {
    await t.rejects(producer.sendOffsets([{ ...row, ...wrong } as never], identity), { code: 'CLIENT_RECORD_INVALID' })
  }
  await producer.sendOffsets([row], identity)
  t.match(await producer.commit(), { kind: 'committed' })
})

t.test('batches say where they go', async (t) => {
  const { cluster } = new ScriptedBroker()
  const producer = new IdempotentProducer({ cluster })
  for (const place of [{ topic: 1 }, { partition: -1 }, { partition: undefined }, { topic: '' }]) {
    const builder = new BatchBuilder()
    builder.append(1, null, null)
    const batch = { topic: 'out', partition: 0, ...place, builder } as never
    await t.rejects(producer.send([batch]), { code: 'CLIENT_RECORD_INVALID' })
  }
})

t.test('the last line of defence: a batch takes bytes', async (t) => {
  const builder = new BatchBuilder()
  const bad: unknown[] = ['text', 'text that is longer than what a loop copies', 5, undefined, {}, Symbol('s'), true]
  for (const value of bad) {
    t.throws(() => builder.append(1, null, value as Buffer), { code: 'PROTOCOL_VALUE_INVALID' }, String(value))
    t.throws(() => builder.append(1, value as Buffer, null), { code: 'PROTOCOL_VALUE_INVALID' }, String(value))
    const headers = [{ key: 'h', value: value as Buffer }]
    t.throws(() => builder.append(1, null, null, headers), { code: 'PROTOCOL_VALUE_INVALID' }, String(value))
  }
  t.equal(builder.count, 0)
  builder.append(7, null, Buffer.from('good'))
  const cursor = readBatches(builder.build())[0]!.records()
  t.ok(cursor.next())
  t.equal(cursor.timestamp, 7)
  t.equal(String(cursor.value()), 'good')
})
