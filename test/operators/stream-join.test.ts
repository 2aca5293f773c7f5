/** Stream-stream joins against the naive reference, on seeded random input; and where Kafka Streams does otherwise. */
import t from 'tap'
import type { KStream } from '../../lib/dsl/stream.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { type Random, seededRandom } from '../../lib/record/random.js'
import { string } from '../../lib/serde/primitive.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import { joinWindow } from '../../lib/windows/join-window.js'
import { type JoinInput, type JoinOutput, JoinReference, type JoinRule } from './stream-join-reference.js'

const io = { key: string, value: string }
const KINDS = ['inner', 'left', 'outer'] as const

type Stream = KStream<string, string>

function joined(left: Stream, right: Stream, rule: JoinRule): Stream {
  const options = { window: joinWindow(rule), joiner: (l: string | null, r: string | null) => `${l}+${r}` }
  if (rule.kind === 'inner') return left.join(right, options) as unknown as Stream
  return (rule.kind === 'left' ? left.leftJoin(right, options) : left.outerJoin(right, options)) as unknown as Stream
}

/** What each input brings out. */
function run(rule: JoinRule, inputs: readonly JoinInput[], self = false): { out: JoinOutput[][]; drops: number } {
  const builder = new StreamsBuilder()
  const left = builder.stream('left', io) as Stream
  joined(left, self ? left : (builder.stream('right', io) as Stream), rule).to('out', { value: string })
  const driver = new TopologyTestDriver(builder.build())
  const topics = { left: driver.createInputTopic('left', string, string), right: null as never }
  if (!self) topics.right = driver.createInputTopic('right', string, string) as never
  const out = driver.createOutputTopic('out', string, string)
  const got = inputs.map(({ side, key, value, ts }) => {
    const topic = side === 'left' ? topics.left : (topics.right as typeof topics.left)
    topic.pipe(key, value, ts)
    return out.readAll().map((record) => ({ key: record.key, value: record.value!, ts: record.timestamp }))
  })
  const drops = driver.droppedRecords().length
  driver.close()
  return { out: got, drops }
}

function randomRule(random: Random): JoinRule {
  const bounds = [0, 0, 5, 10, 20, -3]
  const beforeMs = bounds[random.int(bounds.length)]!
  const afterMs = bounds[random.int(bounds.length)]!
  const graceMs = [0, 0, 5, 20][random.int(4)]!
  return { kind: KINDS[random.int(3)]!, beforeMs, afterMs: beforeMs + afterMs < 0 ? 10 : afterMs, graceMs }
}

function randomInputs(random: Random, self: boolean): JoinInput[] {
  let nowMs = random.int(3)
  return Array.from({ length: 80 }, (_, i) => {
    nowMs += random.int(10) === 0 ? random.int(60) : random.int(5)
    return {
      side: self || random.int(2) === 0 ? 'left' : 'right',
      key: random.int(20) === 0 ? null : `k${random.int(3)}`,
      value: random.int(20) === 0 ? null : `v${i}`,
      ts: Math.max(0, nowMs - (random.int(3) === 0 ? random.int(45) : 0)),
    } as const
  })
}

for (let seed = 1; seed <= 60; seed++) {
  t.test(`seed ${seed}`, async (t) => {
    const random = seededRandom(seed)
    const self = seed % 4 === 0
    const rule = randomRule(random)
    const inputs = randomInputs(random, self)
    const reference = new JoinReference(rule)
    const expected = inputs.map((input) => {
      const left = reference.take(input)
      // A stream joined with itself is its own right side too, after it was the left one.
      return self ? [...left, ...reference.take({ ...input, side: 'right' })] : left
    })
    t.same(run(rule, inputs, self).out, expected, JSON.stringify(rule))
  })
}

const at = (side: 'left' | 'right', key: string | null, value: string | null, ts: number) => ({ side, key, value, ts })

/** What comes out of each input here, and in Kafka Streams. */
const SOUNDER: readonly {
  readonly name: string
  readonly rule: JoinRule
  readonly inputs: readonly JoinInput[]
  readonly here: readonly string[]
  readonly kafka: readonly string[]
}[] = [
  {
    name: 'a late record waits for its partner until its grace is over; Kafka Streams gives up at once',
    rule: { kind: 'left', beforeMs: 10, afterMs: 10, graceMs: 20 },
    inputs: [
      at('left', 'a', 'x', 100),
      at('left', 'b', 'late', 85),
      at('right', 'b', 'y', 86),
      at('left', 'a', 'z', 200),
    ],
    here: ['', '', 'late+y@86', 'x+null@100'],
    kafka: ['', 'late+null@85', 'late+y@86', 'x+null@100'],
  },
  {
    name: 'an over window is released although a younger record still waits; Kafka Streams waits for that one too',
    rule: { kind: 'left', beforeMs: 10, afterMs: 10, graceMs: 0 },
    inputs: [
      at('left', 'a', 'x', 100),
      at('left', 'b', 'y', 108),
      at('left', 'c', 'z', 109),
      at('right', 'd', 'w', 111),
      at('right', 'd', 'w', 119),
    ],
    here: ['', '', '', 'x+null@100', 'y+null@108'],
    kafka: ['', '', '', 'x+null@100', ''],
  },
  {
    name: 'either side releases by the window of the record that waits; Kafka Streams by that of the record that comes',
    rule: { kind: 'left', beforeMs: 50, afterMs: 0, graceMs: 0 },
    inputs: [at('left', 'a', 'x', 100), at('right', 'b', 'y', 101), at('left', 'c', 'z', 102)],
    here: ['', 'x+null@100', ''],
    kafka: ['', '', 'x+null@100'],
  },
]

for (const { name, rule, inputs, here, kafka } of SOUNDER) {
  t.test(name, async (t) => {
    const text = (out: readonly JoinOutput[]) => out.map(({ value, ts }) => `${value}@${ts}`).join(' ')
    t.same(run(rule, inputs).out.map(text), here)
    const reference = new JoinReference({ ...rule, kafka: true })
    t.same(
      inputs.map((input) => text(reference.take(input))),
      kafka,
    )
  })
}

t.test('null keys and values', async (t) => {
  const inputs = [
    at('left', null, 'x', 1),
    at('right', null, 'y', 2),
    at('left', 'a', null, 3),
    at('left', null, null, 4),
  ]
  const window = { beforeMs: 10, afterMs: 10, graceMs: 0 }
  const values = (kind: JoinRule['kind']) => {
    const { out, drops } = run({ kind, ...window }, inputs)
    return [out.flat().map(({ value }) => value), drops]
  }
  t.same(values('inner'), [[], 4])
  t.same(values('left'), [['x+null'], 3])
  t.same(values('outer'), [['x+null', 'null+y'], 2])
})

t.test('windows that cannot be', async (t) => {
  for (const bad of [
    { beforeMs: 1, afterMs: -2 },
    { beforeMs: 0.5, afterMs: 1 },
    { beforeMs: 1, afterMs: 1, graceMs: -1 },
  ]) {
    t.throws(() => joinWindow(bad), { code: 'WINDOW_INVALID' })
  }
})
