/** Stream-table joins: by time in a versioned table, waiting for it, and seeded random input against the table. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { seededRandom } from '../../lib/record/random.js'
import { int64, string } from '../../lib/serde/primitive.js'
import type { VersionedStore } from '../../lib/state/ports/versioned.js'
import { type OperatorCase, operatorCases } from './operate.js'
import { io, randomEvents, runEach, SEEDS } from './random-events.js'

const node = {
  kind: 'streamTableJoin',
  left: true,
  store: 'table',
  table: { kind: 'store', store: 'table' },
  wait: null,
  joiner: (_key: unknown, value: unknown, row: unknown) => `${value}&${row}`,
} as const
const versions = { kind: 'versioned', retentionMs: 1_000 } as const
const before: OperatorCase['before'] = (operated) => {
  const table = operated.store<VersionedStore<string, string>>('table')
  table.put('k', 'old', 10)
  table.put('k', 'new', 20)
}

operatorCases(
  {
    name: 'a versioned table is seen as it stood at the time of the record',
    node,
    stores: { table: versions },
    before,
    records: [
      ['k', 'a', 9],
      ['k', 'b', 10],
      ['k', 'c', 25],
      [null, 'd', 25],
      ['k', null, 25],
    ],
    out: [
      ['k', 'a&null', 9],
      ['k', 'b&old', 10],
      ['k', 'c&new', 25],
      [null, 'd&null', 25],
    ],
    drops: ['nullValue'],
  },
  {
    name: 'with graceMs a record waits until time is so far past it, and records leave by time',
    node: { ...node, wait: { graceMs: 5, store: 'waiting' } },
    stores: { table: versions, waiting: { kind: 'streamBuffer' } },
    before,
    records: [
      ['k', 'b', 22],
      ['k', 'a', 18],
      ['k', 'c', 24],
      ['k', 'd', 40],
    ],
    out: [
      ['k', 'a&old', 18],
      ['k', 'b&new', 22],
      ['k', 'c&new', 24],
    ],
  },
)

for (const seed of SEEDS) {
  for (const left of [false, true]) {
    t.test(`${left ? 'left ' : ''}stream-table join, seed ${seed}`, async (t) => {
      const builder = new StreamsBuilder()
      const table = builder.table('table', io)
      const joiner = (a: number, b: number | null) => a * 100 + (b ?? 0)
      const stream = builder.stream('stream', io)
      const joined = left ? stream.leftJoin(table, { joiner }) : stream.join(table, { joiner })
      joined.to('out', { value: int64 })
      const rows = new Map<string, number | null>()
      runEach(builder, randomEvents(seededRandom(seed), ['stream', 'table'], true), string, (event, out) => {
        if (event.topic === 'table') {
          rows.set(event.key, event.value)
          t.same(out, [])
          return
        }
        const row = rows.get(event.key) ?? null
        const emits = event.value !== null && (left || row !== null)
        t.match(out, emits ? [{ key: event.key, value: joiner(event.value!, row), timestamp: event.ts }] : [])
        t.equal(out.length, emits ? 1 : 0)
      })
    })
  }
}
