import t from 'tap'
import { expiresAtMs } from '../../../../lib/personalization/doors/webhooks/expiry.js'
import { decidedAs } from '../../service-driver.js'

const NOW = 1_800_000_000_000
const HOUR = 3_600_000

t.test('by valid-until, or for as long after it was stored', async (t) => {
  const rows: [string, atMs: number, storedAtMs: number, hasReplay: boolean, expected: number][] = [
    ['live', NOW, NOW + 100, false, NOW + 24 * HOUR],
    ['live, of a clock ahead', NOW + 5_000, NOW, false, NOW + 5_000 + 24 * HOUR],
    ['live, stored late', NOW - 30 * HOUR, NOW, false, NOW - 6 * HOUR],
    ['live, made a week late', NOW - 7 * 24 * HOUR, NOW, false, NOW - 6 * 24 * HOUR],
    ['a replay of another instance', NOW - 50_000 * HOUR, NOW, false, NOW + 24 * HOUR],
    ['a simulated day of another instance', NOW + 50 * HOUR, NOW, false, NOW + 24 * HOUR],
    ['live beside a replay', NOW - HOUR, NOW, true, NOW + 23 * HOUR],
    ['a replay of years ago', NOW - 50_000 * HOUR, NOW, true, NOW + 24 * HOUR],
    ['a replay of yesterday', NOW - 25 * HOUR, NOW, true, NOW + 24 * HOUR],
    ['a simulated day to come', NOW + 50 * HOUR, NOW, true, NOW + 24 * HOUR],
  ]
  for (const [name, at, storedAtMs, hasReplay, expected] of rows) {
    const decision = decidedAs({ rule: 'cart-abandonment', userId: 'u', subject: 's', at })
    t.equal(expiresAtMs(decision, storedAtMs, hasReplay), expected, name)
  }
})
