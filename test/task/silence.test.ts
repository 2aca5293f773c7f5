/** Event time that goes on when nothing comes (`idleTimeoutMs`): as if a record of a key nobody has had come instead. */
import t from 'tap'
import { untilTimeLimit, untilWindowCloses } from '../../lib/dsl/plan/suppressed.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { type Random, seededRandom } from '../../lib/record/random.js'
import { string } from '../../lib/serde/primitive.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import { TopologyBuilder } from '../../lib/topology/builder.js'
import type { ProcessorContext } from '../../lib/topology/processor.js'
import type { Topology } from '../../lib/topology/topology.js'
import { hopping, session, sliding, tumbling } from '../../lib/windows/definitions.js'
import { joinWindow } from '../../lib/windows/join-window.js'
import { JoinReference } from '../operators/stream-join-reference.js'
import { TaskHarness, writtenBy } from './harness.js'

const IDLE_TIMEOUT_MS = 50
const NOBODY = '~'

type Step =
  | { readonly topic: string; readonly key: string; readonly value: string; readonly ts: number }
  | { readonly silentMs: number }

const io = { key: string, value: string }
const append = {
  initializer: () => '',
  adder: (_key: string, value: string | null, all: string) => all + value,
  merger: (_key: string, left: string, right: string) => `${left}|${right}`,
}

const ofStream = (name: string, build: (builder: StreamsBuilder) => void, topics = ['in']) => {
  const builder = new StreamsBuilder()
  build(builder)
  return { name, topology: builder.build(), topics }
}

const windows = [
  tumbling({ sizeMs: 20, graceMs: 5 }),
  hopping({ sizeMs: 20, advanceMs: 7, graceMs: 3 }),
  sliding({ timeDifferenceMs: 15, graceMs: 4 }),
  session({ gapMs: 12, graceMs: 6 }),
] as const

const RULE = { beforeMs: 10, afterMs: 15, graceMs: 4 }

const TOPOLOGIES = [
  ...windows.flatMap((window) => {
    const table = (builder: StreamsBuilder, emit: 'onWindowUpdate' | 'onWindowClose') =>
      builder
        .stream('in', io)
        .groupByKey()
        .windowedBy(window as ReturnType<typeof tumbling>)
        .emitStrategy(emit)
        .aggregate({ ...append, store: { value: string, retentionMs: 10_000 } })
    const label = 'advanceMs' in window && window.advanceMs < window.sizeMs ? 'hopping' : window.kind
    return [
      ofStream(`${label} on close`, (builder) => table(builder, 'onWindowClose').toStream().to('out')),
      ofStream(`${label} suppressed`, (builder) =>
        table(builder, 'onWindowUpdate').suppress(untilWindowCloses()).toStream().to('out'),
      ),
      ofStream(`${label} on update`, (builder) => table(builder, 'onWindowUpdate').toStream().to('out')),
    ]
  }),
  ofStream('suppress for a time', (builder) =>
    builder.table('in', io).suppress(untilTimeLimit(30)).toStream().to('out'),
  ),
  ofStream(
    'stream-table join that waits',
    (builder) =>
      builder
        .stream('in', io)
        .leftJoin(
          builder.table('other', { ...io, store: { name: 'rows', versioned: { historyRetentionMs: 10_000 } } }),
          {
            joiner: (value: string, row: string | null) => `${value}+${row}`,
            graceMs: 25,
          },
        )
        .to('out', { value: string }),
    ['in', 'other'],
  ),
]

function randomSteps(random: Random, topics: readonly string[]): Step[] {
  let nowMs = 100 + random.int(40)
  return Array.from({ length: 40 }, (_, i): Step => {
    if (i > 0 && random.int(6) === 0) return { silentMs: random.int(3) * (IDLE_TIMEOUT_MS + random.int(60)) }
    nowMs += random.int(10) === 0 ? random.int(200) : random.int(8)
    const ts = Math.max(0, nowMs - (random.int(3) === 0 ? random.int(30) : 0))
    // An operator that has seen nothing stays without a time, whatever silence there is.
    return { topic: topics[i === 0 ? 0 : random.int(topics.length)]!, key: `k${random.int(3)}`, value: `${i},`, ts }
  })
}

