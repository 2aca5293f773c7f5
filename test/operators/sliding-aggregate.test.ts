/** Sliding windows on seeded random input: every window that has records, with all of them. */
import t from 'tap'
import { seededRandom } from '../../lib/record/random.js'
import { int64 } from '../../lib/serde/primitive.js'
import type { Change } from '../../lib/topology/node-base.js'
import type { Windowed } from '../../lib/windows/window.js'
import { Operated } from './operate.js'

const DIFFERENCE_MS = 10

const node = {
  kind: 'slidingAggregate',
  store: 'windows',
  sendOldValues: false,
  windows: { kind: 'sliding', timeDifferenceMs: DIFFERENCE_MS, graceMs: 1_000 },
  emit: 'onWindowUpdate',
  fold: { initializer: () => 0, adder: (_key: unknown, _value: unknown, count: unknown) => (count as number) + 1 },
} as const
const windows = {
  kind: 'window',
  cached: false,
  windowSizeMs: DIFFERENCE_MS,
  retentionMs: 10_000,
  valueSerde: int64 as never,
} as const

for (let seed = 1; seed <= 20; seed++) {
  t.test(`seed ${seed}`, async (t) => {
    const random = seededRandom(`sliding/${seed}`)
    const operated = new Operated(node, { stores: { windows } })
    const times = new Map<string, number[]>()
    for (let i = 0; i < 60; i++) {
      const [key, ts] = [`k${random.int(3)}`, 1_000 + random.int(80)]
      operated.push([key, 'v', ts])
      times.set(key, [...(times.get(key) ?? []), ts])
    }
    const standing = new Map<string, unknown>()
    for (const [key, value] of operated.out) {
      const { key: of, window } = key as Windowed<string>
      t.equal(window.endMs - window.startMs, DIFFERENCE_MS)
      standing.set(`${of}@${window.startMs}`, (value as Change<number>).newValue)
    }
    const expected = new Map<string, number>()
    for (const [key, mine] of times) {
      // A window ends at each record, and one begins right behind it.
      for (const startMs of mine.flatMap((ts) => [ts - DIFFERENCE_MS, ts + 1])) {
        const count = mine.filter((ts) => ts >= startMs && ts <= startMs + DIFFERENCE_MS).length
        if (count > 0) expected.set(`${key}@${startMs}`, count)
      }
    }
    t.same(new Map([...standing].sort()), new Map([...expected].sort()))
  })
}

t.test('null keys are dropped; a record behind grace is late', async (t) => {
  const operated = new Operated({ ...node, windows: { ...node.windows, graceMs: 0 } }, { stores: { windows } })
  operated.push([null, 'v', 1], ['k', 'v', 100], ['k', 'v', 89])
  t.same(operated.drops, ['nullKey', 'late'])
})
