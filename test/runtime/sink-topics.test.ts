/** Topics that records are written to: named by a function only, grown, remade with fewer partitions, deleted. */
import t, { type Test } from 'tap'
import { MillraceError, Streams, StreamsBuilder, type StreamsSettings, string } from '../../lib/index.js'
import { delay } from '../../lib/record/clock.js'
import { partitionForKey } from '../../lib/record/partitioner.js'
import type { ResolvedTopology } from '../../lib/runtime/topics/resolved-topology.js'
import { SinkTopics } from '../../lib/runtime/topics/sink-topics.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'
import { embedded } from './embedded.js'

const text = { key: string, value: string }

type World = Awaited<ReturnType<typeof embedded>>

async function start(t: Test, world: World, builder: StreamsBuilder, settings: Partial<StreamsSettings> = {}) {
  const base = { applicationId: 'app', broker: world.broker, metadataMaxAgeMs: 20 }
  const streams = new Streams(builder.build(), { ...base, ...settings } as StreamsSettings)
  t.teardown(() => streams.close({ leaveGroup: true }).catch(() => undefined))
  await streams.start()
  return streams
}

t.test('a function names topics that nothing else names', async (t) => {
  const world = await embedded(t, { in: 2, 'out-a': 1, 'out-b': 3, other: 1 })
  const builder = new StreamsBuilder()
  const stream = builder.stream('in', text)
  stream.to((key) => `out-${key}`)
  stream.to('other')
  const streams = await start(t, world, builder)
  await world.send(['a', 'b', 'a', 'b'].map((key, i) => ({ topic: 'in', key, value: String(i) })))
  t.same(await world.until('out-a', ({ length }) => length >= 2), ['a=0', 'a=2'])
  t.same(await world.until('out-b', ({ length }) => length >= 2), ['b=1', 'b=3'])
  t.equal((await world.committed('other')).length, 4)
  t.equal(streams.state, 'running')
})

t.test('behind a cache: topics that appear only when it is flushed', async (t) => {
  const world = await embedded(t, { in: 1, 'out-a': 1, 'out-b': 1 })
  const builder = new StreamsBuilder()
  builder
    .stream('in', text)
    .groupByKey()
    .reduce((one, other) => `${one}${other}`)
    .toStream()
    .to((key) => `out-${key}`)
  await start(t, world, builder)
  await world.send(['a', 'b', 'a'].map((key, i) => ({ topic: 'in', key, value: String(i) })))
  t.equal((await world.until('out-a', (records) => records.at(-1) === 'a=02')).at(-1), 'a=02')
  t.same(await world.until('out-b', ({ length }) => length >= 1), ['b=1'])
})

for (const guarantee of ['exactlyOnce', 'atLeastOnce'] as const) {
  t.test(`${guarantee}: a sink that grows, then is created again with fewer partitions`, async (t) => {
    const world = await embedded(t, { in: 1, out: 1 })
    const builder = new StreamsBuilder()
    builder.stream('in', text).to('out')
    const streams = await start(t, world, builder, { processingGuarantee: guarantee })
    let sent = 0
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    const lies = async (partitions: number) => {
      // Until nothing of this round lies where the old number of partitions would have put it.
      for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
        const value = String(sent++)
        await world.send(keys.map((key) => ({ topic: 'in', key, value })))
        const all = await world.until('out', (records) => records.filter((r) => r.endsWith(`=${value}`)).length >= 8)
        const round = all.filter((line) => line.endsWith(`=${value}`)).map((line) => line.split('=')[0]!)
        const right = [...keys].sort(
          (x, y) => partitionForKey(Buffer.from(x), partitions) - partitionForKey(Buffer.from(y), partitions),
        )
        if (round.length === 8 && round.join() === right.join()) return true
      }
      return false
    }
    t.ok(await lies(1))
    await world.admin.createPartitions('out', 4)
    t.ok(await lies(4), 'grown')
    await world.admin.deleteTopics(['out'])
    await world.admin.createTopics([{ name: 'out', partitions: 2 }])
    t.ok(await lies(2), 'created again')
    t.equal(streams.state, 'running')
  })
}

t.test('what the brokers cannot answer is asked again after a pause, and what is missing after a while', async (t) => {
  let closed = false
  const clock = new ManualClock()
  const answers: (number | MillraceError)[] = []
  let asked = 0
  let answered = 0
  const topics = new SinkTopics({
    plan: { knownPartitions: () => null, internalTopics: [] } as unknown as ResolvedTopology,
    cluster: {
      cachedTopic: () => null,
      async topic(name) {
        asked++
        const answer = answers.shift()!
        if (typeof answer !== 'number') throw answer
        return { name, id: null, leaders: Array(answer).fill(0), leaderEpochs: [], replicas: [] }
      },
      async pause(pauseMs) {
        if (closed) throw new MillraceError('CLIENT_CLOSED', 'a pause ended')
        await delay(clock, pauseMs)
      },
    },
    clock,
    onAnswer: () => answered++,
  })
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  const passing = new MillraceError('CLIENT_UNREACHABLE', 'no broker', { retriable: true })
  const missing = new MillraceError('CLIENT_TOPIC_MISSING', 'no such topic')
  answers.push(passing, passing, 3)
  t.equal(topics.partitions('a'), null)
  t.equal(topics.partitions('a'), null, 'asked once')
  await settle()
  t.equal(topics.partitions('a'), null)
  await settle()
  t.equal(asked, 1, 'not again before its pause is over, whoever wants to know')
  await clock.advance(100)
  await settle()
  t.equal(asked, 2)
  await clock.advance(199)
  await settle()
  t.equal(asked, 2, 'pauses grow')
  await clock.advance(1)
  await settle()
  t.equal(topics.partitions('a'), 3)
  t.equal(answered, 1, 'only an answer wakes the loop')
  answers.push(missing, 1)
  t.equal(topics.partitions('b'), null)
  await settle()
  t.throws(() => topics.partitions('b'), { code: 'CLIENT_TOPIC_MISSING' })
  t.equal(asked, 4)
  await clock.advance(30_000)
  t.equal(topics.partitions('b'), null)
  await settle()
  t.equal(topics.partitions('b'), 1)
  closed = true
  answers.push(passing)
  t.equal(topics.partitions('c'), null)
  await settle()
  await clock.advance(60_000)
  t.equal(asked, 6, 'a client that closes ends the asking')
})
