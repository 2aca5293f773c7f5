import t from 'tap'
import {
  isSpending,
  isWithdrawn,
  NO_SPENDING,
  netMicros,
  type SpendingState,
  spend,
  spendingClosesAt,
  spendingDay,
  spendingDayNumber,
} from '../../lib/personalization/decisions/spending.js'
import { isInvalidRow } from '../../lib/personalization/input/formats/rows.js'
import { formatNamed, replayOf } from '../../lib/personalization/input/index.js'
import { activityOf, type UserActivity } from '../../lib/personalization/records/activity.js'
import { parseMicros } from '../../lib/personalization/records/money.js'
import { seededRandom } from '../../lib/record/random.js'
import { needs, RETAIL, realFile } from './real-data.js'

const options = { thresholdMicros: 500_000_000, graceMs: 60_000 }

/** `-12.50` is a cancellation of 12.50, `3x166.67` three pieces. */
function line(text: string): UserActivity {
  const [, sign, pieces, price] = /^(-?)(?:(\d+)x)?(.*)$/.exec(text)!
  return activityOf({
    eventId: text,
    userId: 'c',
    type: sign === '-' ? 'cancellation' : 'purchase',
    at: 0,
    itemId: 'i',
    unitPriceMicros: parseMicros(price!)!,
    quantity: Number(pieces ?? 1),
    source: 'replay',
  })
}

function day(lines: readonly string[]): { fired: number; state: SpendingState } {
  let state = NO_SPENDING
  let fired = 0
  for (const text of lines) {
    const step = spend(state, line(text), options)
    state = JSON.parse(JSON.stringify(step.state))
    if (step.fires) fired++
  }
  return { fired, state }
}

t.test('days', async (t) => {
  const rows: [lines: string[], fired: number, withdrawn: boolean][] = [
    [[], 0, false],
    [['499.99'], 0, false],
    [['500.00'], 1, false],
    [['499.99', '0.01'], 1, false],
    [['3x166.67'], 1, false],
    [['3x166.666666'], 0, false],
    [['5000x0.1'], 1, false],
    [['500', '500'], 1, false],
    [['500', '-0.01'], 1, true],
    [['500.01', '-0.01'], 1, false],
    [['-300', '500'], 1, true],
    [['400', '-400', '100'], 1, true],
    [['500', '-500', '500'], 1, false],
    [['-900'], 0, false],
    [['0', '500'], 1, false],
  ]
  for (const [lines, fired, withdrawn] of rows) {
    const result = day(lines)
    t.same([result.fired, isWithdrawn(result.state, options)], [fired, withdrawn], lines.join(' '))
  }
})

t.test('order inside the day plays no part', async (t) => {
  const random = seededRandom('spending')
  for (let round = 0; round < 200; round++) {
    const lines = Array.from({ length: 1 + random.int(12) }, () => {
      const cents = random.int(30_000)
      return `${random.int(5) === 0 ? '-' : ''}${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`
    })
    const shuffled = lines.map((text) => ({ text, rank: random.next() })).sort((a, b) => a.rank - b.rank)
    t.same(day(shuffled.map(({ text }) => text)), day(lines))
  }
})

t.test('who and when', async (t) => {
  t.ok(isSpending(line('1')))
  t.notOk(isSpending(activityOf({ ...line('1'), userId: null })))
  t.notOk(isSpending(activityOf({ ...line('1'), type: 'adjustment' })))
  t.notOk(isSpending(activityOf({ ...line('1'), unitPriceMicros: null })))
  const at = Date.UTC(2010, 11, 1, 23, 59, 59, 999)
  t.equal(spendingDay(spendingDayNumber(at)), '2010-12-01')
  t.equal(spendingDay(spendingDayNumber(at + 1)), '2010-12-02')
  t.equal(spendingClosesAt(spendingDayNumber(at), options), at + 1 + 60_000)
  t.equal(netMicros(day(['3.5', '-1.25']).state), 2_250_000)
})

t.test('the real shop: 2,473 customer-days reach 500.00, 33 do not keep it', needs(RETAIL), async (t) => {
  const days = new Map<string, SpendingState>()
  let fired = 0
  for await (const row of replayOf(formatNamed('retail'), realFile(RETAIL))) {
    if (isInvalidRow(row) || !isSpending(row)) continue
    const key = `${spendingDayNumber(row.at)}/${row.userId}`
    const step = spend(days.get(key) ?? NO_SPENDING, row, options)
    days.set(key, step.state)
    if (step.fires) fired++
  }
  t.equal(fired, 2_473)
  t.equal([...days.values()].filter((state) => isWithdrawn(state, options)).length, 33)
  t.equal([...days.values()].filter((state) => netMicros(state) >= options.thresholdMicros).length, 2_440)
  t.equal(days.size, 12_071)
})
