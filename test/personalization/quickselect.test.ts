import t from 'tap'
import { quickselect } from '../../lib/personalization/recommender/quickselect.js'
import { seededRandom } from '../../lib/record/random.js'

const ORDERS = ['random', 'rising', 'falling', 'equal'] as const

t.test('the largest of a range stand first, whatever their order was', async (t) => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(`quickselect ${seed}`)
    const order = ORDERS[seed % ORDERS.length]
    const length = random.int(60)
    const from = random.int(length + 1)
    const to = from + random.int(length - from + 1)
    const count = random.int(to - from + 1)
    const ids = Int32Array.from({ length }, (_, i) => i)
    // Many equal keys: the tie decides.
    const keyOf = Float64Array.from({ length }, (_, i) =>
      order === 'random' ? random.int(8) : order === 'rising' ? i : order === 'falling' ? -i : 1,
    )
    const tie = Float64Array.from({ length }, () => random.next())
    const keys = keyOf.slice()
    const expected = [...ids.subarray(from, to)]
      .sort((a, b) => keyOf[b]! - keyOf[a]! || tie[b]! - tie[a]!)
      .slice(0, count)
    quickselect(ids, keys, from, to, count, tie)
    const sorted = (some: Iterable<number>) => [...some].sort((a, b) => a - b)
    t.same(sorted(ids.subarray(from, from + count)), sorted(expected), `seed ${seed}: ${count} of ${from} to ${to}`)
    t.ok(ids.every((id, i) => keys[i] === keyOf[id]!) && new Set(ids).size === length)
    t.same([...ids.subarray(0, from)], [...Array(from).keys()], 'what stands before the range is left alone')
  }
})
