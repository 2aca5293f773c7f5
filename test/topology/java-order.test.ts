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

t.test('a HashSet of strings', async (t) => {
  t.same(hashOrder(['clicks', 'views', 'purchases', 'searches', 'carts']), CAPTURED_FIVE)
  t.same(hashOrder(Array.from({ length: 14 }, (_, i) => `topic-${i * i}`)), CAPTURED_FOURTEEN)
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
