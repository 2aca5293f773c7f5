/** Topics that change while the application runs: what can be gone on with is read, the rest ends it by name. */
import t, { type Test } from 'tap'
import { int64, Streams, StreamsBuilder, type StreamsSettings, string } from '../../lib/index.js'
import { asInt64, embedded } from './embedded.js'

const text = { key: string, value: string }
const counts = { key: string, value: int64 }

type World = Awaited<ReturnType<typeof embedded>>
type Build = (builder: StreamsBuilder) => void

interface Case {
  readonly topics: Readonly<Record<string, number>>
  readonly build: Build
  readonly settings?: Partial<StreamsSettings>
  readonly optimize?: boolean
}

async function start(t: Test, { build, settings, optimize }: Omit<Case, 'topics'>, world: World) {
  const builder = new StreamsBuilder()
  build(builder)
  const base = { applicationId: 'app', broker: world.broker, topicRefreshIntervalMs: 20, cacheMaxBytes: 0 }
  const topology = builder.build(optimize === true ? { optimize: 'all' } : {})
  const streams = new Streams(topology, {
    ...base,
    onUncaughtError: 'shutdownInstance',
    ...settings,
  } as StreamsSettings)
  t.teardown(() => streams.close({ leaveGroup: true }).catch(() => undefined))
  await streams.start()
  return streams
}

const copy: Build = (b) => b.stream('in', text).to('out')
const counting: Build = (b) =>
  b
    .stream('in', text)
    .groupByKey()
    .count({ store: { name: 's' } })
    .toStream()
    .to('out', counts)
const rekeyed: Build = (b) =>
  b
    .stream('in', text)
    .selectKey((_key, value) => value)
    .groupByKey({ name: 'r' })
    .count({ store: { name: 's' } })
    .toStream()
    .to('out', counts)

const line = (partition: number, value = String(partition)) => ({ topic: 'in', key: 'k', value, partition })

for (const offsetReset of ['earliest', 'latest', { byDurationMs: 0 }] as const) {
  t.test(`added partitions are read from their start, offsetReset ${JSON.stringify(offsetReset)}`, async (t) => {
    const world = await embedded(t, { in: 1, out: 1 })
    const streams = await start(t, { build: copy, settings: { offsetReset } }, world)
    await world.send([line(0)])
    await world.until('out', ({ length }) => length >= 1)
    await world.admin.createPartitions('in', 3)
    // At once: before anybody can have found them.
    await world.send([line(1), line(2)])
    t.same((await world.until('out', ({ length }) => length >= 3)).sort(), ['k=0', 'k=1', 'k=2'])
    t.same(streams.tasks(), ['0_0', '0_1', '0_2'])
    t.equal(streams.state, 'running')
  })
}

t.test('two instances find them at different times: every record once', async (t) => {
  const world = await embedded(t, { in: 2, out: 1 })
  const instances = [
    await start(t, { build: copy, settings: { offsetReset: 'latest' } }, world),
    await start(t, { build: copy, settings: { offsetReset: 'latest', topicRefreshIntervalMs: 150 } }, world),
  ]
  let sent = 0
  for (const partitions of [2, 4, 7]) {
    if (partitions > 2) await world.admin.createPartitions('in', partitions)
    for (let i = 0; i < 20; i++) await world.send([line(i % partitions, String(sent++))])
  }
  const out = await world.until('out', ({ length }) => length >= sent)
  t.equal(new Set(out).size, sent)
  t.equal(out.length, sent)
  t.equal(new Set(instances.flatMap((streams) => streams.tasks())).size, 7)
})

t.test('what is read through a repartition topic may grow: that keeps its partitions', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const streams = await start(t, { build: rekeyed }, world)
  await world.send([line(0, 'x')])
  await world.until('out', ({ length }) => length >= 1, asInt64)
  await world.admin.createPartitions('in', 3)
  await world.send([line(1, 'x'), line(2, 'x')])
  t.same(await world.until('out', ({ length }) => length >= 3, asInt64), ['x=1', 'x=2', 'x=3'])
  t.same(streams.tasks(), ['0_0', '0_1', '0_2', '1_0'])
  await streams.close({ leaveGroup: true })
  const again = await start(t, { build: rekeyed }, world)
  await world.send([line(2, 'x')])
  t.equal((await world.until('out', ({ length }) => length >= 4, asInt64)).at(-1), 'x=4', 'and so after a restart')
  t.equal(again.state, 'running')
})

