import t from 'tap'
import { Ranking } from '../../lib/personalization/recommender/ranking.js'
import { seededRandom } from '../../lib/record/random.js'

t.test('keeps the best, of equal scores the smaller id', async (t) => {
  const ranking = new Ranking()
  for (let seed = 1; seed <= 100; seed++) {
    const random = seededRandom(`ranking ${seed}`)
    const limit = random.int(seed % 5 === 0 ? 200 : 20)
    const offered = Array.from({ length: random.int(300) }, (_, id) => ({ id, score: random.int(20) - 5 }))
    offered.sort(() => random.next() - 0.5)
    ranking.begin(limit)
    for (const { id, score } of offered) ranking.offer(id, score)
    const kept = Array.from({ length: ranking.count }, (_, place) => ({
      id: ranking.id(place),
      score: ranking.score(place),
    }))
    t.same(kept, offered.sort((a, b) => b.score - a.score || a.id - b.id).slice(0, limit), `seed ${seed}`)
  }
})
