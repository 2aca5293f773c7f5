import t from 'tap'
import { CoVisitation } from '../../lib/personalization/recommender/co-visitation.js'
import { seededRandom } from '../../lib/record/random.js'

const HALF_LIFE_MS = 1_000

/** Every pair ever seen, weighed at the time of asking. */
function naive(views: { session: string; item: number; at: number }[], prefix: number[], reach: number, last: number) {
  const now = Math.max(...views.map((view) => view.at))
  const scores = new Map<number, number>()
  const asked = [...new Set([...prefix].reverse())].slice(0, last)
  const tails = new Map<string, number[]>()
  for (const { session, item, at } of views) {
    const tail = tails.get(session) ?? []
    for (const [i, other] of tail.slice(-reach).reverse().entries()) {
      if (other === item) continue
      for (const [from, to] of [
        [item, other],
        [other, item],
      ] as const) {
        const place = asked.indexOf(from) + 1
        if (place === 0) continue
        scores.set(to, (scores.get(to) ?? 0) + 2 ** ((at - now) / HALF_LIFE_MS) / (i + 1) / place)
      }
    }
    tails.set(session, [...tail, item])
  }
  scores.delete(prefix.at(-1)!)
  return scores
}

t.test('agrees with a naive reference, over spans that force new landmarks', async (t) => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seededRandom(`co ${seed}`)
    const reach = 1 + random.int(4)
    const lastItems = 1 + random.int(4)
    const model = new CoVisitation({ halfLifeMs: HALF_LIFE_MS, reach, lastItems })
    const views: { session: string; item: number; at: number }[] = []
    for (let i = 0; i < 300; i++) {
      const view = { session: `s${random.int(8)}`, item: random.int(15), at: i * (1 + random.int(900)) }
      views.push(view)
      model.learn(view.session, view.item, view.at)
    }
    const prefix = Array.from({ length: 1 + random.int(5) }, () => random.int(15))
    const expected = naive(views, prefix, reach, lastItems)
    const answer = model.recommend(prefix, { count: 100 })
    for (const { itemId, score } of answer) {
      const wanted = expected.get(itemId as number)!
      t.ok(Math.abs(score - wanted) <= 1e-9 * wanted + 1e-300, `seed ${seed} item ${itemId}: ${score} ~ ${wanted}`)
    }
    t.equal(answer.length, [...expected.values()].filter((score) => score > 0).length)
  }
})

t.test('memory is bounded', async (t) => {
  const model = new CoVisitation({ maxItems: 10, maxSessions: 5, maxCompanions: 4 })
  for (let s = 0; s < 50; s++) for (let i = 0; i < 5; i++) model.learn(`s${s}`, `${s}-${i}`, s)
  t.same(model.size, { sessions: 5, items: 10 })
  const hub = new CoVisitation({ maxCompanions: 4 })
  for (let s = 0; s < 100; s++) {
    hub.learn(`s${s}`, 'hub', s)
    hub.learn(`s${s}`, `near ${s}`, s)
  }
  t.ok(hub.recommend(['hub'], { count: 100 }).length <= 8)
})

t.test('an item that was forgotten, or is some other item by now, never appears', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(`forget ${seed}`)
    const bounds = { maxItems: 1 + random.int(6), maxSessions: 1 + random.int(3), maxCompanions: 1 + random.int(3) }
    const model = new CoVisitation({ ...bounds, halfLifeMs: HALF_LIFE_MS })
    const together = new Set<string>()
    const tails = new Map<string, string[]>()
    for (let i = 0; i < 2_000; i++) {
      const session = `s${random.int(5)}`
      // Items come and go: their numbers are used again.
      const item = `item ${Math.floor(i / 50) + random.int(10)}`
      const tail = tails.get(session) ?? []
      for (const other of tail.slice(-5)) together.add(`${item} ${other}`).add(`${other} ${item}`)
      tails.set(session, [...tail, item].slice(-5))
      model.learn(session, item, i * random.int(3_000))
      const asked = `item ${Math.floor(i / 50) + random.int(10)}`
      const strange = model.recommend([asked]).filter(({ itemId }) => !together.has(`${asked} ${itemId}`))
      if (strange.length > 0) t.fail(`seed ${seed}: ${strange[0]!.itemId} never stood beside ${asked}`)
    }
    t.ok(model.size.items <= bounds.maxItems && model.size.sessions <= bounds.maxSessions, `seed ${seed}`)
  }
})
