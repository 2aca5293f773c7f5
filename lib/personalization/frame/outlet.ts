/** Where the decisions of a task leave: judged and delivered in the live application, or as proposals of a slower tier. */
import type { StreamRecord } from '../../index.js'
import { ALREADY_TOLD, judge } from '../around/index.js'
import type { AroundConfig } from '../around/rule.js'
import { type AroundState, isObserved, mergeAround, observe } from '../around/state.js'
import { decodeAround, encodeAround } from '../around/state-bytes.js'
import type { UserActivity } from '../records/activity.js'
import { decidedRecord } from '../records/decided-record.js'
import { decisionHash } from '../records/decision-id.js'
import { noteAnswers, noteHold, type RuleAnswers, type TraceOptions } from '../records/decision-trace.js'
import type { Recommendation } from '../records/recommendation.js'
import type { DecisionTable } from './decision-table.js'
import { isTold, mergeTold, noteTold } from './identity/told.js'
import { CHUNK, type UserEntry } from './user/user-entry.js'

/** A decision on its way out. */
export interface Leaving {
  readonly decision: Recommendation
  /** When the broker stored the event that led here, epoch milliseconds; -1: no single event did. */
  readonly triggeredAt: number
  /** Event time at which it would be delivered: its own, or the end of a hold. */
  readonly atMs: number
  /**
   * The subject without the user, if the decision comes from elsewhere: a slower tier, a hold, or a visitor who is the user. Then the
   * user may have been told of it by another decision. Null: this tier has just decided it.
   */
  readonly subject: string | null
}

/** Takes the decisions of one user, and what the user does. They may change the user's entry. */
export interface Outlet {
  /** Whether the rules around the decisions look at an activity. */
  observes(activity: UserActivity): boolean
  /** Takes such an activity, before the decisions about it. */
  observe(activity: UserActivity, entry: UserEntry): void
  decided(leaving: Leaving, entry: UserEntry): void
  /** A decision that waits for its place. */
  queued(decision: Recommendation, entry: UserEntry): void
  /** The visitor with an entry is the user. `both`: subjects, as hashes, that decisions of this tier have told both of. */
  merge(known: UserEntry, visitor: UserEntry, both: readonly number[]): void
}

/** What an outlet writes to. */
export interface OutletTargets {
  readonly forward: (record: StreamRecord<string, Recommendation>) => void
  /** Keeps a decision until a later time, when it is to be decided about again. */
  readonly hold: (decision: Recommendation, untilMs: number) => void
  /** The wall clock. */
  readonly wallMs: () => number
}

/** Forwards every decision as it is. */
export function forwardingOutlet({ forward }: OutletTargets): Outlet {
  return {
    observes: () => false,
    observe() {},
    decided: ({ decision, triggeredAt }) => forward(decidedRecord(decision, triggeredAt)),
    queued() {},
    merge() {},
  }
}

/** Asks the rules around the decisions. What they suppress is forwarded with the reason. */
export function judgingOutlet(
  config: AroundConfig,
  table: DecisionTable,
  trace: TraceOptions,
  { forward, hold, wallMs }: OutletTargets,
): Outlet {
  const noted = (decision: Recommendation, about: string, entry: UserEntry) => {
    const rules = table.ofRule(decision.rule)?.decision
    if (rules?.subject === 'user') noteTold(entry, decisionHash(decision.rule, about), decision, rules.keepForMs)
  }
  const verdictOf = ({ decision, atMs, subject }: Leaving, state: AroundState, entry: UserEntry) => {
    const answers: RuleAnswers = {}
    const isKnown = subject !== null && isTold(entry, decisionHash(decision.rule, subject), decision)
    const mayBeEmpty = table.ofRule(decision.rule)?.decision.mayBeEmpty ?? false
    const verdict = isKnown ? ALREADY_TOLD : judge(decision, state, config, atMs, mayBeEmpty, answers)
    noteAnswers(decision, answers, wallMs(), trace)
    return verdict
  }
  return {
    observes: (activity) => isObserved(activity, config),
    observe(activity, entry) {
      const before = decodeAround(entry.get(CHUNK.around) ?? null)
      const after = observe(before, activity, config)
      if (after !== before) entry.set(CHUNK.around, encodeAround(after))
    },
    decided(leaving, entry) {
      const { decision, triggeredAt, subject } = leaving
      const state = decodeAround(entry.get(CHUNK.around) ?? null)
      const verdict = verdictOf(leaving, state, entry)
      if (verdict.kind === 'suppress') {
        forward(decidedRecord({ ...decision, suppressed: verdict.reason }, triggeredAt))
        return
      }
      if (subject !== null || verdict.kind === 'hold') noted(decision, subject ?? subjectOf(decision), entry)
      if (verdict.kind === 'hold') {
        noteHold(decision, leaving.atMs, verdict.untilMs)
        hold(decision, verdict.untilMs)
      } else {
        if (verdict.state !== state) entry.set(CHUNK.around, encodeAround(verdict.state))
        forward(decidedRecord(verdict.decision, triggeredAt))
      }
    },
    queued: (decision, entry) => noted(decision, subjectOf(decision), entry),
    merge(known, visitor, both) {
      mergeTold(known, visitor, both)
      const other = visitor.get(CHUNK.around)
      if (other === undefined) return
      const own = decodeAround(known.get(CHUNK.around) ?? null)
      known.set(CHUNK.around, encodeAround(mergeAround(own, decodeAround(other), config)))
    },
  }
}

/** The subject without the user. */
export function subjectOf({ subject, userId }: Recommendation): string {
  return subject.endsWith(`/${userId}`) ? subject.slice(0, -userId.length - 1) : subject
}
