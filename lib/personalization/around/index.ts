/** The rules around every decision, in the order in which they are asked. */
import { alreadyBought } from './already-bought.js'
import { consent } from './consent.js'
import { expired } from './expired.js'
import { frequencyCaps, withDelivery } from './frequency-caps.js'
import { holdOut } from './hold-out.js'
import { quietHours } from './quiet-hours.js'
import type { AroundNote, SuppressionReason } from './reasons.js'
import type { AroundConfig, AroundRule, JudgedFields, Judgement, Ruling } from './rule.js'
import type { AroundState } from './state.js'

/** The first rule that suppresses or holds a decision is the last one asked. Caps come last: they count what is delivered. */
export const AROUND_RULES: readonly AroundRule[] = [holdOut, consent, expired, alreadyBought, quietHours, frequencyCaps]

/** What is done with a decision. `notes`: what the rules did not know. */
export type Verdict<D> =
  | {
      readonly kind: 'deliver'
      readonly decision: D
      readonly state: AroundState
      readonly notes: readonly AroundNote[]
    }
  | { readonly kind: 'hold'; readonly untilMs: number }
  | { readonly kind: 'suppress'; readonly reason: SuppressionReason; readonly notes: readonly AroundNote[] }

/** What is done with a decision about a subject that the user has been told of by another one. The rules are not asked. */
export const ALREADY_TOLD = { kind: 'suppress', reason: 'already-told', notes: [] } as const

/**
 * Asks the rules about a decision that would be delivered at `nowMs` (event time): its own time, or the end of a hold. A decision that is
 * held is judged again then. `mayBeEmpty`: an empty list of items is a decision too. Delivered, the decision may have fewer items, and
 * `state` is the new state of the user. `answers` gets what the rules that apply said, by their names, with their figures.
 */
export function judge<D extends JudgedFields>(
  decision: D,
  state: AroundState,
  config: AroundConfig,
  nowMs: number,
  mayBeEmpty = false,
  answers: Record<string, Readonly<Record<string, unknown>>> = {},
): Verdict<D> {
  const notes: AroundNote[] = []
  let judged = decision
  for (const rule of AROUND_RULES) {
    const judgement: Judgement = { decision: judged, state, config, nowMs, mayBeEmpty, notes, figures: null }
    const ruling = rule.judge(judgement)
    const { figures } = judgement
    if (figures !== null || ruling !== null) answers[rule.name] = { answer: answerOf(ruling), ...figures }
    if (ruling === null) continue
    if (ruling.kind === 'hold') return ruling
    if (ruling.kind === 'suppress') return { ...ruling, notes }
    judged = { ...judged, items: ruling.items }
  }
  const delivered = withDelivery(state.delivered, judged.channel, nowMs, config.caps)
  return {
    kind: 'deliver',
    decision: judged,
    state: delivered === state.delivered ? state : { ...state, delivered },
    notes,
  }
}

function answerOf(ruling: Ruling | null): string {
  if (ruling === null) return 'passed'
  return ruling.kind === 'suppress' ? ruling.reason : ruling.kind === 'hold' ? 'held' : 'items-removed'
}
