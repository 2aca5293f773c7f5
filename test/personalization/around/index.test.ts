import t from 'tap'
import { AROUND_RULES, judge } from '../../../lib/personalization/around/index.js'
import { SUPPRESSION_REASONS } from '../../../lib/personalization/around/reasons.js'
import type { AroundConfig } from '../../../lib/personalization/around/rule.js'
import { type AroundState, INITIAL_AROUND, observe } from '../../../lib/personalization/around/state.js'
import { activityOf } from '../../../lib/personalization/records/activity.js'
import { sourceFiles } from '../../source-files.js'
import { DAY_MS, decision, NO_RULES, NOON_MS, word } from './decision.js'

const purposes = { ...NO_RULES.consent.purposes, push: 'marketing' }
/** Each rule, set so that it stops the decision below. */
const AGAINST: Readonly<Record<string, Partial<AroundConfig>>> = {
  'hold-out': { holdOut: { share: 1, salt: 's' } },
  consent: { consent: { purposes, default: 'denied' } },
  'already-bought': { excludeBought: { forDays: 30 } },
  'quiet-hours': { quietHours: { channels: ['push'], fromMinute: 0, toMinute: 1_439, zone: 'UTC' } },
  'frequency-caps': { caps: [{ channel: 'push', most: 1, perMs: DAY_MS }] },
}
const ALL: AroundConfig = Object.assign({}, NO_RULES, ...Object.values(AGAINST))

const bought = activityOf({ eventId: '1', userId: 'ann', type: 'purchase', at: NOON_MS, itemId: 'a', source: 'page' })
const STATE: AroundState = {
  ...observe(INITIAL_AROUND, bought, ALL),
  delivered: [{ channel: 'push', times: [NOON_MS], forgottenMs: 0 }],
}
const given = decision({ items: ['a'], validUntil: NOON_MS })

t.test('the first rule that is against the decision says why', async (t) => {
  const rows: [string, string][] = [
    ['hold-out', 'hold-out'],
    ['consent', 'no-consent'],
    ['already-bought', 'already-bought'],
    ['quiet-hours', 'quiet-hours-expired'],
    ['frequency-caps', 'cap'],
  ]
  let config = ALL
  for (const [rule, reason] of rows) {
    t.equal(word(judge(given, STATE, config, NOON_MS)), reason, rule)
    config = { ...config, ...without(rule) }
  }
  t.equal(word(judge(given, STATE, config, NOON_MS)), 'deliver')
})

function without(rule: string): Partial<AroundConfig> {
  return Object.fromEntries(Object.keys(AGAINST[rule]!).map((key) => [key, NO_RULES[key as keyof AroundConfig]]))
}

t.test('a decision that is late says so before its list and the hour are looked at', async (t) => {
  const config = { ...ALL, ...without('hold-out'), ...without('consent') }
  t.equal(word(judge(given, STATE, config, NOON_MS + 1)), 'expired')
})

t.test('rules are asked in this order', async (t) => {
  t.same(
    AROUND_RULES.map(({ name }) => name),
    ['hold-out', 'consent', 'expired', 'already-bought', 'quiet-hours', 'frequency-caps'],
  )
})

t.test('each reason of the table is given by a rule', async (t) => {
  const rules = sourceFiles('lib/personalization/around')
    .map(({ text }) => text)
    .join('\n')
  for (const reason of Object.keys(SUPPRESSION_REASONS)) t.match(rules, `reason: '${reason}'`)
})

t.test('nothing against it: the decision itself and the state itself', async (t) => {
  const verdict = judge(given, STATE, NO_RULES, NOON_MS)
  t.same(verdict, { kind: 'deliver', decision: given, state: STATE, notes: [] })
  if (verdict.kind !== 'deliver') return
  t.equal(verdict.decision, given)
  t.equal(verdict.state, STATE)
})
