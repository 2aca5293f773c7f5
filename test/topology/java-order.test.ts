/** Java's collection orders, against orders captured from Java and against a sorted list. */
import t from 'tap'
import { seededRandom } from '../../lib/record/random.js'
import { hashOrder, OrderedTree } from '../../lib/topology/java-order.js'

/** Printed by java.util.HashSet. */
const CAPTURED_FIVE = ['searches', 'carts', 'purchases', 'clicks', 'views']
const CAPTURED_FOURTEEN = [
  'topic-100',
  'topic-144',
  'topic-121',
  'topic-9',
  'topic-169',
  'topic-81',
  'topic-0',
  'topic-1',
  'topic-64',
  'topic-4',
  'topic-25',
  'topic-36',
  'topic-16',
  'topic-49',
]

/** The same set of twelve, filled one by one and copied: the copy has twice the buckets. */
const TWELVE = 'in-0 in-1 topic2 topic3 in-4 in-5 topic6 topic7 t8 topic9 t10 in-11'.split(' ')
const CAPTURED_TWELVE = 'topic2 t10 in-11 t8 topic6 topic3 in-1 topic9 in-0 topic7 in-5 in-4'.split(' ')
const CAPTURED_COPY = 'topic2 t8 topic6 topic3 topic9 topic7 t10 in-11 in-1 in-0 in-5 in-4'.split(' ')

t.test('a HashSet of strings', async (t) => {
  t.same(hashOrder(['clicks', 'views', 'purchases', 'searches', 'carts']), CAPTURED_FIVE)
  t.same(hashOrder(Array.from({ length: 14 }, (_, i) => `topic-${i * i}`)), CAPTURED_FOURTEEN)
  t.same(hashOrder(TWELVE), CAPTURED_TWELVE)
  t.same(hashOrder(TWELVE, 'copied'), CAPTURED_COPY)
  t.same(hashOrder(['clicks', 'views', 'purchases', 'searches', 'carts'], 'copied'), CAPTURED_FIVE)
})

t.test('a tree lists what was added in order, each once', async (t) => {
  const random = seededRandom('tree')
  for (let round = 0; round < 50; round++) {
    const tree = new OrderedTree<number>((a, b) => a - b)
    const added = Array.from({ length: random.int(60) }, () => random.int(40))
    for (const value of added) tree.add(value)
    t.same(
      [...tree.values()],
      [...new Set(added)].sort((a, b) => a - b),
    )
  }
})
