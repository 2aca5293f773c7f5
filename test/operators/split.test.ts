/** `split`: the first branch whose predicate holds takes the record. */
import t from 'tap'
import { Operated } from './operate.js'

const node = {
  kind: 'split',
  predicates: [(_key: unknown, value: unknown) => value === 'a', (key: unknown) => key === 'k'],
  branches: ['first', 'second'],
  defaultBranch: 'rest',
} as const
const records = [
  ['k', 'a', 1],
  ['k', 'b', 2],
  ['x', 'b', 3],
] as const

t.test('each record goes to one branch', async (t) => {
  const operated = new Operated(node).push(...records)
  t.same(operated.named, [
    ['first', 'k', 'a', 1],
    ['second', 'k', 'b', 2],
    ['rest', 'x', 'b', 3],
  ])
  t.same(operated.drops, [])
})

t.test('without a default branch the rest is dropped and counted', async (t) => {
  const operated = new Operated({ ...node, defaultBranch: null }).push(...records)
  t.equal(operated.named.length, 2)
  t.same(operated.drops, ['unmatchedBranch'])
})
