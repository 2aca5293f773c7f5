/** Table-table joins: what each side hands on, and seeded random input against both tables. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import type { KTable } from '../../lib/dsl/table.js'
import { seededRandom } from '../../lib/record/random.js'
import { int64, string } from '../../lib/serde/primitive.js'
import type { KeyValueStore } from '../../lib/state/ports/store.js'
import { change, type OperatorCase, operatorCases, rows } from './operate.js'
import { io, type RandomEvent, randomEvents, runEach, SEEDS } from './random-events.js'

const node = {
  kind: 'tableJoin',
  join: 'inner',
  side: 'left',
  versioned: false,
  sendOldValues: true,
  otherStore: 'other',
  other: { kind: 'store', store: 'other' },
  joiner: (_key: unknown, left: unknown, right: unknown) => `${left}&${right}`,
} as const
const before: OperatorCase['before'] = (operated) =>
  operated.store<KeyValueStore<string, string>>('other').put('k', 'R', 7)

operatorCases(
  {
    name: 'inner: only where the other side has the row, with the later time of the two',
    node,
    stores: { other: rows },
    before,
    records: [
      ['k', change('L'), 5],
      ['k', change('M', 'L'), 9],
      ['k', change(null, 'M'), 10],
      ['none', change('L'), 11],
      [null, change('L'), 12],
    ],
    out: [
      ['k', change('L&R'), 7],
      ['k', change('M&R', 'L&R'), 9],
      ['k', change(null, 'M&R'), 10],
    ],
    drops: ['nullKey'],
  },
  {
    name: 'left: a row without partner is joined with null',
    node: { ...node, join: 'left' },
    stores: { other: rows },
    records: [
      ['none', change('L'), 11],
      ['none', change(null), 12],
    ],
    out: [['none', change('L&null'), 11]],
  },
  {
    name: 'outer, seen from the right: a deleted row leaves the other side alone',
    node: { ...node, join: 'outer', side: 'right' },
    stores: { other: rows },
    before,
    records: [['k', change(null, 'old'), 9]],
    out: [['k', change('R&null', 'R&old'), 9]],
  },
  {
    name: 'a version that is not the latest changes nothing',
    node: { ...node, versioned: true },
    stores: { other: rows },
    before,
    records: [['k', change('L', null, false), 5]],
    out: [],
    drops: ['outOfOrder'],
  },
)

for (const seed of SEEDS) {
  for (const kind of ['inner', 'left', 'outer'] as const) {
    t.test(`${kind} table join, seed ${seed}`, async (t) => {
      const builder = new StreamsBuilder()
      const left = builder.table('left', io)
      const right = builder.table('right', io).filter((_key, value) => value > 2)
      const joiner = (a: number | null, b: number | null) => (a ?? 0) * 100 + (b ?? 0)
      const joined: KTable<string, number> =
        kind === 'inner'
          ? left.join(right, { joiner })
          : kind === 'left'
            ? left.leftJoin(right, { joiner })
            : left.outerJoin(right, { joiner })
      joined.toStream().to('out', { value: int64 })
      const rows = { left: new Map<string, RandomEvent>(), right: new Map<string, RandomEvent>() }
      const standing = new Map<unknown, number | null>()
      runEach(builder, randomEvents(seededRandom(seed), ['left', 'right'], true), string, (event, out) => {
        const side = rows[event.topic as 'left' | 'right']
        if (event.value === null || (event.topic === 'right' && event.value <= 2)) side.delete(event.key)
        else side.set(event.key, event)
        for (const { key, value } of out) standing.set(key, value)
        const l = rows.left.get(event.key)
        const r = rows.right.get(event.key)
        const there = kind === 'inner' ? l && r : kind === 'left' ? l : l || r
        const expected = there ? joiner(l?.value ?? null, r?.value ?? null) : null
        t.equal(standing.get(event.key) ?? null, expected)
        for (const { key, timestamp } of out) {
          t.equal(key, event.key)
          t.ok(timestamp >= event.ts)
        }
      })
    })
  }
}
