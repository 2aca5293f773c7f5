/** What the steps of a user's decisions need, and what comes out of them. */
import type { SharedModel } from '../../recommender/model.js'
import type { UserActivity } from '../../records/activity.js'
import type { Campaign } from '../../records/campaign.js'
import type { Recommendation } from '../../records/recommendation.js'
import type { TierDecisions } from '../decision-table.js'
import type { DecidedFields } from '../turn.js'
import type { StepCauseParts } from './step-cause.js'
import type { UserEntry } from './user-entry.js'

/** What comes out of the steps. */
export interface Decided {
  readonly recommendation: Recommendation
  readonly pace: DecidedFields['pace']
}

/** What the steps need of the task. */
export interface DecisionStepsParts extends StepCauseParts {
  readonly decisions: TierDecisions
  /** How far behind stream time an event may arrive, milliseconds. */
  readonly graceMs: number
  readonly model: SharedModel
  readonly campaigns: () => readonly Campaign[]
  /** Joins a visitor to the user when the turn of an `identify` has come that waited for it. */
  readonly identified: (activity: UserActivity, entry: UserEntry) => void
}

/**
 * Which decisions get an event. `all`: each that reads it. In an input whose visitors become users, the owner of a visitor's event is
 * certain only when its turn comes. `visitor`: those about single events at once, all others then; `user`: those others.
 */
export type EventShare = 'all' | 'visitor' | 'user'
