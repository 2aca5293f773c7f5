import t from 'tap'
import { int64, Streams, StreamsBuilder, type StreamsSettings, string, systemClock, tumbling } from '../../lib/index.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { asInt64, embedded } from './embedded.js'

const lines = (topic: string, ...values: string[]) => values.map((value) => ({ topic, key: 'k', value }))

function wordCount() {
  const builder = new StreamsBuilder()
  builder
    .stream('lines', { key: string, value: string })
    .flatMapValues((line) => line!.split(' '))
    .groupBy((_key, word) => word)
    .count({ store: { name: 'counts' } })
    .toStream()
    .to('words', { key: string, value: int64 })
  return builder.build()
}

t.test('a restart goes on where the last commit was, with the store it left', async (t) => {
  const world = await embedded(t, { lines: 2, words: 2 })
  const settings = { applicationId: 'app', broker: world.broker, engines: new MemoryEngines(), cacheMaxBytes: 0 }
  for (let life = 1; life <= 3; life++) {
    const streams = new Streams(wordCount(), settings)
    await streams.start()
    await world.send(lines('lines', 'a b', 'a'))
    await world.until('words', (records) => records.length >= life * 3, asInt64)
    // Others may read a transaction a moment before this instance has heard that it is through.
    const count = async () => (await streams.queries.keyValue('counts').get('a'))?.value
    while ((await count()) !== life * 2) await systemClock.nextTurn()
    t.equal(await count(), life * 2)
    await streams.close()
    t.equal(streams.state, 'closed')
  }
  const records = await world.committed('words', asInt64)
  t.same(
    records.filter((record) => record.startsWith('a')),
    ['a=1', 'a=2', 'a=3', 'a=4', 'a=5', 'a=6'],
  )
  t.same(
    records.filter((record) => record.startsWith('b')),
    ['b=1', 'b=2', 'b=3'],
  )
})

t.test('a lost disk is rebuilt from the changelog', async (t) => {
  const world = await embedded(t, { lines: 2, words: 2 })
  for (const expected of [2, 4]) {
    const engines = new MemoryEngines()
    const streams = new Streams(wordCount(), { applicationId: 'app', broker: world.broker, engines })
    await streams.start()
    await world.send(lines('lines', 'a a'))
    await world.until('words', (records) => records.includes(`a=${expected}`), asInt64)
    await streams.close({ leaveGroup: true })
  }
  t.ok((await world.committed('words', asInt64)).includes('a=4'))
})

t.test('at least once, the same words', async (t) => {
  const world = await embedded(t, { lines: 2, words: 2 })
  const settings: StreamsSettings = { applicationId: 'app', broker: world.broker, processingGuarantee: 'atLeastOnce' }
  const streams = new Streams(wordCount(), { ...settings, cacheMaxBytes: 0 })
  await streams.start()
  await world.send(lines('lines', 'x y x'))
  const records = await world.until('words', (found) => found.length >= 3, asInt64)
  t.same(records.sort(), ['x=1', 'x=2', 'y=1'])
  await streams.close()
})

t.test('a global table is complete before the first record, and followed afterwards', async (t) => {
  const world = await embedded(t, { orders: 2, products: 3, named: 2 })
  await world.send([{ topic: 'products', key: 'p1', value: 'lamp' }])
  const builder = new StreamsBuilder()
  const products = builder.globalTable('products', { key: string, value: string, store: { name: 'products' } })
  builder
    .stream('orders', { key: string, value: string })
    .join(products, { keySelector: (_key, product) => product, joiner: (_order, name) => name })
    .to('named', { key: string, value: string })
  const streams = new Streams(builder.build(), { applicationId: 'app', broker: world.broker })
  await streams.start()
  await world.send([{ topic: 'orders', key: 'o1', value: 'p1' }])
  t.same(await world.until('named', (found) => found.length >= 1), ['o1=lamp'])
  await world.send([{ topic: 'products', key: 'p2', value: 'desk' }])
  const desk = streams.queries.keyValue<string, string>('products')
  for (let i = 0; i < 200 && (await desk.get('p2')) === null; i++)
    await new Promise((resolve) => setTimeout(resolve, 5))
  await world.send([{ topic: 'orders', key: 'o2', value: 'p2' }])
  t.same((await world.until('named', (found) => found.length >= 2)).sort(), ['o1=lamp', 'o2=desk'])
  await streams.close()
})