/** To where each silence moves stream time; null: nowhere. */
function withTimes(steps: readonly Step[]) {
  let timeMs = -1
  let fromMs = -1
  let silentMs = 0
  return steps.map((step) => {
    if ('ts' in step) {
      timeMs = Math.max(timeMs, step.ts)
      fromMs = timeMs
      silentMs = 0
      return step
    }
    silentMs += step.silentMs
    const movedToMs = fromMs + silentMs - IDLE_TIMEOUT_MS
    const moves = movedToMs > timeMs
    timeMs = Math.max(timeMs, movedToMs)
    return { silentMs: step.silentMs, movedToMs: moves ? movedToMs : null }
  })
}

/** Outputs after each step. A silence is either one, or the record of a key nobody has that it stands for. */
function run({ topology, topics }: (typeof TOPOLOGIES)[number], steps: readonly Step[], silent: boolean): string[][] {
  const driver = new TopologyTestDriver(topology, silent ? { idleTimeoutMs: IDLE_TIMEOUT_MS } : {})
  const inputs = new Map(topics.map((topic) => [topic, driver.createInputTopic(topic, string, string)]))
  const out = driver.createOutputTopic(
    'out',
    { ...string, deserialize: (bytes: Buffer) => bytes.toString('hex') },
    string,
  )
  return withTimes(steps).map((step) => {
    if ('ts' in step) inputs.get(step.topic)!.pipe(step.key, step.value, step.ts)
    else if (silent) driver.advanceWallClockTime(step.silentMs)
    else if (step.movedToMs !== null) {
      for (const topic of topics) inputs.get(topic)!.pipe(NOBODY, 'nothing', step.movedToMs)
    }
    return out
      .readAll()
      .map(({ key, value, timestamp }) => ({ key: Buffer.from(key!, 'hex').toString('latin1'), value, timestamp }))
      .filter(({ key }) => !key.startsWith(NOBODY))
      .map(({ key, value, timestamp }) => `${Buffer.from(key, 'latin1').toString('hex')} ${value} ${timestamp}`)
  })
}

for (const kind of ['left', 'outer'] as const) {
  t.test(`${kind} join`, async (t) => {
    const builder = new StreamsBuilder()
    const [left, right] = [builder.stream('in', io), builder.stream('other', io)]
    const options = {
      window: joinWindow(RULE),
      joiner: (l: string | null, r: string | null) => `${l}+${r}`,
    }
    const joined = kind === 'left' ? left.leftJoin(right, options) : left.outerJoin(right, options)
    joined.to('out', { value: string })
    const topology = builder.build()
    for (let seed = 1; seed <= 40; seed++) {
      const steps = randomSteps(seededRandom(`${kind}/${seed}`), ['in', 'other'])
      const reference = new JoinReference({ ...RULE, kind })
      const expected = withTimes(steps).map((step) => {
        if (!('ts' in step)) return step.movedToMs === null ? [] : reference.silence(step.movedToMs)
        return reference.take({ ...step, side: step.topic === 'in' ? 'left' : 'right' })
      })
      const shown = expected.map((out) =>
        out.map(({ key, value, ts }) => `${Buffer.from(key!).toString('hex')} ${value} ${ts}`),
      )
      t.strictSame(run({ name: kind, topology, topics: ['in', 'other'] }, steps, true), shown, `seed ${seed}`)
    }
  })
}

for (const topology of TOPOLOGIES) {
  t.test(topology.name, async (t) => {
    let emitted = 0
    for (let seed = 1; seed <= 40; seed++) {
      const random = seededRandom(`${topology.name}/${seed}`)
      const steps = randomSteps(random, topology.topics)
      const got = run(topology, steps, true)
      t.strictSame(got, run(topology, steps, false), `seed ${seed}`)
      emitted += got.filter((out, i) => out.length > 0 && 'silentMs' in steps[i]!).length
    }
    if (!topology.name.endsWith('on update')) t.ok(emitted > 10, `silence brought out ${emitted} times`)
  })
}

