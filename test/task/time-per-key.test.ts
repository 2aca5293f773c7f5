/**
 * Goal: with `time: 'perKey'` a record is late by its own key's time, whatever other keys do and whatever happens to the
 * task. Method: rows, then random input against a map of highest times, undisturbed and with aborts and restarts.
 */
import t from 'tap'
import { untilTimeLimit, untilWindowCloses } from '../../lib/dsl/plan/suppressed.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { seededRandom } from '../../lib/record/random.js'
import { string } from '../../lib/serde/primitive.js'
import type { Topology } from '../../lib/topology/topology.js'
import { hopping, session, sliding, tumbling, unlimited } from '../../lib/windows/definitions.js'
import { asText, disturbed, randomInputs, undisturbed } from './disturb.js'
import { type Input, TaskHarness } from './harness.js'

const SIZE_MS = 20
const GRACE_MS = 5

function perKey(retentionMs: number, advanceMs = SIZE_MS, cached = false): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .windowedBy(hopping({ sizeMs: SIZE_MS, advanceMs, graceMs: GRACE_MS }), { time: 'perKey' })
    .reduce((a, b) => a + b, { store: { name: 'windows', cached, retentionMs } })
    .toStream()
    .selectKey(({ key, window }) => `${key}@${window.startMs}`)
    .to('out', { key: string, value: string })
  return builder.build()
}

const input = (key: string, value: string, timestamp: number): Input => ({
  topic: 'in',
  key: Buffer.from(key),
  value: Buffer.from(value),
  timestamp,
})

const hex = (text: string) => Buffer.from(text).toString('hex')
const row = (key: string, startMs: number, value: string, timestamp: number) =>
  `${hex(`${key}@${startMs}`)} ${hex(value)} ${timestamp}`

/** Retention long enough for everything. */
function naive(inputs: readonly Input[], advanceMs: number): { outputs: string[]; late: number } {
  const highest = new Map<string, number>()
  const windows = new Map<string, { value: string; timestamp: number }>()
  const outputs: string[] = []
  let late = 0
  for (const { key, value, timestamp } of inputs) {
    const name = key!.toString()
    const keyMs = Math.max(highest.get(name) ?? 0, timestamp)
    highest.set(name, keyMs)
    for (let startMs = 0; startMs <= timestamp; startMs += advanceMs) {
      if (startMs + SIZE_MS <= timestamp) continue
      if (startMs + SIZE_MS + GRACE_MS <= keyMs) {
        late++
        continue
      }
      const before = windows.get(`${name}@${startMs}`)
      const after = {
        value: (before?.value ?? '') + value!.toString(),
        timestamp: Math.max(before?.timestamp ?? 0, timestamp),
      }
      windows.set(`${name}@${startMs}`, after)
      outputs.push(row(name, startMs, after.value, after.timestamp))
    }
  }
  return { outputs, late }
}

const ROWS: { name: string; inputs: [string, string, number][]; outputs: string[]; drops: string[] }[] = [
  {
    name: 'another key makes nothing late',
    inputs: [
      ['a', 'x', 1],
      ['b', 'y', 500],
      ['a', 'z', 2],
    ],
    outputs: [row('a', 0, 'x', 1), row('b', 500, 'y', 500), row('a', 0, 'xz', 2)],
    drops: [],
  },
  {
    name: 'its own time does',
    inputs: [
      ['a', 'x', 24],
      ['a', 'y', 19],
      ['a', 'z', 25],
      ['a', 'w', 19],
    ],
    outputs: [row('a', 20, 'x', 24), row('a', 0, 'y', 19), row('a', 20, 'xz', 25)],
    drops: ['late'],
  },
  {
    name: 'a late record leaves the time as it was',
    inputs: [
      ['a', 'x', 100],
      ['a', 'y', 50],
      ['a', 'z', 79],
    ],
    outputs: [row('a', 100, 'x', 100)],
    drops: ['late', 'late'],
  },
  {
    name: 'further behind than the retention',
    inputs: [
      ['a', 'x', 1],
      ['b', 'y', 2_000],
      ['a', 'z', 2],
      ['c', 'v', 999],
      ['c', 'w', 1_001],
    ],
    outputs: [row('a', 0, 'x', 1), row('b', 2_000, 'y', 2_000)],
    drops: ['expired', 'expired', 'expired'],
  },
]

for (const { name, inputs, outputs, drops } of ROWS) {
  for (const cached of [false, true]) {
    t.test(`${name}, ${cached ? 'cached' : 'not cached'}`, async (t) => {
      const topology = perKey(1_000, SIZE_MS, cached)
      const records = inputs.map((record) => input(...record))
      if (!cached) t.same(asText(undisturbed(topology, records), 'out'), outputs)
      const harness = new TaskHarness(topology)
      harness.add('in', records, 0)
      harness.task.process(records.length)
      t.same(
        harness.drops.map(({ reason }) => reason),
        drops,
      )
    })
  }
}

for (let seed = 1; seed <= 30; seed++) {
  t.test(`seed ${seed}`, async (t) => {
    const random = seededRandom(`per key/${seed}`)
    const advanceMs = [SIZE_MS, 10, 7][random.int(3)]!
    // Keys run apart, each by its own clock.
    const inputs = randomInputs(random).map((record) => {
      const ahead = record.key!.toString() === 'k0' ? 300 : record.key!.toString() === 'k1' ? 90 : 0
      return { ...record, timestamp: record.timestamp + ahead }
    })
    const expected = naive(inputs, advanceMs)
    t.ok(expected.late > 0, 'something is late')
    t.same(asText(undisturbed(perKey(10_000, advanceMs), inputs), 'out'), expected.outputs, 'undisturbed')
    const { outputs, restarts, aborts } = disturbed(perKey(10_000, advanceMs), inputs, random)
    t.ok(restarts + aborts > 0, 'something was disturbed')
    t.same(asText(outputs, 'out'), expected.outputs, 'disturbed')
  })
}

t.test('refused where it means nothing', async (t) => {
  const grouped = () => new StreamsBuilder().stream('in', { key: string, value: string }).groupByKey()
  const windows = tumbling({ sizeMs: 10, graceMs: 5 })
  const time = { time: 'perKey' } as const
  const invalid = { code: 'WINDOW_INVALID' }
  const store = { store: { name: 's', retentionMs: 100 } }
  t.throws(() => grouped().windowedBy(windows, time).emitStrategy('onWindowClose'), invalid, 'emit on close')
  t.throws(() => grouped().windowedBy(windows, time).count(), invalid, 'no retention')
  const counted = grouped().windowedBy(windows, time).count(store)
  t.throws(() => counted.suppress(untilWindowCloses()), invalid, 'suppress until windows close')
  t.ok(counted.suppress(untilTimeLimit(10)), 'another suppression is fine')
  for (const other of [session({ gapMs: 5 }), sliding({ timeDifferenceMs: 5 }), unlimited()]) {
    t.throws(() => grouped().windowedBy(other as never, time), invalid, other.kind)
  }
})
