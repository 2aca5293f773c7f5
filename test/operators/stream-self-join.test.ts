/** A stream joined with itself over one store: the pairs of a naive list, on seeded random input. */
import t from 'tap'
import { seededRandom } from '../../lib/record/random.js'
import { Operated } from './operate.js'

const node = {
  kind: 'streamSelfJoin',
  store: 'kept',
  beforeMs: 5,
  afterMs: 10,
  graceMs: 1_000,
  outer: { left: false, right: false },
  joiner: (_key: unknown, left: unknown, right: unknown) => `${left}+${right}`,
} as const
const stores = { kept: { kind: 'joinWindow', retentionMs: 10_000, windowSizeMs: 15 } } as const

for (let seed = 1; seed <= 12; seed++) {
  t.test(`every pair within the window, once a side, seed ${seed}`, async (t) => {
    const random = seededRandom(`self-join/${seed}`)
    const operated = new Operated(node, { stores })
    const seen: { key: string; value: string; ts: number }[] = []
    for (let i = 0; i < 60; i++) {
      const record = { key: `k${random.int(3)}`, value: `v${i}`, ts: 1_000 + random.int(60) }
      operated.out.length = 0
      operated.push([record.key, record.value, record.ts])
      seen.push(record)
      const mine = seen.filter(({ key }) => key === record.key)
      // A right record is at most afterMs later and beforeMs earlier than a left one.
      const pairs = (left: (typeof seen)[number], right: (typeof seen)[number]) =>
        right.ts - left.ts <= node.afterMs && left.ts - right.ts <= node.beforeMs
      const joined = (left: (typeof seen)[number], right: (typeof seen)[number]) =>
        [record.key, `${left.value}+${right.value}`, Math.max(left.ts, right.ts)] as const
      const asLeft = mine.filter((each) => each !== record && pairs(record, each)).map((each) => joined(record, each))
      const asRight = mine.filter((each) => pairs(each, record)).map((each) => joined(each, record))
      const sorted = (rows: readonly (readonly unknown[])[]) => rows.map((each) => each.join(' ')).sort()
      t.same(sorted(operated.out), sorted([...asLeft, ...asRight]))
    }
  })
}

t.test('null keys and values are dropped by an inner join; an outer side hands a null key on alone', async (t) => {
  const inner = new Operated(node, { stores }).push([null, 'a', 1], ['k', null, 2])
  t.same(inner.drops, ['nullKey', 'nullValue'])
  t.same(inner.out, [])
  const left = new Operated({ ...node, outer: { left: true, right: false } }, { stores }).push([null, 'a', 1])
  t.same(left.out, [[null, 'a+null', 1]])
})
