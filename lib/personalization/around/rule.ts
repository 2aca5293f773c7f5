/** What a rule around the decisions gets and says. */
import type { Recommendation } from '../records/recommendation.js'
import type { BoughtOptions } from './already-bought.js'
import type { ConsentOptions } from './consent.js'
import type { FrequencyCap } from './frequency-caps.js'
import type { HoldOutOptions } from './hold-out.js'
import type { QuietHours } from './quiet-hours.js'
import type { AroundNote, SuppressionReason } from './reasons.js'
import type { AroundState } from './state.js'

/** The part of the configuration that the rules read. */
export interface AroundConfig {
  /** Who gets nothing. */
  readonly holdOut: HoldOutOptions
  /** What a channel is used for, and who has agreed to that. */
  readonly consent: ConsentOptions
  /** Null: bought items stay in the lists. */
  readonly excludeBought: BoughtOptions | null
  /** Null: there are none. */
  readonly quietHours: QuietHours | null
  /** Each of them holds. */
  readonly caps: readonly FrequencyCap[]
}

/** What the rules read of a decision. */
export type JudgedFields = Pick<Recommendation, 'userId' | 'channel' | 'validUntil' | 'items'>

/** What a rule is asked. */
export interface Judgement {
  readonly decision: JudgedFields
  readonly state: AroundState
  readonly config: AroundConfig
  /** Event time at which the decision would be delivered, epoch milliseconds. */
  readonly nowMs: number
  /** Whether an empty list of items is a decision too. */
  readonly mayBeEmpty: boolean
  /** What the rules did not know. */
  readonly notes: AroundNote[]
  /** A rule that applies puts its figures here, whatever it rules. */
  figures: Readonly<Record<string, unknown>> | null
}

/** What a rule says; null: nothing against the decision as it is. */
export type Ruling =
  | { readonly kind: 'items'; readonly items: readonly string[] }
  | { readonly kind: 'hold'; readonly untilMs: number }
  | { readonly kind: 'suppress'; readonly reason: SuppressionReason }

/** One rule. */
export interface AroundRule {
  readonly name: string
  judge(judgement: Judgement): Ruling | null
}
