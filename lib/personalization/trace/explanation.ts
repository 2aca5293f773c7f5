/** The answer to "why this decision": everything its trace and the topics say, complete and in words. */
import { AROUND_RULES } from '../around/index.js'
import { SUPPRESSION_REASONS } from '../around/reasons.js'
import { EXPERIMENTS } from '../experiments/experiment.js'
import type { Rule } from '../frame/decision-table.js'
import type { UserActivity } from '../records/activity.js'
import type { DecisionTrace, RuleAnswers } from '../records/decision-trace.js'
import type { Recommendation } from '../records/recommendation.js'
import type { FoundDecision } from './decision-finder.js'
import { inWords } from './in-words.js'

/** What one rule said. */
export interface RuleAnswer {
  readonly rule: string
  /**
   * `passed`, `items-removed`, `held`, or the reason why it suppressed the decision. `does-not-apply`: nothing is configured for it.
   * `not-asked`: another rule had suppressed the decision before. `unknown`: the record does not say.
   */
  readonly answer: string
  readonly figures: Readonly<Record<string, unknown>>
}

/** A state as far as the trace keeps it. */
export interface KeptState {
  /** Null: none is kept, or it was cut. */
  readonly value: unknown
  /** The beginning of its JSON, if it was cut. */
  readonly cut: string | null
}

/** Why a decision was made. Times are ISO 8601; null: unknown. */
export interface Explanation {
  readonly decisionId: string
  readonly rule: string
  readonly title: string
  readonly userId: string
  readonly outcome: 'delivered' | 'suppressed'
  /** The answer in sentences. */
  readonly why: readonly string[]
  readonly cause: {
    readonly kind: DecisionTrace['cause'] | 'unknown'
    /** Event time. */
    readonly at: string | null
    readonly event: {
      readonly id: string
      readonly type: string | null
      /** Its place on `user-activity`; null: unknown. */
      readonly partition: number | null
      readonly offset: number | null
      /** Null: it is not on the topic any more. */
      readonly activity: UserActivity | null
    } | null
  }
  readonly state: { readonly read: KeptState; readonly written: KeptState }
  /** In the order in which they are asked. */
  readonly rules: readonly RuleAnswer[]
  readonly arm: string
  /** Null: the decision has no experiment. */
  readonly experiment: string | null
  readonly suppressed: { readonly reason: string; readonly meaning: string } | null
  /** What it said. */
  readonly decision: Omit<Recommendation, 'trace'>
  readonly tier: string | null
  readonly times: {
    /** Event time of the decision, and until when it is valid. */
    readonly decided: string
    readonly validUntil: string
    /** Event times between which quiet hours held it. */
    readonly heldFrom: string | null
    readonly heldUntil: string | null
    /** Wall clock: when the broker stored the event, */
    readonly arrival: string | null
    /** when the decision was made, */
    readonly process: string | null
    /** when the rules around it were asked, */
    readonly judge: string | null
    /** when the broker stored the decision, */
    readonly commit: string
    /** when this instance sent it to a browser, if it did since it started, */
    readonly deliver: string | null
    /** and when its first impression and its first click were stored. */
    readonly render: string | null
    readonly click: string | null
  }
  /** Milliseconds between the stages; null: one of them is unknown. */
  readonly waits: {
    readonly wait: number | null
    readonly process: number | null
    readonly deliver: number | null
    readonly render: number | null
  }
  readonly record: { readonly topic: string; readonly partition: number; readonly offset: number }
  readonly traceparent: string | null
}

export interface ExplanationOptions {
  readonly rules: readonly Rule[]
  /** When this instance sent the decision to a browser, epoch milliseconds. */
  readonly sentAt: number | null
  /** False: without the state of the decision and the properties of the event, which are for operators. */
  readonly isWhole: boolean
}

