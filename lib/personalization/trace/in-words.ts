/** An explanation in sentences, for people who do not read JSON. */
import { SUPPRESSION_REASONS } from '../around/reasons.js'
import { durationText } from '../config/duration.js'
import type { DecisionTrace } from '../records/decision-trace.js'
import type { Channel, Recommendation } from '../records/recommendation.js'
import type { Explanation, RuleAnswer } from './explanation.js'

export interface ToldParts {
  readonly decision: Recommendation
  readonly trace: DecisionTrace | null
  readonly title: string
  readonly experiment: string | null
  readonly answers: readonly RuleAnswer[]
  readonly cause: Explanation['cause']
}

/** Of the cause, the reason, the arm, each rule that applied, and the outcome: a sentence each. */
export function inWords({ decision, trace, title, experiment, answers, cause }: ToldParts): string[] {
  const { reason, arm, channel, suppressed } = decision
  const words = [`${title}: ${causeInWords(cause)}.`]
  if (reason !== null) words.push(`The decision says: ${reason}.`)
  if (experiment !== null) words.push(`The user is in the arm "${arm}" of the experiment ${experiment}.`)
  if (trace !== null && trace.heldAt >= 0) {
    words.push(`Quiet hours held it from ${time(trace.heldAt)} until ${time(trace.heldUntil)}.`)
  }
  for (const answer of answers) {
    const { figures } = answer
    const isTold = figures.cut !== true && Object.keys(figures).length > 0
    const told = isTold ? RULES[answer.rule]?.(answer) : undefined
    if (told !== undefined) words.push(told)
  }
  words.push(suppressed === null ? DELIVERED[channel] : `It was not delivered: ${meaning(suppressed)}`)
  return words
}

const DELIVERED: Readonly<Record<Channel, string>> = {
  page: 'It was delivered on the page.',
  push: 'It was delivered as a push notification.',
  email: 'It was delivered by email.',
  sms: 'It was delivered as a text message.',
  none: 'It is only recorded.',
}

function causeInWords({ kind, at, event }: Explanation['cause']): string {
  const when = at === null ? '' : ` at ${time(Date.parse(at))}`
  if (kind === 'event') return `the event ${event!.id}${what(event)}${when} led to it`
  if (kind === 'timer') {
    const about = event === null ? '' : `; it is about the event ${event.id}${what(event)}`
    return `its timer was due${when}${about}`
  }
  if (kind === 'boundary') return `the boundary of its tier${when} was reached`
  return kind === 'campaign' ? `a campaign became known${when}` : 'an older version decided it, without a trace'
}

/** ` (view of p-001)` */
function what(event: Explanation['cause']['event']): string {
  const { type, activity } = event!
  const about = activity?.itemId ?? activity?.query ?? activity?.videoId ?? null
  if (type === null) return ''
  return about === null ? ` (${type})` : ` (${type}: ${about})`
}

/** Rule → its figures in a sentence. */
const RULES: Readonly<Record<string, (answer: RuleAnswer) => string>> = {
  'hold-out': ({ figures: { place, share } }) =>
    `Hold-out: the user's place is ${place}; users below ${share} get nothing.`,
  consent: ({ figures: { purpose, granted, since } }) => {
    const agrees = granted === true ? 'agrees' : 'does not agree'
    const how = typeof since === 'number' ? `since ${time(since)}` : 'by default, because nothing else is known'
    return `Consent: the user ${agrees} to ${purpose} ${how}.`
  },
  'already-bought': ({ figures: { forDays, removed } }) => {
    const items = (removed as readonly string[]).join(', ')
    const taken = items === '' ? 'none of the items was bought' : `taken out: ${items}`
    return `Already bought, last ${forDays} days: ${taken}.`
  },
  'quiet-hours': ({ figures: { zone, known, clock, from, to } }) => {
    const whose = known === true ? "the user's time zone" : 'the configured time zone'
    return `Quiet hours from ${from} to ${to}: it was ${clock} in ${zone}, ${whose}.`
  },
  'frequency-caps': ({ figures: { caps } }) => {
    const told = (caps as readonly { most: number; perMs: number; delivered: number }[]).map(
      ({ most, perMs, delivered }) => `${delivered} of at most ${most} in ${durationText(perMs)}`,
    )
    return `Frequency caps: before it, the user had got ${told.join(', ')}.`
  },
}

function meaning(reason: string): string {
  return SUPPRESSION_REASONS[reason as keyof typeof SUPPRESSION_REASONS] ?? `${reason}.`
}

/** `2026-03-02 10:00:00 UTC` */
function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
