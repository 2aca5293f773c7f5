/** The plain producer: what it sends, what it says of each record, how it waits, flushes and closes. */
import t from 'tap'
import { int64, json, Producer, partitionForKey, SchemaPending, string, topic } from '../../../lib/index.js'
import { KAFKA_ERROR, readBatches } from '../../../lib/protocol/index.js'
import { answers, metadata, refused, type Script } from '../scripted-broker.js'
import { answering, requests, rig, told, words } from './producer-rig.js'

const E = KAFKA_ERROR

t.test('many sends at once share a request; each is told where its record lies', async (t) => {
  const { broker, producer } = rig()
  const keys = ['a', 'b', 'c', 'd', 'e', 'f']
  const found = await Promise.all(keys.map((key) => producer.send(words, { key, value: key })))
  t.equal(broker.named('Produce').length, 1)
  t.same(
    found.map(({ topic, partition }) => [topic, partition]),
    keys.map((key) => ['words', partitionForKey(Buffer.from(key), 4)]),
  )
  t.equal(broker.named('InitProducerId').length, 1)
})

t.test('keys, values, headers, times and partitions as given, or by default', async (t) => {
  const { broker, producer } = rig()
  const counts = topic('counts', { key: string, value: int64 })
  const header = { key: 'h', value: Buffer.from('x') }
  await Promise.all([
    producer.send(counts, { key: 'a', value: 5, timestamp: 7, headers: [header], partition: 2 }),
    producer.send(counts, { key: 'a', value: null, partition: 2 }),
    producer.send('counts', { key: Buffer.from('raw'), value: new Uint8Array([1]), partition: 2 }),
    producer.send('counts', { value: null, partition: 2 }),
  ])
  const [sent] = broker.named('Produce')
  const [data] = sent!.request.topicData as { partitionData: { index: number; records: Buffer }[] }[]
  const rows: unknown[] = []
  for (const cursor = readBatches(data!.partitionData[0]!.records)[0]!.records(); cursor.next(); ) {
    rows.push([cursor.timestamp, cursor.key(), cursor.value(), cursor.headers()])
  }
  const now = broker.clock.now()
  t.match(rows, [
    [7, Buffer.from('a'), int64.serialize(5, ''), [header]],
    [Number, Buffer.from('a'), null, []],
    [Number, Buffer.from('raw'), Buffer.from([1]), []],
    [Number, null, null, []],
  ])
  t.ok(Math.abs((rows[1] as number[])[0]! - now) < 1_000)
  broker.asked.length = 0
  await Promise.all(['w', 'x', 'y', 'z', 'w'].map((value) => producer.send('plain', { value: Buffer.from(value) })))
  t.same(requests(broker), [['0:0/0=w,w', '1:0/0=x', '2:0/0=y', '3:0/0=z']], 'without a key in turn')
})

t.test('while a request is under way, records gather for the next', async (t) => {
  const { broker, send } = rig()
  await send('a')
  const sends = [send('b')]
  await new Promise((resolve) => setImmediate(resolve))
  for (const value of ['c', 'd', 'e']) sends.push(send(value))
  await Promise.all(sends)
  t.same(requests(broker), [['0:0/0=a'], ['0:0/1=b'], ['0:0/2=c,d,e']].slice(0, 3))
})

t.test('a batch takes no more than batchBytes', async (t) => {
  const { broker, send } = rig({ batchBytes: 300 })
  t.same(
    await told(['a', 'b', 'c', 'd', 'e'].map((value) => send(value.repeat(100)))),
    [0, 1, 2, 3, 4].map((i) => i),
  )
  for (const [batch] of requests(broker)) t.ok(batch!.length < 300)
})

t.test('a producer id is asked for until there is one, or none to be had', async (t) => {
  for (const [codes, expected] of [
    [[E.COORDINATOR_LOAD_IN_PROGRESS, E.COORDINATOR_LOAD_IN_PROGRESS], 0],
    [[E.CLUSTER_AUTHORIZATION_FAILED], 'CLIENT_AUTHORIZATION'],
  ] as const) {
    const { broker, send } = rig()
    broker.on('InitProducerId', ...codes.map(answers))
    t.same(await told([send('a')]), [expected])
    t.same(await told([send('b')]), [expected === 0 ? 1 : 0], 'and the next record asks anew')
  }
  const { broker, send } = rig({ deliveryTimeoutMs: 2_000 })
  broker.always('InitProducerId', answers(E.COORDINATOR_LOAD_IN_PROGRESS))
  t.same(await told([send('a'), send('b')]), ['CLIENT_DELIVERY_TIMEOUT', 'CLIENT_DELIVERY_TIMEOUT'])
  t.equal(broker.named('Produce').length, 0)
  const asked = broker.named('InitProducerId').length
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
  t.ok(broker.named('InitProducerId').length <= asked + 1, 'and nobody asks on')
})

