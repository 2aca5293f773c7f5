/** `aggregate` of a grouped table: subtracts, then adds; seeded random input against the rows that stand. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { seededRandom } from '../../lib/record/random.js'
import { string } from '../../lib/serde/primitive.js'
import { change, operatorCases, rows } from './operate.js'
import { io, randomEvents, runEach, SEEDS } from './random-events.js'

const node = {
  kind: 'tableAggregate',
  store: 'sums',
  sendOldValues: true,
  fold: { initializer: () => '', adder: (_key: unknown, value: unknown, sum: unknown) => `${sum}+${value}` },
  subtractor: (_key: unknown, value: unknown, sum: unknown) => `${sum}-${value}`,
} as const

operatorCases({
  name: 'the old value goes, the new one comes; an empty group keeps what the subtractor says; null keys are dropped',
  node,
  stores: { sums: rows },
  records: [
    ['g', change('a'), 5],
    ['g', change('b', 'a'), 3],
    ['g', change(null, 'b'), 9],
    [null, change('c'), 9],
  ],
  out: [
    ['g', change('+a'), 5],
    ['g', change('+a-a+b', '+a'), 5],
    ['g', change('+a-a+b-b', '+a-a+b'), 9],
  ],
  drops: ['nullKey'],
})

for (const seed of SEEDS) {
  t.test(`tableAggregate, seed ${seed}`, async (t) => {
    const builder = new StreamsBuilder()
    builder
      .table('in', io)
      .groupBy((key, value) => [value % 2 === 0 ? 'even' : 'odd', value * 10 + Number(key.slice(1))] as const, io)
      .aggregate({ initializer: () => 0, adder: (_k, v, sum) => sum + v, subtractor: (_k, v, sum) => sum - v })
      .toStream()
      .to('out')
    const rows = new Map<string, number>()
    const standing = new Map<unknown, number | null>()
    runEach(builder, randomEvents(seededRandom(seed), ['in'], true), string, (event, out) => {
      if (event.value === null) rows.delete(event.key)
      else rows.set(event.key, event.value)
      for (const { key, value } of out) standing.set(key, value)
      for (const [group, rest] of [
        ['even', 0],
        ['odd', 1],
      ] as const) {
        const mine = [...rows].filter(([, value]) => value % 2 === rest)
        const sum = mine.reduce((total, [key, value]) => total + value * 10 + Number(key.slice(1)), 0)
        t.equal(standing.get(group) ?? 0, sum)
      }
    })
  })
}
