import t from 'tap'
import { TransactionalProducer } from '../../../lib/client/producer/transactional-producer.js'
import { KAFKA_ERROR, readBatches } from '../../../lib/protocol/index.js'
import { partitionForKey } from '../../../lib/record/partitioner.js'
import { string } from '../../../lib/serde/primitive.js'
import { SchemaPending } from '../../../lib/serde/serde.js'
import { topic } from '../../../lib/serde/topic.js'
import { refused, ScriptedBroker } from '../scripted-broker.js'

async function ready(limits: { batchBytes?: number; bufferBytes?: number } = {}) {
  const broker = new ScriptedBroker()
  const producer = new TransactionalProducer({ cluster: broker.cluster, transactionalId: 'tx', ...limits })
  await producer.init()
  return { broker, producer }
}

/** What was produced: partition → values, in order. */
function stored(broker: ScriptedBroker): Record<number, string[]> {
  const rows: Record<number, string[]> = {}
  for (const { request } of broker.named('Produce')) {
    for (const topic of request.topicData as { partitionData: { index: number; records: Buffer }[] }[]) {
      for (const { index, records } of topic.partitionData) {
        for (const batch of readBatches(records)) {
          const cursor = batch.records()
          rows[index] ??= []
          while (cursor.next()) rows[index].push(String(cursor.value()))
        }
      }
    }
  }
  return rows
}

t.test('records wait for the commit and leave in one request', async (t) => {
  const { broker, producer } = await ready()
  producer.begin()
  const expected: Record<number, string[]> = {}
  for (let i = 0; i < 50; i++) {
    const key = Buffer.from(`key ${i % 7}`)
    const partition = partitionForKey(key, 4)
    expected[partition] ??= []
    expected[partition].push(`v${i}`)
    await producer.append({ topic: 'out', key, value: Buffer.from(`v${i}`), timestamp: 5 })
  }
  t.equal(broker.named('Produce').length, 0)
  t.match(await producer.commit(), { kind: 'committed' })
  t.equal(broker.named('Produce').length, 1)
  t.strictSame(stored(broker), expected)
})

t.test('records without a key go round; one with a partition goes there', async (t) => {
  const { broker, producer } = await ready()
  producer.begin()
  for (let i = 0; i < 5; i++) await producer.append({ topic: 'out', key: null, value: Buffer.from(`${i}`) })
  await producer.append({ topic: 'out', key: Buffer.from('k'), value: Buffer.from('p'), partition: 3 })
  await producer.commit()
  t.strictSame(stored(broker), { 0: ['0', '4'], 1: ['1'], 2: ['2'], 3: ['3', 'p'] })
})

t.test('much of it leaves early, in batches of bounded size, in order', async (t) => {
  const { broker, producer } = await ready({ batchBytes: 1_000, bufferBytes: 5_000 })
  producer.begin()
  const values = Array.from({ length: 100 }, (_, i) => `${i}`.padEnd(200, '.'))
  for (const value of values)
    await producer.append({ topic: 'out', key: null, value: Buffer.from(value), partition: 0 })
  t.ok(broker.named('Produce').length > 3)
  await producer.commit()
  t.strictSame(stored(broker)[0], values)
  t.equal(broker.named('AddPartitionsToTxn').length, 1)
})

t.test('abort drops what waits; a refused write aborts; the next transaction is clean', async (t) => {
  const { broker, producer } = await ready()
  producer.begin()
  await producer.append({ topic: 'out', key: null, value: Buffer.from('no') })
  t.match(await producer.abort(), { kind: 'aborted' })
  producer.begin()
  await producer.append({ topic: 'out', key: null, value: Buffer.from('refused'), partition: 0 })
  broker.on('Produce', refused(KAFKA_ERROR.MESSAGE_TOO_LARGE))
  t.match(await producer.commit(), { kind: 'aborted', cause: { code: 'CLIENT_REQUEST_FAILED' } })
  producer.begin()
  await producer.append({ topic: 'out', key: null, value: Buffer.from('yes'), partition: 0 })
  broker.on('Produce', refused(KAFKA_ERROR.PRODUCER_FENCED))
  t.match(await producer.commit(), { kind: 'fenced' })
  await producer.init()
  producer.begin()
  await producer.append({ topic: 'out', key: null, value: Buffer.from('again'), partition: 0 })
  t.match(await producer.commit(), { kind: 'committed' })
  await producer.close()
})

t.test('a commit waits for records that wait for their schema, in the order of the calls', async (t) => {
  const { broker, producer } = await ready()
  let known = false
  let schemaKnown = () => {}
  const schema = new Promise<void>((resolve) => {
    schemaKnown = () => {
      known = true
      resolve()
    }
  })
  const serialize = (value: string) => {
    if (!known) throw new SchemaPending(schema)
    return Buffer.from(value)
  }
  const out = topic('out', { key: string, value: { ...string, name: 'slow', serialize } })
  producer.begin()
  const appends = ['a', 'b'].map((value) => producer.append(out, { value, partition: 0 }))
  const committed = producer.commit()
  schemaKnown()
  await Promise.all(appends)
  t.match(await committed, { kind: 'committed' })
  t.strictSame(stored(broker), { 0: ['a', 'b'] })
  known = false
  producer.begin()
  const late = producer.append(out, { value: 'late', partition: 0 })
  t.match(await producer.abort(), { kind: 'aborted' })
  producer.begin()
  known = true
  await t.rejects(late, { code: 'CLIENT_STATE_INVALID' })
  t.match(await producer.commit(), { kind: 'committed' })
  t.strictSame(stored(broker), { 0: ['a', 'b'] }, 'nothing of an aborted transaction comes into the next')
})