t.test('a task whose other source is empty does not wait for it for ever', async (t) => {
  const world = await embedded(t, { left: 1, right: 1, both: 1 })
  const builder = new StreamsBuilder()
  builder
    .stream('left', { key: string, value: string })
    .merge(builder.stream('right', { key: string, value: string }))
    .to('both', { key: string, value: string })
  const streams = new Streams(builder.build(), { applicationId: 'app', broker: world.broker })
  await streams.start()
  await world.send(lines('left', '1', '2'))
  t.same(await world.until('both', (found) => found.length >= 2), ['k=1', 'k=2'])
  await streams.close()
})

t.test('late is late after a restart, too', async (t) => {
  const world = await embedded(t, { clicks: 1, perMinute: 1 })
  const builder = new StreamsBuilder()
  builder
    .stream('clicks', { key: string, value: string })
    .groupByKey()
    .windowedBy(tumbling({ sizeMs: 1_000, graceMs: 0 }))
    .count()
    .toStream()
    .map((windowed, count) => [`${windowed.key}@${windowed.window.startMs}`, count ?? 0] as [string, number])
    .to('perMinute', { key: string, value: int64 })
  const topology = builder.build()
  const settings = { applicationId: 'app', broker: world.broker, engines: new MemoryEngines(), cacheMaxBytes: 0 }
  const click = (timestamp: number) => ({ topic: 'clicks', key: 'k', value: '', timestamp })
  const first = new Streams(topology, settings)
  await first.start()
  await world.send([click(100), click(5_000)])
  await world.until('perMinute', (found) => found.length >= 2, asInt64)
  await first.close()
  const second = new Streams(topology, settings)
  await second.start()
  await world.send([click(200), click(5_100)])
  const records = await world.until('perMinute', (found) => found.length >= 3, asInt64)
  t.same(records, ['k@0=1', 'k@5000=1', 'k@5000=2'])
  t.same([...second.droppedRecords()], [['late', 1]])
  await second.close()
})

t.test('what is told to listeners is what was committed, with its place', async (t) => {
  const world = await embedded(t, { lines: 2, words: 2 })
  const streams = new Streams(wordCount(), { applicationId: 'app', broker: world.broker, cacheMaxBytes: 0 })
  const told: string[] = []
  streams.onCommitted('words', (records) => {
    for (const { key, value, partition, offset } of records)
      told.push(`${partition}/${offset} ${key}=${asInt64(value!)}`)
  })
  await streams.start()
  await world.send(lines('lines', 'a b c d e f', 'a b'))
  await world.until('words', (found) => found.length >= 8, asInt64)
  await streams.close()
  t.equal(told.length, 8)
  t.equal(new Set(told.map((line) => line.split(' ')[0])).size, 8, 'no place twice')
})

t.test('closing while still opening closes', async (t) => {
  const world = await embedded(t, { lines: 2, words: 2 })
  const streams = new Streams(wordCount(), { applicationId: 'app', broker: world.broker })
  const starting = streams.start()
  await streams.close()
  await starting
  t.equal(streams.state, 'closed')
})

t.test('what keeps an instance from starting is said', async (t) => {
  const world = await embedded(t, { lines: 2 })
  const missing = new Streams(wordCount(), { applicationId: 'app', broker: world.broker })
  await t.rejects(missing.start(), { code: 'CLIENT_TOPIC_MISSING', message: /words/ })
  t.equal(missing.state, 'failed')
  const engines = new MemoryEngines()
  await engines.open('process')
  await world.admin.createTopics([{ name: 'words', partitions: 2 }])
  const locked = new Streams(wordCount(), { applicationId: 'app', broker: world.broker, engines })
  await t.rejects(locked.start(), { code: 'STATE_LOCKED' })
  t.throws(() => new Streams(wordCount(), { applicationId: 'a b' }), { code: 'CONFIG_INVALID' })
  t.throws(() => new Streams(wordCount(), { applicationId: 'a', commitIntervalMs: -1 }), {
    code: 'CONFIG_INVALID',
    message: /commitIntervalMs/,
  })
})
