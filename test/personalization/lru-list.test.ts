import t from 'tap'
import { LruList } from '../../lib/personalization/recommender/lru-list.js'
import { seededRandom } from '../../lib/record/random.js'

t.test('the same as a list that is searched', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(`lru ${seed}`)
    const list = new LruList()
    let expected: number[] = []
    for (let step = 0; step < 500; step++) {
      // Far apart too: the arrays grow.
      const id = random.int(10) * (seed % 2 === 0 ? 1 : 1_000)
      if (random.int(3) > 0) {
        expected = [...expected.filter((other) => other !== id), id]
        list.touch(id)
      } else if (list.has(id)) {
        expected = expected.filter((other) => other !== id)
        list.remove(id)
      }
      if (
        list.oldest !== (expected[0] ?? -1) ||
        list.size !== expected.length ||
        list.has(id) !== expected.includes(id)
      ) {
        t.fail(`seed ${seed}, step ${step}: ${list.oldest} of ${list.size}, expected ${expected}`)
        return
      }
    }
    const order: number[] = []
    for (; list.oldest >= 0; list.remove(list.oldest)) order.push(list.oldest)
    t.same(order, expected, `seed ${seed}`)
  }
})