function countOnClose(): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream('in', io)
    .groupByKey()
    .windowedBy(tumbling({ sizeMs: 100 }))
    .emitStrategy('onWindowClose')
    .count()
    .toStream()
    .to('out')
  return builder.build()
}

const record = (timestamp: number) => ({ key: Buffer.from('k'), value: Buffer.from('v'), timestamp })

t.test('time stands while the broker does not answer, or holds something', async (t) => {
  const harness = new TaskHarness(countOnClose(), { idleTimeoutMs: 10 })
  harness.add('in', [record(20)], 0)
  harness.task.process(1)
  harness.task.setCaughtUp('in', 0, true, 0)
  t.equal(harness.task.nextTimerAtMs(), 10)
  harness.clock.advance(1_000)
  t.equal(harness.task.punctuateWallClock(1_000), 0, 'the last answer is old')
  harness.task.setCaughtUp('in', 0, true, null)
  harness.clock.advance(1_000)
  t.equal(harness.task.punctuateWallClock(2_000), 0, 'there is something that cannot be read yet')
  harness.task.setCaughtUp('in', 0, true, 2_000)
  harness.clock.advance(10)
  t.equal(harness.task.punctuateWallClock(2_010), 1)
})

t.test(
  'a final result that silence brought out is not brought out again after a restart, and its window is closed',
  async (t) => {
    const harness = new TaskHarness(countOnClose(), { idleTimeoutMs: 10 })
    harness.add('in', [record(20)], 0)
    harness.task.process(1)
    const first = harness.task.collectCommit()!
    const changes = writtenBy(first)
    harness.task.commitSucceeded(first, new Map())
    const restart = (from: NonNullable<ReturnType<typeof harness.task.collectCommit>>) => {
      harness.open()
      for (const { topic, key, value, timestamp } of changes) {
        harness.task.state.restore(topic.slice('app-'.length, -'-changelog'.length), key!, value, timestamp)
      }
      harness.task.restore(from.offsets)
    }
    const fallSilent = () => {
      harness.clock.advance(500)
      harness.task.setCaughtUp('in', 0, true, harness.clock.monotonicMs())
      return harness.task.punctuateWallClock(harness.clock.now())
    }
    // No record has come since this restart: the commit still has to carry the time.
    restart(first)
    t.equal(fallSilent(), 1)
    const second = harness.task.collectCommit()!
    t.same(
      second.offsets.map(({ offset }) => offset),
      [1],
    )
    restart(second)
    t.equal(fallSilent(), 0)
    harness.add('in', [record(99)], 1)
    harness.task.process(1)
    t.same(
      harness.drops.map(({ reason }) => reason),
      ['late'],
    )
    // What an abort takes back happens again.
    restart(first)
    t.equal(fallSilent(), 1)
    harness.task.collectCommit()
    harness.task.commitAborted()
    t.equal(fallSilent(), 1)
    t.equal(harness.task.collectCommit()!.batches.length, 1)
  },
)

t.test('stream-time punctuation and timers go on', async (t) => {
  const builder = new TopologyBuilder()
  const fired: string[] = []
  builder.addSource({ name: 'source', topics: ['in'], ...io })
  builder.addProcessor({
    name: 'ticks',
    parents: ['source'],
    supplier: () => ({
      init: (context: ProcessorContext) => {
        context.schedule(100, 'streamTime', (ms) => fired.push(`${ms} ${context.currentStreamTimeMs()}`))
      },
      process: () => {},
    }),
  })
  const driver = new TopologyTestDriver(builder.build(), { idleTimeoutMs: 10 })
  driver.createInputTopic('in', string, string).pipe('k', 'v', 40)
  driver.advanceWallClockTime(9)
  driver.advanceWallClockTime(60)
  driver.advanceWallClockTime(20)
  t.same(fired, ['40 40', '119 119'])
})
