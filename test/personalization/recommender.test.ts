import t from 'tap'
import { bySession, loadSessionViews } from '../../lib/personalization/input/formats/sessions-tsv.js'
import { SessionRecommender } from '../../lib/personalization/recommender/index.js'
import { NextItemJudge, NextItemMetrics } from '../../lib/personalization/recommender/metrics.js'
import { BOL, needs, realFile } from './real-data.js'

t.test('says where its items come from, and why there are none', async (t) => {
  const model = new SessionRecommender()
  t.same(model.recommend(['a']), { items: [], algorithm: 'none', filledUp: 0, reason: 'nothing-learned' })
  model.learn('one', 'a', 1)
  t.same(model.recommend(['a']), { items: [], algorithm: 'none', filledUp: 0, reason: 'no-candidates' })
  model.learn('one', 'b', 2)
  model.learn('two', 'z', 3)
  model.learn('two', 'z', 4)
  t.same(model.recommend(['a']), { items: ['b', 'z'], algorithm: 'vmis-knn', filledUp: 1, reason: null })
  t.same(model.recommend(['a'], { sessionId: 'one' }).algorithm, 'co-visitation')
  t.same(model.recommend(['new']), { items: ['z', 'b', 'a'], algorithm: 'trending', filledUp: 0, reason: null })
  t.same(model.recommend(['a'], { count: 1 }).items, ['b'])
  const arm = model.recommend(['a'], { algorithms: ['co-visitation', 'trending'] })
  t.same(arm, { items: ['b', 'z'], algorithm: 'co-visitation', filledUp: 1, reason: null })
})

t.test('metrics', async (t) => {
  const metrics = new NextItemMetrics()
  t.same(metrics.score(), { hitRate20: null, mrr20: null, n: 0 })
  const ranked = Array.from({ length: 30 }, (_, i) => i)
  for (const [actual] of [[0], [3], [19], [20], [99]] as const) metrics.record(ranked, actual)
  t.same(metrics.score(), { hitRate20: 3 / 5, mrr20: (1 + 1 / 4 + 1 / 20) / 5, n: 5 })
})

t.test('the judge looks at the next view of the same session only', async (t) => {
  const judge = new NextItemJudge(2)
  judge.viewed('a', 'x')
  judge.decided('a', ['y'])
  judge.viewed('b', 'y')
  judge.viewed('a', 'y')
  judge.viewed('a', 'y')
  t.same(judge.metrics.score(), { hitRate20: 1, mrr20: 1, n: 1 })
  for (const session of ['a', 'b', 'c']) judge.decided(session, [])
  for (const session of ['a', 'b', 'c']) judge.viewed(session, 'x')
  t.equal(judge.metrics.score().n, 3, 'the session idle for longest was forgotten, an empty list is a miss')
})

t.test('reaches the published quality on real sessions it has not learned', needs(BOL.train), async (t) => {
  const model = new SessionRecommender()
  const { views, invalid } = await loadSessionViews(realFile(BOL.train))
  t.same([views.length, invalid.length], [113_601, 0])
  for (const { sessionId, itemId, at } of views) model.learn(`train ${sessionId}`, itemId, at)
  for (const [file, hitRate, mrr] of [
    [BOL.valid, 0.63, 0.315],
    [BOL.test, 0.655, 0.333],
  ] as const) {
    const metrics = new NextItemMetrics()
    for (const session of bySession((await loadSessionViews(realFile(file))).views).values()) {
      const items = session.map(({ itemId }) => itemId)
      for (let i = 1; i < items.length; i++) {
        metrics.record(model.recommend(items.slice(0, i), { repeats: 'forbid' }).items, items[i]!)
      }
    }
    const { hitRate20, mrr20, n } = metrics.score()
    t.ok(hitRate20! >= hitRate && mrr20! >= mrr, `${file}: HR@20 ${hitRate20}, MRR@20 ${mrr20} of ${n}`)
    t.comment(`${file}: HR@20 ${hitRate20?.toFixed(4)}, MRR@20 ${mrr20?.toFixed(4)}, n ${n}`)
  }
})
