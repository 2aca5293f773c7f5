/** A decision and a configuration for the tests of the rules: nothing applies unless the test says so. */
import { judge, type Verdict } from '../../../lib/personalization/around/index.js'
import type { AroundConfig, JudgedFields } from '../../../lib/personalization/around/rule.js'
import { type AroundState, INITIAL_AROUND } from '../../../lib/personalization/around/state.js'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
export const NOON_MS = Date.UTC(2024, 5, 3, 12)

export const NO_RULES: AroundConfig = {
  holdOut: { share: 0, salt: 'hold-out-1' },
  consent: { purposes: { page: null, push: null, email: null, sms: null, none: null }, default: 'granted' },
  excludeBought: null,
  quietHours: null,
  caps: [],
}

export function decision(fields: Partial<JudgedFields> = {}): JudgedFields {
  return { userId: 'ann', channel: 'push', validUntil: Number.MAX_SAFE_INTEGER, items: ['a', 'b'], ...fields }
}

/** What the tables compare: the kind, and what belongs to it. */
export function word(verdict: Verdict<JudgedFields>): string {
  if (verdict.kind === 'suppress') return verdict.reason
  return verdict.kind === 'hold' ? new Date(verdict.untilMs).toISOString() : 'deliver'
}

/** Delivers one push after another, at most once each, and says what became of them. */
export function judgeAll(
  timesMs: readonly number[],
  config: AroundConfig,
  fields: Partial<JudgedFields> = {},
): { readonly words: string[]; readonly state: AroundState } {
  let state = INITIAL_AROUND
  const words = timesMs.map((atMs) => {
    const verdict = judge(decision(fields), state, config, atMs)
    if (verdict.kind === 'deliver') state = verdict.state
    return word(verdict)
  })
  return { words, state }
}
