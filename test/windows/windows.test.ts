/** Window arithmetic: tables captured from Kafka Streams, and a naive search as second opinion. */
import t from 'tap'
import { seededRandom } from '../../lib/record/random.js'
import {
  earliestWindowStart,
  latestWindowStart,
  slidingLeftStart,
  slidingRightStart,
  windowStarts,
} from '../../lib/windows/arithmetic.js'
import { hopping, session, sliding, tumbling, unlimited } from '../../lib/windows/definitions.js'

/** size, advance, timestamp → starts; from Kafka Streams' own window functions. */
const STARTS: [size: number, advance: number, timestamp: number, starts: number[]][] = [
  [12, 5, 21, [10, 15, 20]],
  [6, 5, 7, [5]],
  [12, 12, 21, [12]],
  [12, 5, 0, [0]],
  [12, 5, 3, [0]],
  [10, 5, 4, [0]],
  [10, 5, 5, [0, 5]],
  [10, 5, 14, [5, 10]],
  [10, 10, 9, [0]],
  [10, 10, 10, [10]],
  [500, 200, 250, [0, 200]],
  [500, 200, 500, [200, 400]],
  [60_000, 60_000, 59_999, [0]],
  [1, 1, 0, [0]],
]

t.test('window starts', async (t) => {
  for (const [sizeMs, advanceMs, timestamp, starts] of STARTS) {
    t.same(windowStarts(timestamp, { sizeMs, advanceMs }), starts, `${sizeMs}/${advanceMs} at ${timestamp}`)
  }
})

t.test('window starts equal a naive search', async (t) => {
  const random = seededRandom('windows')
  for (let i = 0; i < 1000; i++) {
    const sizeMs = 1 + random.int(40)
    const advanceMs = 1 + random.int(sizeMs)
    const timestamp = random.int(200)
    const naive: number[] = []
    for (let start = 0; start <= timestamp; start += advanceMs) if (timestamp < start + sizeMs) naive.push(start)
    const starts = windowStarts(timestamp, { sizeMs, advanceMs })
    if (starts.join() !== naive.join()) t.fail(`${sizeMs}/${advanceMs} at ${timestamp}: ${starts} but ${naive}`)
    if (starts[0] !== earliestWindowStart(timestamp, { sizeMs, advanceMs })) t.fail('earliest')
    if (starts.at(-1) !== latestWindowStart(timestamp, advanceMs)) t.fail('latest')
  }
  t.pass('1000 windows')
})

t.test('windows around a record of a sliding aggregation', async (t) => {
  t.equal(slidingLeftStart(100, 30), 70)
  t.equal(slidingLeftStart(10, 30), 0, 'early records share the first window')
  t.equal(slidingRightStart(100), 101)
})

t.test('definitions', async (t) => {
  t.same(tumbling({ sizeMs: 5 }), { kind: 'time', sizeMs: 5, advanceMs: 5, graceMs: 0 })
  t.same(hopping({ sizeMs: 5, advanceMs: 2, graceMs: 1 }), { kind: 'time', sizeMs: 5, advanceMs: 2, graceMs: 1 })
  t.same(session({ gapMs: 0 }), { kind: 'session', gapMs: 0, graceMs: 0 })
  t.same(unlimited(), { kind: 'unlimited', startMs: 0 })
  t.same(sliding({ timeDifferenceMs: 0 }), { kind: 'sliding', timeDifferenceMs: 0, graceMs: 0 })
  t.ok(Object.isFrozen(tumbling({ sizeMs: 5 })))
  const wrong: [string, () => unknown][] = [
    ['size 0', () => tumbling({ sizeMs: 0 })],
    ['size 1.5', () => tumbling({ sizeMs: 1.5 })],
    ['size NaN', () => tumbling({ sizeMs: Number.NaN })],
    ['advance 0', () => hopping({ sizeMs: 5, advanceMs: 0 })],
    ['advance over size', () => hopping({ sizeMs: 5, advanceMs: 6 })],
    ['grace -1', () => tumbling({ sizeMs: 5, graceMs: -1 })],
    ['gap -1', () => session({ gapMs: -1 })],
    ['start -1', () => unlimited({ startMs: -1 })],
    ['difference -1', () => sliding({ timeDifferenceMs: -1 })],
    ['text', () => tumbling({ sizeMs: '5' as never })],
  ]
  for (const [name, make] of wrong) t.throws(make, { code: 'WINDOW_INVALID' }, name)
})
