/** A producer that is used without awaiting, out of order, or with options it cannot have: an error, or everything that was sent. */
import t, { type Test } from 'tap'
import {
  TransactionalProducer,
  type TransactionalProducerOptions,
} from '../../../lib/client/producer/transactional-producer.js'
import { connect, partitionForKey, readAll } from '../../../lib/index.js'
import { KAFKA_ERROR } from '../../../lib/protocol/index.js'
import { embedded } from '../../runtime/embedded.js'
import { heldTransport } from '../../runtime/group-rig.js'
import { refused, ScriptedBroker } from '../scripted-broker.js'

const record = (i: number) => ({ topic: 'in', key: Buffer.from(`k${i}`), value: Buffer.from(`v${i}`) })
const stateInvalid = { code: 'CLIENT_STATE_INVALID' }

/** A producer over the embedded broker whose requests take their time; it knows the topic already where `warm`. */
async function slow(t: Test, limits: Partial<TransactionalProducerOptions>, warm: boolean) {
  const world = await embedded(t, { in: 3 })
  const before = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)))
  const cluster = connect({ broker: world.broker, transport: heldTransport(world.broker, { before, after: before }) })
  t.teardown(() => cluster.close())
  const producer = new TransactionalProducer({ cluster, transactionalId: 'tx', ...limits })
  await producer.init()
  if (warm) await cluster.topic('in')
  const stored = async () => (await readAll({ cluster, topic: 'in' })).map(({ value }) => String(value)).sort()
  return { producer, stored }
}

for (const limits of [
  {},
  { bufferBytes: 1, batchBytes: 1 },
  { bufferBytes: 100, batchBytes: 50 },
  { batchBytes: 100 },
]) {
  for (const warm of [true, false]) {
    const how = `${JSON.stringify(limits)}, ${warm ? 'a topic known' : 'a new topic'}`
    t.test(`appends that nobody awaits are part of the commit: ${how}`, async (t) => {
      const { producer, stored } = await slow(t, limits, warm)
      const values: string[] = []
      for (let round = 0; round < 3; round++) {
        producer.begin()
        for (let i = 0; i < 20; i++) {
          void producer.append(record(round * 20 + i))
          values.push(`v${round * 20 + i}`)
        }
        t.match(await producer.commit(), { kind: 'committed' })
        t.same(await stored(), [...values].sort())
      }
    })

    t.test(`a second commit, and what comes behind the first, is refused: ${how}`, async (t) => {
      const { producer, stored } = await slow(t, limits, warm)
      producer.begin()
      for (let i = 0; i < 20; i++) void producer.append(record(i))
      const first = producer.commit()
      await t.rejects(producer.commit(), stateInvalid)
      await t.rejects(producer.append(record(20)), stateInvalid)
      await t.rejects(producer.flush(), stateInvalid)
      await t.rejects(producer.abort(), stateInvalid)
      t.throws(() => producer.begin(), stateInvalid)
      t.match(await first, { kind: 'committed' })
      t.equal((await stored()).length, 20)
      producer.begin()
      await producer.append(record(21))
      t.match(await producer.commit(), { kind: 'committed' })
      t.equal((await stored()).length, 21)
    })

    t.test(`an abort waits for what is on its way: ${how}`, async (t) => {
      const { producer, stored } = await slow(t, limits, warm)
      producer.begin()
      for (let i = 0; i < 20; i++) producer.append(record(i)).catch(() => undefined)
      t.match(await producer.abort(), { kind: 'aborted' })
      t.same(await stored(), [])
    })
  }
}

t.test('offsets that nobody awaits are part of the commit', async (t) => {
  const broker = new ScriptedBroker()
  const producer = new TransactionalProducer({ cluster: broker.cluster, transactionalId: 'tx' })
  await producer.init()
  producer.begin()
  const offsets = [{ topic: 'in', partition: 0, offset: 5, leaderEpoch: -1, metadata: '' }]
  void producer.sendOffsets(offsets, { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null })
  t.match(await producer.commit(), { kind: 'committed' })
  t.same(
    broker.asked.map(({ api }) => api).filter((api) => ['TxnOffsetCommit', 'EndTxn'].includes(api)),
    ['TxnOffsetCommit', 'EndTxn'],
  )
})

t.test('options it cannot have', async (t) => {
  const { cluster } = new ScriptedBroker()
  for (const [name, values] of [
    ['transactionalId', [undefined, null, '', 5]],
    ['transactionTimeoutMs', [0, -1, 1.5, Number.NaN, 2 ** 31, '5']],
    ['batchBytes', [0, -5, 1.5, Number.NaN, '5']],
    ['bufferBytes', [0, -5, Number.NaN, Number.POSITIVE_INFINITY]],
    ['compression', ['brotli', 5, null]],
    ['cluster', [undefined, null, {}]],
    ['batchSize', [5]],
  ] as const) {
    for (const value of values) {
      const options = { cluster, transactionalId: 'tx', [name]: value } as never
      const named = { code: 'CONFIG_INVALID', message: new RegExp(name) }
      t.throws(() => new TransactionalProducer(options), named, `${name}: ${String(value)}`)
    }
  }
  for (const options of [undefined, null, 'x']) {
    t.throws(() => new TransactionalProducer(options as never), { code: 'CONFIG_INVALID' })
  }
})

t.test('connections, and keys of a partition, that cannot be', async (t) => {
  for (const options of [
    undefined,
    null,
    'localhost:9092',
    {},
    { brokers: 'localhost:9092' },
    { brokers: [] },
    { brokers: [9092] },
    { broker: {} },
    { broker: null },
  ]) {
    t.throws(() => connect(options as never), { code: 'CONFIG_INVALID' }, JSON.stringify(options))
  }
  for (const [key, partitions] of [
    ['text', 3],
    [null, 3],
    [undefined, 3],
    [5, 3],
    [Buffer.from('k'), 0],
    [Buffer.from('k'), -1],
    [Buffer.from('k'), 1.5],
    [Buffer.from('k'), undefined],
  ] as const) {
    t.throws(() => partitionForKey(key as never, partitions as never), { code: 'CLIENT_RECORD_INVALID' }, String(key))
  }
})

for (const end of ['abort', 'commit'] as const) {
  t.test(`a producer that was fenced at an append says so at its ${end}, and goes on after init`, async (t) => {
    const broker = new ScriptedBroker()
    broker.on('Produce', refused(KAFKA_ERROR.INVALID_PRODUCER_EPOCH))
    const producer = new TransactionalProducer({ cluster: broker.cluster, transactionalId: 'tx', bufferBytes: 1 })
    await producer.init()
    producer.begin()
    await t.rejects(producer.append({ ...record(0), partition: 0 }), { code: 'CLIENT_FENCED' })
    for (const _ of ['once', 'again'])
      t.match(await producer[end](), { kind: 'fenced', cause: { code: 'CLIENT_FENCED' } })
    t.throws(() => producer.begin(), stateInvalid)
    await producer.init()
    producer.begin()
    t.match(await producer.abort(), { kind: 'aborted' })
    await broker.cluster.close()
  })
}
