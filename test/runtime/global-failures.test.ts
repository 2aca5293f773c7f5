/** Records of global stores that cannot be read, or that make their processor throw: who decides, what is counted. */
import t from 'tap'
import type { KeyValueStore, ProcessorContext, RecordFailure } from '../../lib/index.js'
import { json, type Processor, Streams, StreamsBuilder, string } from '../../lib/index.js'
import { SchemaPending, type Serde } from '../../lib/serde/serde.js'
import { TopologyTestDriver, type TopologyTestDriverOptions } from '../../lib/testing/index.js'
import { embedded } from './embedded.js'

interface Price {
  readonly amount: number
}

function filling(): () => Processor<string, Price, never, never> {
  return () => {
    let store: KeyValueStore<string, Price>
    let context: ProcessorContext<never, never>
    return {
      init(given) {
        context = given
        store = context.getStateStore('prices')
      },
      process({ key, value, timestamp }) {
        if (value !== null && value.amount < 0) throw new RangeError('negative amount')
        if (value?.amount === 0) return context.drop('free')
        if (value === null) store.delete(key!)
        else store.put(key!, value, timestamp)
      },
    }
  }
}

function prices(own: boolean) {
  const builder = new StreamsBuilder()
  const serdes = { key: string, value: json<Price>() }
  if (own) {
    const store = { name: 'prices', kind: 'keyValue', ...serdes } as const
    builder.addGlobalStore({ topic: 'prices', ...serdes, store, supplier: filling(), name: 'fill' })
  } else builder.globalTable('prices', { ...serdes, store: { name: 'prices' }, name: 'fill' })
  return builder.build()
}

/** Offsets 0 to 4: good, unreadable, negative, free, good. */
const LINES = [
  ['a', '{"amount":1}'],
  ['b', 'one'],
  ['c', '{"amount":-1}'],
  ['d', '{"amount":0}'],
  ['e', '{"amount":5}'],
] as const

function fed(own: boolean, options: TopologyTestDriverOptions) {
  const driver = new TopologyTestDriver(prices(own), options)
  const input = driver.createInputTopic('prices', string, string)
  const thrown: unknown[] = []
  for (const [key, value] of LINES) {
    try {
      input.pipe(key, value)
    } catch (error) {
      thrown.push(error)
    }
  }
  const drops = driver
    .droppedRecords()
    .map(({ reason, topic, offset, taskId }) => `${reason} ${taskId} ${topic}@${offset}`)
  const held = LINES.map(([key]) => key).filter((key) => driver.store('prices').get(key) !== null)
  return { driver, thrown, drops, held: held.join('') }
}

t.test('by default either kind of error ends it, and says which record', async (t) => {
  const { thrown } = fed(true, {})
  t.match(thrown, [
    { code: 'DESERIALIZE_FAILED', topic: 'prices', partition: 0, offset: 1, taskId: 'global' },
    {
      code: 'PROCESS_FAILED',
      topic: 'prices',
      partition: 0,
      offset: 2,
      taskId: 'global',
      cause: { message: 'negative amount' },
    },
  ])
})

t.test('onProcessingError is asked only where handleGlobalErrors says so', async (t) => {
  const skip = { onDeserializationError: 'skip', onProcessingError: 'skip' } as const
  const off = fed(true, skip)
  t.match(off.thrown, [{ code: 'PROCESS_FAILED', offset: 2 }])
  t.same(off.drops, ['deserialization global prices@1', 'free global prices@3'])
  const on = fed(true, { ...skip, handleGlobalErrors: true })
  t.same(on.thrown, [])
  t.same(on.drops, ['deserialization global prices@1', 'processing global prices@2', 'free global prices@3'])
  t.equal(on.held, 'ae')
})

t.test(
  'dead letters of global records are counted and not written: every instance reads them, at every start',
  async (t) => {
    const letters = {
      onDeserializationError: 'deadLetter',
      onProcessingError: 'deadLetter',
      deadLetterTopic: 'dead',
    } as const
    const { driver, drops, thrown } = fed(true, { ...letters, handleGlobalErrors: true })
    t.same(thrown, [])
    t.equal(drops.length, 3)
    t.same(driver.producedTopics(), [])
  },
)

