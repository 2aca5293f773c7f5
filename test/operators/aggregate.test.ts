/** `aggregate` of a grouped stream: cases, and seeded random input against a sum over all records. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { seededRandom } from '../../lib/record/random.js'
import { string } from '../../lib/serde/primitive.js'
import { operatorCases, rows } from './operate.js'
import { io, type RandomEvent, randomEvents, runEach, SEEDS } from './random-events.js'

const fold = { initializer: () => '', adder: (_key: unknown, value: unknown, sum: unknown) => `${sum}${value}` }
const node = { kind: 'aggregate', store: 'sums', fold, sendOldValues: false } as const

operatorCases(
  {
    name: 'each record is folded into the row of its key; time never goes back',
    node,
    stores: { sums: rows },
    records: [
      ['a', '1', 9],
      ['a', '2', 3],
      ['b', '3', 4],
    ],
    out: [
      ['a', { newValue: '1', oldValue: null, isLatest: true }, 9],
      ['a', { newValue: '12', oldValue: '1', isLatest: true }, 9],
      ['b', { newValue: '3', oldValue: null, isLatest: true }, 4],
    ],
  },
  {
    name: 'null keys and null values are dropped',
    node,
    stores: { sums: rows },
    records: [
      [null, '1', 1],
      ['a', null, 2],
    ],
    out: [],
    drops: ['nullKey', 'nullValue'],
  },
  {
    name: 'who asks for old values gets the initial aggregate for the first change of a key',
    node: { ...node, sendOldValues: true },
    stores: { sums: rows },
    records: [['a', '1', 1]],
    out: [['a', { newValue: '1', oldValue: '', isLatest: true }, 1]],
  },
)

for (const seed of SEEDS) {
  t.test(`aggregate, seed ${seed}`, async (t) => {
    const builder = new StreamsBuilder()
    const sum = builder
      .stream('in', io)
      .groupByKey()
      .reduce((a, b) => a + b)
    sum.toStream().to('out')
    const seen: RandomEvent[] = []
    runEach(builder, randomEvents(seededRandom(seed), ['in'], true), string, (event, out) => {
      if (event.value === null) return t.same(out, [])
      seen.push(event)
      const mine = seen.filter(({ key }) => key === event.key)
      const value = mine.reduce((total, each) => total + each.value!, 0)
      const timestamp = Math.max(...mine.map(({ ts }) => ts))
      return t.match(out, [{ key: event.key, value, timestamp }])
    })
  })
}
