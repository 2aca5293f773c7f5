/** What the rules around the decisions keep of one user, and how activity and merges change it. */
import type { UserActivity } from '../records/activity.js'
import { type BoughtItem, unitedPurchases } from './already-bought.js'
import { type Consent, latestConsents, mergedConsents } from './consent.js'
import { type Delivered, unitedDeliveries } from './frequency-caps.js'
import type { AroundConfig } from './rule.js'

/** The time zone that the latest activity names. It may not exist. */
export interface KnownZone {
  readonly name: string
  /** Event time, epoch milliseconds. */
  readonly at: number
}

/** One user. Values are never changed in place: the same object means the same state. */
export interface AroundState {
  /** One for each purpose, sorted by its name. */
  readonly consents: readonly Consent[]
  /** Null: none is known. */
  readonly zone: KnownZone | null
  /** One for each channel. */
  readonly delivered: readonly Delivered[]
  /** Ascending by time. */
  readonly bought: readonly BoughtItem[]
}

/** A user of whom nothing is known. */
export const INITIAL_AROUND: AroundState = Object.freeze({
  consents: Object.freeze([]),
  zone: null,
  delivered: Object.freeze([]),
  bought: Object.freeze([]),
})

/** Whether an activity can change the state: most cannot, so that theirs need not be decoded. */
export function isObserved({ type, itemId, timeZone }: UserActivity, { excludeBought }: AroundConfig): boolean {
  return timeZone !== null || type === 'consent' || (type === 'purchase' && itemId !== null && excludeBought !== null)
}

/** The state after an activity, whatever the order of arrival; the same object if the activity changes nothing. */
export function observe(state: AroundState, activity: UserActivity, config: AroundConfig): AroundState {
  if (!isObserved(activity, config)) return state
  const { type, at, itemId, timeZone, consent } = activity
  const zone = timeZone === null ? state.zone : laterZone(state.zone, { name: timeZone, at })
  const arrived = type === 'consent' ? Object.entries(consent ?? {}) : []
  const consents = latestConsents(
    state.consents,
    arrived.map(([purpose, granted]) => ({ purpose, granted, at })),
    config.consent,
  )
  const isBought = type === 'purchase' && itemId !== null && config.excludeBought !== null
  const bought = isBought ? unitedPurchases(state.bought, [{ itemId, at }], config.excludeBought) : state.bought
  const unchanged = zone === state.zone && consents === state.consents && bought === state.bought
  return unchanged ? state : { ...state, zone, consents, bought }
}

/** The state of a known user and of the anonymous visitor who turned out to be the same. */
export function mergeAround(known: AroundState, anonymous: AroundState, config: AroundConfig): AroundState {
  return {
    consents: mergedConsents(known.consents, anonymous.consents, config.consent),
    zone: anonymous.zone === null ? known.zone : laterZone(known.zone, anonymous.zone),
    delivered: unitedDeliveries(known.delivered, anonymous.delivered, config.caps),
    bought: unitedPurchases(known.bought, anonymous.bought, config.excludeBought),
  }
}

/** Of two zones at one time, the one whose name is later in the alphabet, in any order of arrival. */
function laterZone(held: KnownZone | null, arrived: KnownZone): KnownZone {
  if (held === null || arrived.at > held.at) return arrived
  return arrived.at === held.at && arrived.name > held.name ? arrived : held
}
