import t from 'tap'
import type { ItemId } from '../../lib/personalization/recommender/recommender.js'
import { VmisKnn } from '../../lib/personalization/recommender/vmis-knn.js'
import { seededRandom } from '../../lib/record/random.js'

interface View {
  readonly session: string
  readonly item: number
  readonly at: number
}

interface Parameters {
  readonly m: number
  readonly k: number
  readonly last: number
  readonly idf: number
}

/** The whole algorithm from the raw views, nothing incremental, nothing shared with the code under test. */
function naive(views: readonly View[], prefix: readonly number[], p: Parameters, own?: string): Map<number, number> {
  const sessions = [...new Set(views.map((view) => view.session))].map((id) => {
    const mine = views.filter((view) => view.session === id)
    return { id, items: new Set(mine.map((view) => view.item)), newest: Math.max(...mine.map((view) => view.at)) }
  })
  const last = [...new Set([...prefix].reverse())].slice(0, p.last)
  // Sessions are in order of beginning, so the later index breaks ties of time.
  const candidates = sessions
    .map((session, order) => ({ session, order, shared: last.filter((item) => session.items.has(item)) }))
    .filter(({ shared, session }) => shared.length > 0 && session.id !== own)
    .sort((a, b) => b.session.newest - a.session.newest || b.order - a.order)
    .slice(0, p.m)
    .map((candidate, recency) => {
      let similarity = 0
      for (const item of candidate.shared) similarity += (last.length - last.indexOf(item)) / last.length
      return { ...candidate, recency, similarity }
    })
    .sort((a, b) => b.similarity - a.similarity || a.recency - b.recency)
    .slice(0, p.k)
  const scores = new Map<number, number>()
  for (const { session, shared, similarity } of candidates) {
    const place = 1 + Math.min(...shared.map((item) => last.indexOf(item)))
    for (const item of session.items) {
      const holders = sessions.filter(({ items }) => items.has(item)).length
      const vote = similarity * (1 - 0.1 * place) * (1 + p.idf * Math.log(sessions.length / holders))
      scores.set(item, (scores.get(item) ?? 0) + vote)
    }
  }
  scores.delete(prefix.at(-1)!)
  return scores
}

t.test('agrees with a naive reference on random sessions', async (t) => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = seededRandom(`vmis ${seed}`)
    const p = { m: 3 + random.int(40), k: 1 + random.int(20), last: 1 + random.int(5), idf: random.int(3) }
    const index = new VmisKnn({ neighbours: p.k, lastItems: p.last, idfWeight: p.idf, recentSessions: p.m })
    const views: View[] = []
    for (let i = 0; i < 250; i++) {
      // A session lives for a stretch of the stream, so that the latest insert per item is the latest session as well.
      const view = { session: `s${Math.floor(i / 5)}`, item: random.int(25), at: 1_000 * i }
      views.push(view)
      index.learn(view.session, view.item, view.at)
    }
    for (let i = 0; i < 10; i++) {
      const prefix = Array.from({ length: 1 + random.int(7) }, () => random.int(27))
      const own = random.int(2) === 0 ? `s${random.int(50)}` : undefined
      const expected = naive(views, prefix, p, own)
      const answer = index.recommend(prefix, { count: 1000, ...(own === undefined ? {} : { sessionId: own }) })
      t.same(
        new Map(answer.map(({ itemId, score }) => [itemId, score.toFixed(9)])),
        new Map([...expected].map(([item, score]) => [item, score.toFixed(9)])),
        `seed ${seed} prefix ${prefix}`,
      )
      t.ok(answer.every((candidate, n) => n === 0 || candidate.score <= answer[n - 1]!.score))
      t.same(
        index.recommend(prefix, { count: 3, ...(own === undefined ? {} : { sessionId: own }) }),
        answer.slice(0, 3),
      )
    }
  }
})

t.test('what may come back', async (t) => {
  const index = new VmisKnn()
  for (const [i, item] of ['a', 'b', 'c'].entries()) index.learn('one', item, i)
  const items = (prefix: ItemId[], repeats: 'allow' | 'forbid') =>
    index
      .recommend(prefix, { repeats })
      .map(({ itemId }) => itemId)
      .sort()
  t.same(items(['a', 'b'], 'forbid'), ['a', 'c'], 'only the item just seen is left out')
  t.same(items(['a', 'b'], 'allow'), ['a', 'b', 'c'])
  t.same(items(['x'], 'allow'), [], 'an unknown item has no neighbours')
  t.same(items([], 'forbid'), [])
  t.same(index.recommend(['a'], { sessionId: 'one' }), [], 'a session is no neighbour of itself')
  t.same(index.recommend(['a'], { count: 0 }), [])
})

t.test('1 and "1" are different items', async (t) => {
  const index = new VmisKnn()
  index.learn('s', 1, 0)
  index.learn('s', '1', 1)
  t.same(
    index.recommend([1]).map(({ itemId }) => itemId),
    ['1'],
  )
})

t.test('memory is bounded by sessions, items per session and age', async (t) => {
  const index = new VmisKnn({ maxSessions: 10, maxItemsPerSession: 3, sessionTtlMs: 1_000 })
  for (let s = 0; s < 100; s++) for (let i = 0; i < 20; i++) index.learn(`s${s}`, `${s}-${i}`, s)
  t.same(index.size, { sessions: 10, items: 30 })
  t.same(index.recommend(['5-0']), [], 'an evicted session votes no more')
  t.equal(index.recommend(['95-0']).length, 2)
  index.learn('late', 'x', 2_000)
  t.same(index.size, { sessions: 1, items: 1 }, 'too old against the newest event')
})

t.test('an evicted session may begin again', async (t) => {
  const index = new VmisKnn({ maxSessions: 2 })
  for (const session of ['a', 'b', 'c', 'a']) {
    index.learn(session, 'x', 1)
    index.learn(session, `of ${session}`, 1)
  }
  const items = index.recommend(['x']).map(({ itemId }) => itemId)
  t.same(items.sort(), ['of a', 'of c'])
})