t.test('a global table reads added partitions', async (t) => {
  const world = await embedded(t, { in: 1, rows: 1, out: 1 })
  const build: Build = (b) => {
    const rows = b.globalTable('rows', { ...text, store: { name: 'rows-store' } })
    b.stream('in', text)
      .join(rows, { keySelector: (_k, value) => value, joiner: (_v, row) => row })
      .to('out')
  }
  const streams = await start(t, { build }, world)
  await world.admin.createPartitions('rows', 2)
  await world.send([{ topic: 'rows', key: 'a', value: 'row', partition: 1 }])
  const row = () => streams.queries.keyValue<string, string>('rows-store').get('a')
  for (const deadline = Date.now() + 5_000; (await row()) === null && Date.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await world.send([{ topic: 'in', key: 'k', value: 'a' }])
  t.same(await world.until('out', ({ length }) => length >= 1), ['k=row'])
})

t.test('a topic that a pattern matched vanishes: the others are read on', async (t) => {
  const world = await embedded(t, { 'in-1': 2, 'in-2': 3, out: 1 })
  const streams = await start(t, { build: (b) => b.stream(/in-.*/, text).to('out') }, world)
  await world.send(['in-1', 'in-2'].map((topic) => ({ topic, key: 'k', value: topic })))
  await world.until('out', ({ length }) => length >= 2)
  await world.admin.deleteTopics(['in-2'])
  for (const deadline = Date.now() + 10_000; streams.tasks().length !== 2 && Date.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await world.send([{ topic: 'in-1', key: 'k', value: 'after' }])
  t.same((await world.until('out', ({ length }) => length >= 3)).at(-1), 'k=after')
  t.same(streams.tasks(), ['0_0', '0_1'])
  t.equal(streams.state, 'running')
})

t.test('each change is one line of the log', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const lines: string[] = []
  const note = (fields: object, text: string) => void lines.push(`${text} ${JSON.stringify(fields)}`)
  const log = { debug() {}, info: note, warn: note, error: note }
  await start(t, { build: copy, settings: { log } }, world)
  const expect = async (pattern: RegExp) => {
    for (const deadline = Date.now() + 5_000; Date.now() < deadline; ) {
      if (lines.some((text) => pattern.test(text))) break
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await new Promise((resolve) => setTimeout(resolve, 60))
    t.equal(lines.filter((text) => pattern.test(text)).length, 1, String(pattern))
  }
  await world.admin.createPartitions('in', 2)
  await expect(/partitions were added .*"in","role":"source","before":1,"now":2/)
  await world.admin.createPartitions('out', 3)
  await expect(/partitions were added .*"out","role":"sink","before":1,"now":3/)
  await world.admin.deleteTopics(['out'])
  await expect(/topic out was deleted .*"out","role":"sink","before":3,"now":0/)
  await world.admin.createTopics([{ name: 'out', partitions: 2 }])
  await expect(/topic out was deleted and created again .*"out","role":"sink","before":0,"now":2/)
})

const MISFIT = 'STREAMS_INTERNAL_TOPIC_MISMATCH'
const SOURCE = 'STREAMS_SOURCE_TOPIC_CHANGED'
const INTERNAL = 'STREAMS_INTERNAL_TOPIC_CHANGED'

const grow = (topic: string, count: number) => (world: World) => world.admin.createPartitions(topic, count)
const remove = (topic: string) => (world: World) => world.admin.deleteTopics([topic])
const remake = (topic: string, partitions: number) => async (world: World) => {
  await world.admin.deleteTopics([topic])
  await world.admin.createTopics([{ name: topic, partitions }])
}
const trim = (topic: string) => async (world: World) => {
  // The application has seen where it begins.
  await new Promise((resolve) => setTimeout(resolve, 100))
  await world.admin.incrementalAlterConfigs(topic, { 'cleanup.policy': 'delete' })
  await world.admin.deleteRecords([{ topic, partition: 0, offset: 1 }])
}

const table: Build = (b) =>
  b
    .table('in', { ...text, store: { name: 's' } })
    .toStream()
    .to('out')
const unlogged: Build = (b) =>
  b
    .stream('in', text)
    .groupByKey()
    .count({ store: { name: 's', logged: false } })
    .toStream()
    .to('out', counts)
const joined: Build = (b) => {
  const other = b.table('other', { ...text, store: { name: 's' } })
  b.stream('in', text)
    .leftJoin(other, { joiner: (value) => value })
    .to('out')
}
const global: Build = (b) => {
  const other = b.globalTable('other', text)
  b.stream('in', text)
    .leftJoin(other, { keySelector: (key) => key, joiner: (value) => value })
    .to('out')
}

const ENDS: readonly [what: string, Case, act: (world: World) => Promise<unknown>, code: string, says: RegExp][] = [
  [
    'a source of a count grows',
    { topics: {}, build: counting },
    grow('in', 3),
    MISFIT,
    /app-s-changelog has 1.*in has 3/,
  ],
  [
    'a source that is a changelog grows',
    { topics: {}, build: table, optimize: true },
    grow('in', 2),
    MISFIT,
    /in has 2.* 1 .*store s/,
  ],
  [
    'a source of a store without a log grows',
    { topics: {}, build: unlogged },
    grow('in', 2),
    MISFIT,
    /in has 2.* 1 .*store s/,
  ],
  [
    'one side of a join grows',
    { topics: { other: 1 }, build: joined },
    grow('in', 2),
    'TOPOLOGY_NOT_COPARTITIONED',
    /in: 2, other: 1/,
  ],
  ['a source is deleted', { topics: {}, build: copy }, remove('in'), SOURCE, /Source topic in was deleted /],
  [
    'a source is deleted and created again',
    { topics: {}, build: copy },
    remake('in', 1),
    SOURCE,
    /Source topic in was deleted and created again /,
  ],
  [
    'a source is deleted and created again with more',
    { topics: {}, build: copy },
    remake('in', 4),
    SOURCE,
    /1 partitions before, 4 now/,
  ],
  ['a global topic is deleted', { topics: { other: 2 }, build: global }, remove('other'), SOURCE, /Global topic other/],
  [
    'a global topic is deleted and created again',
    { topics: { other: 2 }, build: global },
    remake('other', 1),
    SOURCE,
    /2 .*before, 1 now/,
  ],
  [
    'a changelog is deleted',
    { topics: {}, build: counting },
    remove('app-s-changelog'),
    INTERNAL,
    /app-s-changelog was deleted /,
  ],
  [
    'a changelog is deleted and created again',
    { topics: {}, build: counting },
    remake('app-s-changelog', 1),
    INTERNAL,
    /app-s-changelog was deleted and created again /,
  ],
  ['a changelog grows', { topics: {}, build: counting }, grow('app-s-changelog', 2), INTERNAL, /1 before, 2 now/],
  [
    'a changelog is trimmed',
    { topics: {}, build: counting },
    trim('app-s-changelog'),
    INTERNAL,
    /app-s-changelog-0 from offset 0 to 1/,
  ],
  [
    'a repartition topic is deleted',
    { topics: {}, build: rekeyed },
    remove('app-r-repartition'),
    INTERNAL,
    /app-r-repartition was deleted /,
  ],
  [
    'a repartition topic is deleted and created again',
    { topics: {}, build: rekeyed },
    remake('app-r-repartition', 1),
    INTERNAL,
    /app-r-repartition was deleted and created again /,
  ],
]

for (const [what, { topics, ...rest }, act, code, says] of ENDS) {
  t.test(what, async (t) => {
    const world = await embedded(t, { in: 1, out: 1, ...topics })
    const streams = await start(t, rest, world)
    await world.send([line(0)])
    await world.until('out', ({ length }) => length >= 1)
    await act(world)
    await t.rejects(streams.finished, { code, message: says })
    t.equal(streams.state, 'failed')
  })
}

t.test('a changelog is deleted under load: the commit that meets it says so', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  // No look in time: only the commit can tell.
  const settings = { topicRefreshIntervalMs: 3_600_000, metadataMaxAgeMs: 3_600_000 }
  const streams = await start(t, { build: counting, settings }, world)
  await world.send([line(0)])
  await world.until('out', ({ length }) => length >= 1)
  await world.admin.deleteTopics(['app-s-changelog'])
  await world.send([line(0)])
  await t.rejects(streams.finished, { code: INTERNAL, message: /app-s-changelog/ })
})

t.test('a source that grew while nobody ran: the same error at the start', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const streams = await start(t, { build: counting }, world)
  await streams.close({ leaveGroup: true })
  await world.admin.createPartitions('in', 3)
  await t.rejects(start(t, { build: counting }, world), { code: MISFIT, message: /app-s-changelog has 1.*in has 3/ })
})
