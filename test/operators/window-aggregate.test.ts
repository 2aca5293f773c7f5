/** Hopping windows on seeded random input against a count over all records. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { seededRandom } from '../../lib/record/random.js'
import { string } from '../../lib/serde/primitive.js'
import { timeWindowed } from '../../lib/serde/windowed.js'
import { hopping } from '../../lib/windows/definitions.js'
import { operatorCases } from './operate.js'
import { io, randomEvents, runEach, SEEDS } from './random-events.js'

const fold = { initializer: () => '', adder: (_key: unknown, value: unknown, sum: unknown) => `${sum}${value}` }
const tumblingNode = {
  kind: 'windowAggregate',
  store: 'windows',
  fold,
  sendOldValues: false,
  windows: { kind: 'time', sizeMs: 10, advanceMs: 10, graceMs: 0, startMs: 0 },
  emit: 'onWindowUpdate',
} as const
const windows = { kind: 'window', cached: false, windowSizeMs: 10, retentionMs: 10 } as const
const at = (startMs: number) => ({ key: 'a', window: { startMs, endMs: startMs + 10 } })

operatorCases(
  {
    name: 'a window whose end is reached takes nothing more; a null key is dropped, a null value folded',
    node: tumblingNode,
    stores: { windows },
    records: [
      ['a', '1', 9],
      ['a', '2', 10],
      ['a', '3', 9],
      [null, '4', 10],
      ['a', null, 11],
    ],
    out: [
      [at(0), { newValue: '1', oldValue: null, isLatest: true }, 9],
      [at(10), { newValue: '2', oldValue: null, isLatest: true }, 10],
      [at(10), { newValue: '2null', oldValue: '2', isLatest: true }, 11],
    ],
    drops: ['late', 'nullKey'],
  },
  {
    name: 'on close: a window goes out once, when time has reached its end',
    node: { ...tumblingNode, emit: 'onWindowClose' },
    stores: { windows: { ...windows, timeIndexed: true } },
    records: [
      ['a', '1', 1],
      ['a', '2', 9],
      ['a', '3', 10],
    ],
    out: [[at(0), { newValue: '12', oldValue: null, isLatest: true }, 9]],
  },
)

for (const seed of SEEDS) {
  t.test(`windowAggregate, seed ${seed}`, async (t) => {
    const windows = { sizeMs: 20, advanceMs: 7, graceMs: 6 }
    const builder = new StreamsBuilder()
    builder.stream('in', io).groupByKey().windowedBy(hopping(windows)).count().toStream().to('out')
    const accepted: { key: string; start: number; ts: number }[] = []
    let streamTime = -1
    let late = 0
    const events = randomEvents(seededRandom(seed), ['in'], true)
    const driver = runEach(builder, events, timeWindowed(string, windows.sizeMs) as never, (event, out) => {
      streamTime = Math.max(streamTime, event.ts)
      const expected: unknown[] = []
      for (let start = 0; start <= event.ts; start += windows.advanceMs) {
        const end = start + windows.sizeMs
        if (end <= event.ts) continue
        if (end + windows.graceMs <= streamTime) {
          late++
          continue
        }
        accepted.push({ key: event.key, start, ts: event.ts })
        const mine = accepted.filter((each) => each.key === event.key && each.start === start)
        expected.push({
          key: { key: event.key, window: { startMs: start, endMs: end } },
          value: mine.length,
          timestamp: Math.max(...mine.map(({ ts }) => ts)),
        })
      }
      t.match(out, expected)
      t.equal(out.length, expected.length)
    })
    t.equal(driver.droppedRecords().filter(({ reason }) => reason === 'late').length, late)
  })
}