export function explained(found: FoundDecision, { rules, sentAt, isWhole }: ExplanationOptions): Explanation {
  const { decision, storedAt, shownAt, clickedAt } = found
  const { trace = null, ...said } = decision
  const { decisionId, rule, userId, suppressed, arm } = decision
  const answers = answersOf(decision)
  const title = rules.find((one) => one.rule === rule)?.title ?? rule
  const experiment = EXPERIMENTS.find((one) => one.decision === rule)?.name ?? null
  const cause = causeOf(found, isWhole)
  const arrivedAt = timeOf(trace?.arrivedAt)
  const decidedAt = timeOf(trace?.decidedAt)
  return {
    decisionId,
    rule,
    title,
    userId,
    outcome: suppressed === null ? 'delivered' : 'suppressed',
    why: inWords({ decision, trace, title, experiment, answers, cause }),
    cause,
    state: { read: kept(trace?.state, isWhole), written: kept(trace?.written, isWhole) },
    rules: answers,
    arm,
    experiment,
    suppressed: suppressed === null ? null : { reason: suppressed, meaning: meaningOf(suppressed) },
    decision: said,
    tier: trace?.tier ?? null,
    times: {
      decided: iso(decision.at)!,
      validUntil: iso(decision.validUntil)!,
      heldFrom: iso(timeOf(trace?.heldAt)),
      heldUntil: iso(timeOf(trace?.heldUntil)),
      arrival: iso(arrivedAt),
      process: iso(decidedAt),
      judge: iso(timeOf(trace?.judgedAt)),
      commit: iso(storedAt)!,
      deliver: iso(sentAt),
      render: iso(shownAt),
      click: iso(clickedAt),
    },
    waits: {
      wait: between(arrivedAt, decidedAt),
      process: between(decidedAt, storedAt),
      deliver: between(storedAt, sentAt),
      render: between(storedAt, shownAt),
    },
    record: { topic: found.topic, partition: found.partition, offset: found.offset },
    traceparent: found.traceparent,
  }
}

function causeOf({ decision: { trace, subject }, event }: FoundDecision, isWhole: boolean): Explanation['cause'] {
  if (!trace) return { kind: 'unknown', at: null, event: null }
  const { cause: kind, causeAt, partition, offset } = trace
  const activity = event === null || isWhole ? event : { ...event, properties: null }
  const at = iso(timeOf(causeAt))
  if (kind === 'event') {
    return { kind, at, event: { id: trace.eventId ?? '', type: trace.eventType, partition, offset, activity } }
  }
  const about = { id: subject, type: activity?.type ?? null, partition: null, offset: null, activity }
  return { kind, at, event: activity === null ? null : about }
}

/** Every rule, in its order. */
function answersOf({ trace, suppressed }: Recommendation): RuleAnswer[] {
  const said = trace?.rules ? (JSON.parse(trace.rules) as RuleAnswers) : {}
  const isUnknown = !trace || trace.rules === '{}'
  let isOver = false
  return AROUND_RULES.map(({ name: rule }) => {
    const { answer, ...figures } = said[rule] ?? {}
    if (answer !== undefined) {
      isOver ||= answer === suppressed || answer === 'held'
      return { rule, answer: String(answer), figures }
    }
    if (isUnknown) return { rule, answer: 'unknown', figures: {} }
    if (isOver) return { rule, answer: 'not-asked', figures: {} }
    return { rule, answer: rule === 'expired' ? 'passed' : 'does-not-apply', figures: {} }
  })
}

function kept(text: string | null | undefined, isWhole: boolean): KeptState {
  if (!isWhole || text === null || text === undefined) return { value: null, cut: null }
  try {
    return { value: JSON.parse(text), cut: null }
  } catch {
    return { value: null, cut: text }
  }
}

function meaningOf(reason: string): string {
  return SUPPRESSION_REASONS[reason as keyof typeof SUPPRESSION_REASONS] ?? reason
}

function timeOf(ms: number | undefined): number | null {
  return ms === undefined || ms < 0 ? null : ms
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

function between(fromMs: number | null, toMs: number | null): number | null {
  return fromMs === null || toMs === null ? null : Math.max(0, toMs - fromMs)
}
