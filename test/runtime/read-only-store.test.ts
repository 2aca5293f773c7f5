/** Read-only stores: filled by a processor from their topic, which is all they are restored from. */
import t from 'tap'
import { type ProcessorContext, type StreamRecord, Streams, string, TopologyBuilder } from '../../lib/index.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import type { KeyValueStore } from '../../lib/state/ports/store.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import { embedded } from './embedded.js'

const text = { key: string, value: string }

type Prices = KeyValueStore<string, string>

/** What it stores is not what the topic holds: a restore of bytes would show. */
const update = (failOn = 'nothing') => {
  let prices: Prices
  return {
    init(context: ProcessorContext<never, never>) {
      prices = context.getStateStore('prices')
    },
    process({ key, value, timestamp }: StreamRecord<string, string>) {
      if (key === failOn) throw new Error('unreadable price')
      prices.put(key, value === null ? null : `${value} EUR after ${prices.get(key)?.value ?? 'none'}`, timestamp)
    },
  }
}

const look = (use: (prices: Prices, key: string) => string) => () => {
  let context: ProcessorContext<string, string>
  return {
    init(given: ProcessorContext<string, string>) {
      context = given
    },
    process({ key, timestamp, headers }: StreamRecord<string, string>) {
      const value = use(context.getStateStore('prices'), key)
      context.forward({ key, value, timestamp, headers })
    },
  }
}

const price = (prices: Prices, key: string) => prices.get(key)?.value ?? 'none'

function topology(use = price, supplier: Parameters<typeof readOnly>[0] = () => update()) {
  return readOnly(supplier)
    .addSource({ name: 'orders', topics: ['orders'], ...text })
    .addProcessor({ name: 'price', parents: ['orders'], supplier: look(use) })
    .addSink({ name: 'out', parents: ['price'], topic: 'out', ...text })
    .build()
}

function readOnly(supplier: () => ReturnType<typeof update>) {
  return new TopologyBuilder().addReadOnlyStateStore(
    {
      store: { name: 'prices', ...text },
      sourceName: 'prices-source',
      topic: 'prices',
      processorName: 'prices-update',
      supplier,
      ...text,
    },
    'price',
  )
}

t.test('in the driver: filled, read, no changelog', async (t) => {
  const driver = new TopologyTestDriver(topology())
  driver.createInputTopic('prices', string, string).pipe('pen', '2', 1)
  driver.createInputTopic('orders', string, string).pipe('pen', '', 2)
  t.equal(driver.createOutputTopic('out', string, string).read()!.value, '2 EUR after none')
  t.same(driver.producedTopics(), ['out'])
})

for (const [what, use] of [
  ['put', (prices: Prices, key: string) => String(prices.put(key, 'x', 1))],
  ['delete', (prices: Prices, key: string) => String(prices.delete(key))],
] as const) {
  t.test(`${what} by another processor is refused`, async (t) => {
    const driver = new TopologyTestDriver(topology(use))
    t.throws(() => driver.createInputTopic('orders', string, string).pipe('pen', '', 2), { code: 'STATE_READ_ONLY' })
  })
}

t.test('what fills it depends on nothing but the record', async (t) => {
  const scheduling = () => ({
    ...update(),
    init: (context: ProcessorContext<never, never>) => void context.schedule(1, 'streamTime', () => {}),
  })
  t.throws(() => new TopologyTestDriver(topology(price, scheduling)), { code: 'TOPOLOGY_GLOBAL_PROCESSOR' })
  const another = readOnly(() => update()).addSource({ name: 'orders', topics: ['orders'], ...text })
  another.addProcessor({ name: 'price', parents: ['orders'], supplier: () => update() })
  another.addStateStore({ name: 'other', ...text }, 'prices-update')
  t.throws(() => another.build(), { code: 'TOPOLOGY_GLOBAL_PROCESSOR', message: /other/ })
  const store = { name: 'windows', kind: 'window', windowSizeMs: 1, retentionMs: 1, ...text } as const
  const names = { sourceName: 's', processorName: 'p', topic: 'rows' }
  t.throws(() => new TopologyBuilder().addReadOnlyStateStore({ store, ...names, ...text }), { code: 'CONFIG_INVALID' })
})

t.test('without a supplier every record is put as it is', async (t) => {
  const names = { sourceName: 's', processorName: 'p', topic: 'rows' }
  const built = new TopologyBuilder().addReadOnlyStateStore({ store: { name: 'rows', ...text }, ...names, ...text })
  const driver = new TopologyTestDriver(built.build())
  const rows = driver.createInputTopic('rows', string, string)
  rows.pipe('a', 'x', 1)
  rows.pipe('b', 'y', 2)
  rows.pipe('a', null, 3)
  rows.pipe(null, 'z', 4)
  t.same([driver.store('rows').get('a'), driver.store('rows').get('b')], [null, { value: 'y', timestamp: 2 }])
  t.equal(driver.droppedRecords()[0]!.reason, 'nullKey')
})

t.test('restart and lost disk: the processor fills it again', async (t) => {
  const world = await embedded(t, { prices: 2, orders: 2, out: 2 })
  const kept = new MemoryEngines()
  const settings = { applicationId: 'app', broker: world.broker, onProcessingError: 'skip' } as const
  const set = (key: string, value: string | null) => ({ topic: 'prices', key, value })
  const lives: readonly [string, MemoryEngines, readonly ReturnType<typeof set>[], Record<string, string>][] = [
    ['first', kept, [set('pen', '2'), set('bad', '1')], { pen: '2 EUR after none' }],
    ['same disk', kept, [set('pen', '3')], { pen: '3 EUR after 2 EUR after none' }],
    ['lost', new MemoryEngines(), [set('ink', '4')], { pen: '3 EUR after 2 EUR after none', ink: '4 EUR after none' }],
    ['old disk found again', kept, [set('pen', null)], { ink: '4 EUR after none' }],
    ['lost again', new MemoryEngines(), [set('ink', '5')], { ink: '5 EUR after 4 EUR after none' }],
  ]
  for (const [what, engines, prices, expected] of lives) {
    await world.send(prices)
    const streams = new Streams(
      topology(price, () => update('bad')),
      { ...settings, engines },
    )
    await streams.start()
    const found = async () => {
      const all: Record<string, string> = {}
      for await (const { key, value } of streams.queries.keyValue<string, string>('prices').all()) all[key] = value
      return all
    }
    for (let i = 0; i < 200 && JSON.stringify(await found()) !== JSON.stringify(expected); i++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    t.same(await found(), expected, what)
    await streams.close({ leaveGroup: true })
  }
  await t.rejects(world.admin.describeTopics(['app-prices-changelog']), 'the topic is the changelog')
})
