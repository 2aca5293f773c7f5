import t from 'tap'
import { judge } from '../../../lib/personalization/around/index.js'
import { INITIAL_AROUND } from '../../../lib/personalization/around/state.js'
import { decision, NO_RULES, NOON_MS, word } from './decision.js'

t.test('valid up to its last millisecond', async (t) => {
  for (const [lateMs, expected] of [
    [-1, 'deliver'],
    [0, 'deliver'],
    [1, 'expired'],
  ] as const) {
    const verdict = judge(decision({ validUntil: NOON_MS }), INITIAL_AROUND, NO_RULES, NOON_MS + lateMs)
    t.equal(word(verdict), expected)
  }
})
