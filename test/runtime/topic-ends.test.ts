/** Topics that change while the application runs: what ends it, by name. What it can continue with: `watch-topics.test.ts`. */
import t from 'tap'
import { embedded } from './embedded.js'
import { fastClock } from './fast-clock.js'
import {
  type Build,
  type Case,
  copy,
  counting,
  counts,
  line,
  rekeyed,
  start,
  text,
  type World,
} from './watched-topics.js'

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
    /in has 2.*store s was made for 1\b/,
  ],
  [
    'a source of a store without a log grows',
    { topics: {}, build: unlogged },
    grow('in', 2),
    MISFIT,
    /in has 2.*store s was made for 1\b/,
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
    const settings = { clock: fastClock(10), topicRefreshIntervalMs: 200 }
    const streams = await start(t, { ...rest, settings }, world)
    await world.send([line(0)])
    await world.until('out', ({ length }) => length >= 1)
    // How long it waits for a topic that may come back is its own time: no test waits that long.
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
