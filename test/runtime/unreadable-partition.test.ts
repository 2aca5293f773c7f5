/** A partition that brokers do not give: the instance goes on, and says so. */
import t from 'tap'
import { runPlan } from '../../lib/testing/simulation/seed.js'
import { drawPlan } from '../../lib/testing/simulation/variants.js'

t.setTimeout(120_000)

const ROWS: readonly (readonly [awayMs: number, isTold: boolean])[] = [
  [200, false],
  [3_000, true],
]

for (const [awayMs, isTold] of ROWS) {
  t.test(`leaders are away for ${awayMs} ms`, async (t) => {
    const length = (awayMs - 50) / 3_000
    const away = { kind: 'leaderMove', armedMs: 4_000, apiKey: null, moment: 'request', strength: 0, length } as const
    const { violations, trace } = await runPlan({ ...drawPlan(1, 'small'), faults: [away] }, { trace: true })
    t.same(violations, [])
    const told = trace.filter((line) => line.includes('says: a partition cannot be read; it is retried'))
    t.equal(told.length > 0, isTold, `${told.length} lines`)
    for (const line of told) t.match(line, /"topic":".+","partition":\d,"offset":\d+.*NOT_LEADER_OR_FOLLOWER/)
    t.ok(told.length <= 2 * 4, 'one line a second and instance at most')
  })
}
