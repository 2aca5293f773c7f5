/** Topics by pattern on running instances: new topics are found, and their records processed exactly once. */
import t, { type Test } from 'tap'
import { Streams, StreamsBuilder, type StreamsSettings, string } from '../../lib/index.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { embedded } from './embedded.js'

const text = { key: string, value: string }

/** Every value of a key so far, over all topics that match. */
function topology() {
  const builder = new StreamsBuilder()
  builder
    .stream(/in-.*/, text)
    .groupByKey()
    .reduce((one, other) => `${one} ${other}`, { store: { name: 'all', cached: false } })
    .toStream()
    .to('out')
  return builder.build()
}

const copies = () => {
  const builder = new StreamsBuilder()
  builder.stream(/in-.*/, text).to('out')
  return builder.build()
}

type World = Awaited<ReturnType<typeof embedded>>

async function start(t: Test, world: World, built = topology(), settings: Partial<StreamsSettings> = {}) {
  const base = { applicationId: 'app', broker: world.broker, topicRefreshIntervalMs: 20, cacheMaxBytes: 0 }
  const streams = new Streams(built, { ...base, ...settings } as StreamsSettings)
  t.teardown(() => streams.close({ leaveGroup: true }).catch(() => undefined))
  await streams.start()
  return streams
}

const create = (world: World, name: string, partitions: number) =>
  world.admin.createTopics([{ name, partitions, config: { 'retention.ms': '-1' } }])

async function until(enough: () => boolean) {
  for (const deadline = Date.now() + 10_000; !enough() && Date.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

t.test('a new topic is read, and the state goes on', async (t) => {
  const world = await embedded(t, { 'in-1': 2, 'in-not': 1, out: 2, else: 1 })
  const streams = await start(t, world)
  await world.send([
    { topic: 'in-1', key: 'k', value: 'a' },
    { topic: 'else', key: 'k', value: 'unread' },
  ])
  await world.until('out', ({ length }) => length >= 1)
  await create(world, 'in-2', 2)
  await world.send([{ topic: 'in-2', key: 'k', value: 'b' }])
  t.same(await world.until('out', ({ length }) => length >= 2), ['k=a', 'k=a b'])
  await world.send([{ topic: 'in-1', key: 'k', value: 'c' }])
  t.same(await world.until('out', ({ length }) => length >= 3), ['k=a', 'k=a b', 'k=a b c'])
  t.same(streams.tasks(), ['0_0', '0_1'])
  t.equal(streams.state, 'running')
})

t.test('no topic at first, then one with several partitions', async (t) => {
  const world = await embedded(t, { out: 1 })
  const streams = await start(t, world, copies())
  t.same([streams.state, streams.tasks()], ['running', []])
  await create(world, 'in-1', 3)
  await world.send([0, 1, 2].map((partition) => ({ topic: 'in-1', key: 'k', value: String(partition), partition })))
  t.same((await world.until('out', ({ length }) => length >= 3)).sort(), ['k=0', 'k=1', 'k=2'])
  t.same(streams.tasks(), ['0_0', '0_1', '0_2'])
})

t.test('more partitions than the state was made for end the instance, as a mismatch', async (t) => {
  const world = await embedded(t, { 'in-1': 1, out: 1 })
  const streams = await start(t, world)
  await create(world, 'in-2', 2)
  await t.rejects(streams.finished, { code: 'STREAMS_INTERNAL_TOPIC_MISMATCH' })
})

t.test('what the application writes for itself is no match', async (t) => {
  const world = await embedded(t, { first: 1 })
  const builder = new StreamsBuilder()
  builder
    .stream(/.*/, text)
    .selectKey((_key, value) => value)
    .groupByKey()
    .count({ store: { name: 'counts', cached: false } })
  const streams = await start(t, world, builder.build())
  await world.send([{ topic: 'first', key: 'k', value: 'v' }])
  const counts = () => streams.queries.keyValue<string, number>('counts')
  for (let i = 0; i < 500 && (await counts().get('v')) === null; i++) await new Promise((r) => setTimeout(r, 10))
  t.match(await counts().get('v'), { value: 1 })
  await new Promise((resolve) => setTimeout(resolve, 200))
  t.same(streams.tasks(), ['0_0', '1_0'])
  t.match(await counts().get('v'), { value: 1 })
})

t.test('two instances, static members: every record once, whoever sees a topic first', async (t) => {
  const world = await embedded(t, { 'in-1': 4, out: 4 })
  const engines = [new MemoryEngines(), new MemoryEngines()]
  const instances = [
    await start(t, world, copies(), { engines: engines[0]!, topicRefreshIntervalMs: 20 }),
    await start(t, world, copies(), { engines: engines[1]!, topicRefreshIntervalMs: 150 }),
  ]
  let sent = 0
  const send = async (topic: string, partitions: number) => {
    for (let i = 0; i < 10; i++) {
      await world.send([{ topic, key: `${sent}`, value: topic, partition: i % partitions }])
      sent++
    }
  }
  await send('in-1', 4)
  for (const [name, partitions] of [
    ['in-2', 4],
    ['in-3', 6],
    ['in-4', 1],
  ] as const) {
    await create(world, name, partitions)
    await send(name, partitions)
    await send('in-1', 4)
  }
  await until(() => instances.flatMap((streams) => streams.tasks()).length === 6)
  const out = await world.until('out', ({ length }) => length >= sent)
  t.equal(new Set(out).size, sent)
  t.equal(out.length, sent)
  t.same(instances.flatMap((streams) => streams.tasks()).sort(), ['0_0', '0_1', '0_2', '0_3', '0_4', '0_5'])
})
