import t from 'tap'
import { IdTable } from '../../../lib/personalization/gate/id-table.js'
import { seededRandom } from '../../../lib/record/random.js'

t.test('the same as a list that is searched', async (t) => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seededRandom(`table ${seed}`)
    // Few hashes, all in one corner of the table, so that they crowd.
    const kinds = seed % 3 === 0 ? 3 : 400
    const begin = seed % 2 === 0 ? 2 ** 33 + 5 : 0
    const table = new IdTable(begin)
    let expected: { high: number; low: number; position: number }[] = []
    const add = 1 + random.int(3)
    for (let step = 0; step < 2_000; step++) {
      const high = random.int(2) - 1
      const low = -random.int(kinds)
      if (random.int(4) <= add) {
        table.add(high, low)
        expected.push({ high, low, position: table.end - 1 })
      } else if (expected.length > 0) {
        table.removeOldest()
        expected = expected.slice(1)
      }
      const wanted = expected.filter((id) => id.high === high && id.low === low).map(({ position }) => position)
      const found: number[] = []
      table.some(high, low, (position) => found.push(position) < 0)
      found.sort((a, b) => a - b)
      if (
        JSON.stringify(found) !== JSON.stringify(wanted) ||
        table.first !== (expected[0]?.position ?? table.end) ||
        table.end - table.first !== expected.length
      ) {
        t.fail(`seed ${seed}, step ${step}: found ${found}, expected ${wanted}`)
        return
      }
    }
    t.pass(`seed ${seed}`)
  }
})

t.test('it stops at the first position that passes', async (t) => {
  const table = new IdTable()
  for (let i = 0; i < 3; i++) table.add(1, 2)
  let asked = 0
  t.ok(table.some(1, 2, () => ++asked === 2))
  t.equal(asked, 2)
  t.notOk(table.some(1, 3, () => true))
})
