/** Where the decisions of a task leave: judged and delivered in the live application, or as proposals of a slower tier. */
import type { StreamRecord } from '../../index.js'
import { judge } from '../around/index.js'
import type { AroundConfig } from '../around/rule.js'
import { isObserved, observe } from '../around/state.js'
import { decodeAround, encodeAround } from '../around/state-bytes.js'
import type { UserActivity } from '../records/activity.js'
import { decidedRecord } from '../records/decided-record.js'
import { noteAnswers, noteHold, type RuleAnswers, type TraceOptions } from '../records/decision-trace.js'
import type { Recommendation } from '../records/recommendation.js'
import type { DecisionTable } from './decision-table.js'
import { CHUNK, type UserEntry } from './user/user-entry.js'

/** A decision on its way out. */
export interface Leaving {
  readonly decision: Recommendation
  /** When the broker stored the event that led here, epoch milliseconds; -1: no single event did. */
  readonly triggeredAt: number
  /** Event time at which it would be delivered: its own, or the end of a hold. */
  readonly atMs: number
}

/** Takes the decisions of one user, and what the user does. They may change the user's entry. */
export interface Outlet {
  /** Whether the rules around the decisions look at an activity. */
  observes(activity: UserActivity): boolean
  /** Takes such an activity, before the decisions about it. */
  observe(activity: UserActivity, entry: UserEntry): void
  decided(leaving: Leaving, entry: UserEntry): void
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
  }
}

/** Asks the rules around the decisions. What they suppress is forwarded with the reason. */
export function judgingOutlet(
  config: AroundConfig,
  table: DecisionTable,
  trace: TraceOptions,
  { forward, hold, wallMs }: OutletTargets,
): Outlet {
  return {
    observes: (activity) => isObserved(activity, config),
    observe(activity, entry) {
      const before = decodeAround(entry.get(CHUNK.around) ?? null)
      const after = observe(before, activity, config)
      if (after !== before) entry.set(CHUNK.around, encodeAround(after))
    },
    decided({ decision, triggeredAt, atMs }, entry) {
      const state = decodeAround(entry.get(CHUNK.around) ?? null)
      const mayBeEmpty = table.ofRule(decision.rule)?.decision.mayBeEmpty ?? false
      const answers: RuleAnswers = {}
      const verdict = judge(decision, state, config, atMs, mayBeEmpty, answers)
      noteAnswers(decision, answers, wallMs(), trace)
      if (verdict.kind === 'hold') {
        noteHold(decision, atMs, verdict.untilMs)
        hold(decision, verdict.untilMs)
      } else if (verdict.kind === 'suppress') {
        forward(decidedRecord({ ...decision, suppressed: verdict.reason }, triggeredAt))
      } else {
        if (verdict.state !== state) entry.set(CHUNK.around, encodeAround(verdict.state))
        forward(decidedRecord(verdict.decision, triggeredAt))
      }
    },
  }
}