t.test('no leader, and no broker at all', async (t) => {
  const noLeader: Script = (request) => metadata((request.topics as { name: string }[]) ?? [], -1)
  const { broker, send } = rig()
  broker.on('Metadata', noLeader, noLeader, noLeader)
  t.same(await told([send('a')]), [0])
  const gone = rig({ deliveryTimeoutMs: 3_000 })
  await gone.send('a')
  gone.broker.always('Produce', () => 'drop')
  const at = gone.broker.clock.now()
  t.same(await told(['b', 'c'].map(gone.send)), ['CLIENT_DELIVERY_TIMEOUT', 'CLIENT_DELIVERY_TIMEOUT'])
  const tookMs = gone.broker.clock.now() - at
  t.ok(tookMs >= 3_000 && tookMs < 6_000, `${tookMs} ms`)
})

t.test('a topic there is not fails all that wait for it at once, a partition only its record', async (t) => {
  const { broker, producer } = rig()
  broker.always('Metadata', (request) =>
    metadata((request.topics as { name: string }[]) ?? [], 0, E.UNKNOWN_TOPIC_OR_PARTITION),
  )
  const at = broker.clock.now()
  t.same(
    await told(Array.from({ length: 100 }, () => producer.send('none', { value: null }))),
    Array(100).fill('CLIENT_TOPIC_MISSING'),
  )
  t.ok(broker.clock.now() - at < 5_000)
  const other = rig()
  const to = (partition: number) => other.producer.send(words, { value: `${partition}`, partition })
  t.same(await told([to(0), to(9), to(1)]), [0, 'CLIENT_PARTITION_MISSING', 1])
})

t.test('a serde that waits for its schema keeps the order; one that throws fails its record alone', async (t) => {
  const { broker, producer } = rig()
  let ready = () => {}
  let known = false
  const schema = new Promise<void>((resolve) => {
    ready = () => {
      known = true
      resolve()
    }
  })
  const slow = topic('words', {
    key: string,
    value: {
      name: 'slow',
      serialize(value: string) {
        if (value === 'bad') throw new Error('no')
        if (!known) throw new SchemaPending(schema)
        return Buffer.from(value)
      },
      deserialize: String,
    },
  })
  const sends = ['a', 'bad', 'c'].map((value) => producer.send(slow, { value, partition: 0 }))
  sends.push(producer.send(words, { value: 'd', partition: 0 }))
  setImmediate(ready)
  t.same(await told(sends), [0, 'SERIALIZE_FAILED', 1, 2])
  t.same(requests(broker).flat(), ['0:0/0=a,c,d'])
})

t.test('more than bufferBytes wait outside, in order, and `ready` says when there is room', async (t) => {
  const { broker, producer, send } = rig({ bufferBytes: 1_000, batchBytes: 500 })
  await send('warm')
  broker.asked.length = 0
  const sends = Array.from({ length: 40 }, (_, i) => send(`${i}`.padStart(100, '0')))
  let isReady = false
  void producer.ready().then(() => {
    isReady = true
  })
  await Promise.resolve()
  t.notOk(isReady)
  await producer.ready()
  await Promise.all(sends)
  t.ok(isReady)
  const values = requests(broker).flatMap(([batch]) => batch!.split('=')[1]!.split(','))
  t.same(values.map(Number), [...Array(40).keys()])
  t.match(await told([send('x'.repeat(2_000))]), ['RECORD_TOO_LARGE'])
})

