/** Stores declared at the processor that uses them, global stores read by name, and suppliers that are given the context. */
import t from 'tap'
import {
  int64,
  type KeyValueStore,
  type ProcessorContext,
  StreamsBuilder,
  stateStore,
  string,
  TopologyBuilder,
  withChanges,
} from '../../lib/index.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'

const text = { key: string, value: string }
const counts = stateStore({ name: 'counts', key: string, value: int64, ordered: true })

/** Counts keys, and says all counts every second of stream time. */
const counter = (context: ProcessorContext<string, number>) => {
  const store = context.getStateStore(counts)
  context.schedule(1_000, 'streamTime', (timestamp) => {
    for (const { key, value } of store.all()) context.forward({ key, value, timestamp })
  })
  return {
    process: ({ key, timestamp }: { key: string; timestamp: number }) =>
      store.put(key, (store.get(key)?.value ?? 0) + 1, timestamp),
  }
}

const inDsl = () => {
  const builder = new StreamsBuilder()
  builder
    .stream('in', text)
    .process(counter, { stores: [counts] })
    .to('out', { value: int64 })
  return builder.build()
}
const byHand = () =>
  new TopologyBuilder()
    .addSource({ name: 'in', topics: ['in'], ...text })
    .addProcessor({ name: 'count', parents: ['in'], supplier: counter, stores: [counts] })
    .addSink({ name: 'out', parents: ['count'], topic: 'out', key: string, value: int64 })
    .build()

t.test('a store given by its options is added and connected', async (t) => {
  for (const build of [inDsl, byHand]) {
    const driver = new TopologyTestDriver(build())
    const input = driver.createInputTopic('in', string, string)
    input.pipe('b', 'x', 0, [{ key: 'trace', value: null }])
    input.pipe('a', 'x', 1_000)
    const out = driver.createOutputTopic('out', string, int64).readAll()
    t.same(
      out.map(({ key, value, timestamp, headers }) => [key, value, timestamp, headers.length]),
      [
        ['b', 1, 0, 0],
        ['a', 1, 1_000, 0],
        ['b', 1, 1_000, 0],
      ],
    )
    t.same([...driver.store(counts).range('a', 'a')], [{ key: 'a', value: 1, timestamp: 1_000 }])
    t.same(driver.producedTopics(), ['out', 'test-counts-changelog'])
    driver.close()
  }
})

t.test('the same object is the same store, for several processors and beside addStateStore', async (t) => {
  const builder = new StreamsBuilder().addStateStore(counts)
  const stream = builder.stream('in', text)
  stream.process(counter, { stores: [counts] }).to('out', { value: int64 })
  stream.processValues<number>(
    (context) => ({ process: (record) => context.forward(withChanges(record, { value: 0 })) }),
    { stores: ['counts'] },
  )
  builder
    .table('rows', text)
    .transformValues(
      (context) => {
        const store = context.getStateStore(counts)
        return { transform: (key) => String(store.get(key)?.value ?? 0) }
      },
      { stores: [counts] },
    )
    .toStream()
    .to('seen')
  const topology = builder.build()
  t.same(
    topology.stores.map(({ name }) => name),
    ['counts'],
  )
  const driver = new TopologyTestDriver(topology)
  driver.createInputTopic('in', string, string).pipe('a', 'x', 0)
  driver.createInputTopic('rows', string, string).pipe('a', 'x', 0)
  t.same(driver.createOutputTopic('seen', string, string).readValuesToList(), ['1'])
  driver.close()
})

t.test('another store of that name is refused', async (t) => {
  const other = stateStore({ name: 'counts', key: string, value: int64 })
  const builder = new StreamsBuilder()
  builder.stream('in', text).process(counter, { stores: [counts, other] })
  t.throws(() => builder.build(), { code: 'TOPOLOGY_NAME_DUPLICATE' })
})

t.test('a global store is read without being named, and never written', async (t) => {
  const builder = new StreamsBuilder().addGlobalStore({ topic: 'names', ...text, store: { name: 'names', ...text } })
  const look = (context: ProcessorContext<string, string>) => {
    const names = context.getStateStore<KeyValueStore<string, string>>('names')
    return {
      process(record: { key: string; value: string | null; timestamp: number }) {
        if (record.value === 'write') names.put(record.key, 'x', 0)
        context.forward({ ...record, value: `${names.get(record.key)?.value ?? 'nobody'}: ${record.value}` })
      },
    }
  }
  const stream = builder.stream('in', text)
  stream.process(look).to('out')
  stream.processValues(look).to('out')
  builder
    .table('rows', text)
    .transformValues((context) => {
      const names = context.getStateStore<KeyValueStore<string, string>>('names')
      return { transform: (key) => names.get(key)?.value ?? null }
    })
    .toStream()
    .to('out')
  const driver = new TopologyTestDriver(builder.build())
  driver.createInputTopic('names', string, string).pipe('a', 'Ann', 0)
  const input = driver.createInputTopic('in', string, string)
  input.pipe('a', 'came', 0)
  input.pipe('b', 'came', 0)
  driver.createInputTopic('rows', string, string).pipe('a', 'x', 0)
  const out = driver.createOutputTopic('out', string, string)
  t.same(out.readValuesToList(), ['Ann: came', 'Ann: came', 'nobody: came', 'nobody: came', 'Ann'])
  t.throws(() => input.pipe('a', 'write', 0), { code: 'STATE_READ_ONLY' })
  driver.close()
})

t.test('what a supplier returns must be there, and must not be async', async (t) => {
  const start = (processor: unknown) => {
    const builder = new StreamsBuilder()
    builder.stream('in', text).process((_context) => processor as { process(): void })
    return () => new TopologyTestDriver(builder.build())
  }
  t.throws(start({ async process() {} }), { code: 'TOPOLOGY_FUNCTION_ASYNC', message: /PROCESSOR.*process/ })
  t.throws(start({}), { code: 'TOPOLOGY_FUNCTION_MISSING', message: /PROCESSOR.*process/ })
  t.throws(start(null), { code: 'TOPOLOGY_FUNCTION_MISSING' })
  const rows = new StreamsBuilder()
  rows
    .table('rows', text)
    .transformValues((_context) => ({ transform: async () => 'x' }))
    .toStream()
  t.throws(() => new TopologyTestDriver(rows.build()), { code: 'TOPOLOGY_FUNCTION_ASYNC', message: /transform/ })
  const unknown = new StreamsBuilder()
  unknown.stream('in', text).process((context) => ({ process: context.getStateStore('none') }))
  t.throws(() => new TopologyTestDriver(unknown.build()), {
    code: 'TOPOLOGY_STORE_UNKNOWN',
    message: /connected: none/,
  })
})