t.test('a function is told where the record came from, and its retry means fail', async (t) => {
  const failures: RecordFailure[] = []
  const values: unknown[] = []
  const { thrown } = fed(true, {
    onDeserializationError(failure) {
      values.push(failure.record()?.value?.toString())
      return 'skip'
    },
    onProcessingError(failure) {
      failures.push(failure)
      return 'retry'
    },
    handleGlobalErrors: true,
  })
  t.same(values, ['one'])
  t.match(failures, [{ topic: 'prices', partition: 0, offset: 2, taskId: 'global', node: 'fill', attempt: 1 }])
  t.match(thrown, [{ code: 'PROCESS_FAILED' }])
})

t.test('a global table takes only what its serdes read', async (t) => {
  const { drops, held } = fed(false, { onDeserializationError: 'skip' })
  t.same(drops, ['deserialization global prices@1'])
  t.equal(held, 'acde')
})

t.test('records wait for their schema, in order', async (t) => {
  let known = false
  let learn = () => {}
  const ready = new Promise<void>((resolve) => {
    learn = resolve
  })
  const late: Serde<string> = {
    name: 'late',
    serialize: (value) => Buffer.from(value),
    deserialize(bytes) {
      if (!known) throw new SchemaPending(ready)
      return bytes.toString()
    },
  }
  const builder = new StreamsBuilder()
  builder.globalTable('names', { key: string, value: late, store: { name: 'names' } })
  const driver = new TopologyTestDriver(builder.build())
  const names = driver.createInputTopic('names', string, string)
  names.pipe('k', 'first')
  names.pipe('k', 'second')
  known = true
  learn()
  await driver.idle()
  t.match(driver.store('names').get('k'), { value: 'second' })
})

t.test('an instance: what was there at the start and what comes later are judged alike', async (t) => {
  const world = await embedded(t, { prices: 1, in: 1 })
  await world.send(LINES.map(([key, value]) => ({ topic: 'prices', key, value })))
  const builder = new StreamsBuilder()
  const serdes = { key: string, value: json<Price>() }
  const store = { name: 'prices', kind: 'keyValue', ...serdes } as const
  builder.addGlobalStore({ topic: 'prices', ...serdes, store, supplier: filling() })
  builder.stream('in', { key: string, value: string }).foreach(() => {})
  const start = async (options: object) => {
    const streams = new Streams(builder.build(), { applicationId: 'app', broker: world.broker, ...options })
    streams.finished.catch(() => undefined)
    await streams.start()
    return streams
  }
  await t.rejects(start({ onDeserializationError: 'skip' }), { code: 'PROCESS_FAILED', topic: 'prices', offset: 2 })
  const streams = await start({ onDeserializationError: 'skip', onProcessingError: 'skip', handleGlobalErrors: true })
  const count = () => [...streams.droppedRecords()].reduce((sum, [, records]) => sum + records, 0)
  t.equal(count(), 3)
  await world.send([{ topic: 'prices', key: 'f', value: '{"amount":-7}' }])
  for (const deadline = Date.now() + 5_000; count() < 4 && Date.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  t.same([...streams.droppedRecords()].sort(), [
    ['deserialization', 1],
    ['free', 1],
    ['processing', 2],
  ])
  await streams.close()
})

for (const [what, ready] of [
  ['never comes', () => new Promise<void>(() => {})],
  ['is said to be there and is not', () => Promise.resolve()],
  ['fails', () => Promise.reject(new Error('status 503'))],
] as const) {
  t.test(`an instance goes on and closes while a global record waits for a schema that ${what}`, async (t) => {
    const world = await embedded(t, { names: 1, in: 1, out: 1 })
    let read = 0
    const never: Serde<string> = {
      ...string,
      deserialize() {
        read++
        throw new SchemaPending(ready())
      },
    }
    Reflect.deleteProperty(never, 'deserializeAt')
    const builder = new StreamsBuilder()
    builder.globalTable('names', { key: string, value: never, store: { name: 'names' } })
    builder.stream('in', { key: string, value: string }).to('out')
    const streams = new Streams(builder.build(), { applicationId: 'app', broker: world.broker })
    await streams.start()
    await world.send([{ topic: 'names', key: 'k', value: 'v' }])
    for (let i = 0; i < 3; i++) {
      await world.send([{ topic: 'in', key: 'k', value: String(i) }])
      t.equal((await world.until('out', (records) => records.length > i)).length, i + 1)
    }
    t.ok(read >= 1 && read < 50, `read ${read} times`)
    await streams.close()
    t.equal(streams.state, 'closed')
  })
}