t.test('flush waits for what was sent before, and for nothing later', async (t) => {
  const { broker, producer, send } = rig()
  const over: string[] = []
  const note = (name: string) => () => void over.push(name)
  await producer.flush()
  await send('warm')
  void send('a').then(note('a'))
  const flushed = producer.flush().then(note('flushed'))
  void send('b').then(note('b'))
  broker.on(
    'Produce',
    (_request) => undefined,
    () => 'hang',
  )
  await flushed
  t.same(over, ['a', 'flushed'])
  const failing = rig()
  failing.broker.on('Produce', answering(E.TOPIC_AUTHORIZATION_FAILED))
  const sent = failing.send('a')
  sent.catch(() => undefined)
  await failing.producer.flush()
  await t.rejects(sent, { code: 'CLIENT_AUTHORIZATION' })
})

t.test('close waits for what was sent, or gives it up, and takes nothing more', async (t) => {
  const { producer, send } = rig()
  const sends = ['a', 'b'].map(send)
  await producer.close()
  t.same(await told(sends), [0, 1])
  t.same(await told([send('c')]), ['CLIENT_CLOSED'])
  await producer.close()
  for (const timeoutMs of [0, 500]) {
    const hanging = rig({ batchBytes: 100, bufferBytes: 300 })
    await hanging.send('warm')
    hanging.broker.always('Produce', () => 'hang')
    const waiting = told(['a', 'b', 'c', 'd', 'e'].map((value) => hanging.send(value.repeat(90))))
    await hanging.producer.close({ timeoutMs })
    t.same(await waiting, Array(5).fill('CLIENT_CLOSED'))
  }
  const disposed = rig()
  const last = disposed.send('a')
  await disposed.producer[Symbol.asyncDispose]()
  t.same(await told([last]), [0])
})

t.test('what is no record, no topic and no option is refused', async (t) => {
  const { broker, producer } = rig()
  const any = producer as unknown as { send(...given: unknown[]): Promise<{ readonly offset: number }> }
  for (const given of [
    ['words', undefined],
    ['words', null],
    ['words', 'text'],
    [undefined, { value: null }],
    [5, { value: null }],
    [{ topic: 'words', value: null }],
    ['', { value: null }],
    ['words', { value: 'text' }],
    ['words', {}],
    ['words', { key: 'text', value: null }],
    ['words', { value: null, timestmap: 5 }],
    ['words', { value: null, topic: 'words' }],
    ['words', { value: null, timestamp: -1 }],
    ['words', { value: null, partition: 1.5 }],
    ['words', { value: null, headers: { h: 'x' } }],
    [words, { key: 'a' }],
    [words, { value: null, headers: [{ key: 'h', value: 'x' }] }],
  ]) {
    t.same(await told([any.send(...given)]), ['CLIENT_RECORD_INVALID'], JSON.stringify(given))
  }
  t.same(await told([any.send(words, { key: 5, value: 'x' })]), ['SERIALIZE_FAILED'])
  t.same(await told([any.send(topic('words', { key: string, value: json() }), { value: undefined })]), [
    'CLIENT_RECORD_INVALID',
  ])
  t.equal(broker.named('Produce').length, 0)
  const { cluster } = broker
  for (const [options, message] of [
    [undefined, /options of a producer must be an object/],
    [{}, /give either cluster or connection/],
    [{ cluster, connection: { brokers: ['localhost:1'] } }, /give either cluster or connection/],
    [{ connection: 'localhost:1' }, /option connection of a producer must be brokers/],
    [{ connection: {} }, /give either brokers/],
    [{ cluster: {} }, /option cluster/],
    [{ cluster, lingerMs: 5 }, /option lingerMs of a producer must be left out/],
    [{ cluster, transactionalId: 'x' }, /option transactionalId of a producer must be left out/],
    [{ cluster, batchBytes: 0 }, /option batchBytes/],
    [{ cluster, bufferBytes: '5' }, /option bufferBytes/],
    [{ cluster, deliveryTimeoutMs: 0.5 }, /option deliveryTimeoutMs/],
    [{ cluster, compression: 'best' }, /option compression/],
  ] as const) {
    t.throws(() => new Producer(options as never), { code: 'CONFIG_INVALID', message })
  }
})

t.test('refused by every partition', async (t) => {
  const { broker, producer } = rig()
  broker.always('Produce', refused(E.POLICY_VIOLATION))
  const sends = Array.from({ length: 8 }, (_, i) => producer.send(words, { value: `${i}` }))
  t.same(await told(sends), Array(8).fill('RECORD_REJECTED'))
})
