import t from 'tap'
import { digest } from '../../bench/count-outputs.js'
import { userPicker } from '../../bench/service-run.js'
import { latencies, median, percentile, range } from '../../bench/statistics.js'
import { seededRandom } from '../../lib/record/random.js'

t.test('medians and ranges', async (t) => {
  const rows: [number[], number, [number, number]][] = [
    [[3], 3, [3, 3]],
    [[3, 1], 2, [1, 3]],
    [[10, 9, 1], 9, [1, 10]],
    [[100, 9, 1, 20], 14.5, [1, 100]],
  ]
  for (const [values, middle, ends] of rows) {
    t.equal(median(values), middle, String(values))
    t.same(range(values), ends, String(values))
  }
})

t.test('percentiles are samples, by nearest rank', async (t) => {
  const hundred = Float64Array.from({ length: 100 }, (_, i) => i + 1)
  const rows: [Float64Array, number, number][] = [
    [hundred, 0.5, 50],
    [hundred, 0.99, 99],
    [hundred, 0.999, 100],
    [hundred, 0.001, 1],
    [Float64Array.of(7), 0.5, 7],
  ]
  for (const [sorted, share, expected] of rows) t.equal(percentile(sorted, share), expected, String(share))
  t.ok(Number.isNaN(percentile(new Float64Array(0), 0.5)), 'nothing has no percentile')
  t.same(latencies([4, 1, 2, 1000]), { n: 4, p50: 2, p99: 1000, p999: 1000, mean: 251.75, max: 1000 })
})

t.test('the digest of counts sees every count and no order', async (t) => {
  const one = digest(
    new Map([
      ['a', 1],
      ['b', 2],
    ]),
  )
  t.equal(
    digest(
      new Map([
        ['b', 2],
        ['a', 1],
      ]),
    ),
    one,
  )
  t.not(
    digest(
      new Map([
        ['a', 1],
        ['b', 3],
      ]),
    ),
    one,
  )
  t.not(digest(new Map([['a', 1]])), one)
})

t.test('users are drawn evenly, or the n-th as 1/n^exponent', async (t) => {
  const draws = 60_000
  const shares = (exponent: number) => {
    const pick = userPicker(exponent, seededRandom(7))
    const drawn = new Map<number, number>()
    for (let i = 0; i < draws; i++) {
      const user = pick()
      drawn.set(user, (drawn.get(user) ?? 0) + 1)
    }
    return (user: number) => (drawn.get(user) ?? 0) / draws
  }
  const even = shares(0)
  for (const user of [0, 100, 239]) t.ok(Math.abs(even(user) - 1 / 240) < 0.0015, `user ${user} of even ones`)
  const uneven = shares(1.2)
  for (const [user, ratio] of [
    [1, 2 ** 1.2],
    [3, 4 ** 1.2],
  ] as const) {
    t.ok(Math.abs(uneven(0) / uneven(user) / ratio - 1) < 0.1, `the first is ${ratio.toFixed(2)} times user ${user}`)
  }
})
