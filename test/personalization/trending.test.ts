import t from 'tap'
import { Trending } from '../../lib/personalization/recommender/trending.js'
import { seededRandom } from '../../lib/record/random.js'

t.test('the board is what counting everything anew gives', async (t) => {
  const random = seededRandom('trending')
  const model = new Trending({ halfLifeMs: 1_000, boardSize: 10 })
  const views: { item: number; at: number }[] = []
  for (let i = 0; i < 2_000; i++) {
    const view = { item: Math.floor(40 * random.next() ** 2), at: i * 100 }
    views.push(view)
    model.learn('', view.item, view.at)
    if (i % 50 !== 49) continue
    const weights = new Map<number, number>()
    for (const { item, at } of views) weights.set(item, (weights.get(item) ?? 0) + 2 ** ((at - view.at) / 1_000))
    const expected = [...weights].sort((a, b) => b[1] - a[1]).map(([item]) => item)
    t.same(
      model.recommend([], { count: 5 }).map(({ itemId }) => itemId),
      expected.slice(0, 5),
    )
    t.notOk(model.recommend([expected[0]!]).some(({ itemId }) => itemId === expected[0]))
  }
})

t.test('leaders survive the pruning of items as light as they are', async (t) => {
  const model = new Trending({ boardSize: 3, maxItems: 3 })
  for (let i = 0; i < 100; i++) model.learn('', i, 0)
  t.ok(model.size <= 9)
  t.same(
    model.recommend([], { count: 3 }).map(({ score }) => score),
    [1, 1, 1],
  )
})
