/** One user action as a record of the `user-activity` topic, and the checks of every record. */

import { timesQuantity } from './money.js'

/** All activity types. `end_of_input` is the last record of the loader in a partition. `unknown` stands for a type of a newer version. */
export const ACTIVITY_TYPES = [
  'view',
  'search',
  'cart',
  'remove',
  'purchase',
  'cancellation',
  'adjustment',
  'end_of_input',
  'unknown',
] as const

/** What a user did. */
export type ActivityType = (typeof ACTIVITY_TYPES)[number]

/** Where an event came from: a file, the shop simulator, or a person on the page. */
export type ActivitySource = 'replay' | 'simulated' | 'page'

/** The value of a `user-activity` record; `schemas/user-activity.avsc` is the same in Avro. */
export interface UserActivity {
  /** Row number in a replay, running number of the simulator, client id for a click; '' where the producer gave none. */
  readonly eventId: string
  /** Null for a visitor nobody knows: counted as anonymous, subject of no spending alert. */
  readonly userId: string | null
  /** What the user did. */
  readonly type: ActivityType
  /** Event time, epoch milliseconds. */
  readonly at: number
  /** The item it is about. */
  readonly itemId: string | null
  /** The session of the visitor. */
  readonly sessionId: string | null
  /** Exact price of one piece in micro-units (2.55 is 2550000). */
  readonly unitPriceMicros: number | null
  /** ISO 4217. */
  readonly currency: string | null
  /** Pieces, positive; a cancellation's too. Only an adjustment of stock may be negative. */
  readonly quantity: number
  /** Category of the item. */
  readonly category: string | null
  /** Brand of the item. */
  readonly brand: string | null
  /** What was searched for. */
  readonly query: string | null
  /** Country of the user, ISO 3166. */
  readonly country: string | null
  /** Where the event comes from. */
  readonly source: ActivitySource
}

/** The fields of an event for {@link activityOf}. Fields that are omitted become null. */
export type ActivityFields = Pick<UserActivity, 'eventId' | 'type' | 'at' | 'source'> & Partial<UserActivity>

/** A complete event from its fields; `quantity` is 1 by default. */
export function activityOf(fields: ActivityFields): UserActivity {
  return {
    eventId: fields.eventId,
    userId: fields.userId ?? null,
    type: fields.type,
    at: fields.at,
    itemId: fields.itemId ?? null,
    sessionId: fields.sessionId ?? null,
    unitPriceMicros: fields.unitPriceMicros ?? null,
    currency: fields.currency ?? null,
    quantity: fields.quantity ?? 1,
    category: fields.category ?? null,
    brand: fields.brand ?? null,
    query: fields.query ?? null,
    country: fields.country ?? null,
    source: fields.source,
  }
}

/** The record key: the user, or the visitor's session under a prefix that no user id has. */
export function activityKey(activity: UserActivity): string {
  return activity.userId ?? `anonymous:${activity.sessionId ?? activity.eventId}`
}

/** The session an event belongs to for the recommender; a user without session ids has one session. */
export function sessionOf(activity: UserActivity): string {
  return activity.sessionId ?? activityKey(activity)
}

/** The loader's last record on a partition. `at` is the latest event time of the input; timers fire regardless of it. */
export function endOfInput(partition: number, atMs: number, source: ActivitySource = 'replay'): UserActivity {
  return activityOf({ eventId: `end-of-input-${partition}`, type: 'end_of_input', at: atMs, source })
}

/** Times before 2000 or after 2100 are units or clocks gone wrong. */
const EARLIEST_MS = 946_684_800_000
const LATEST_MS = 4_102_444_800_000
/** The longest id accepted: a decision, which carries up to four of them and its items, stays under 1 KB. */
const MAX_ID_BYTES = 80
const MAX_QUANTITY = 1_000_000

export interface ActivityLimits {
  /** Events later than this are rejected as clock skew (epoch milliseconds); live input passes now plus a tolerance. */
  readonly notAfterMs?: number
}

/** Why the activity must go to the dead letters, or null where it is fine. Words for a reader, never a payload. */
export function activityProblem(activity: UserActivity, limits: ActivityLimits = {}): string | null {
  if (activity.type === 'unknown') return 'unknown activity type'
  if (!Number.isSafeInteger(activity.at)) return 'time is not a whole number of milliseconds'
  if (activity.at < EARLIEST_MS || activity.at >= LATEST_MS) return 'time outside 2000 to 2100'
  if (activity.type === 'end_of_input') return null
  if (limits.notAfterMs !== undefined && activity.at > limits.notAfterMs) return 'time ahead of the clock'
  for (const name of ['eventId', 'userId', 'itemId', 'sessionId'] as const) {
    if (isTooLong(activity[name])) return `${name} longer than ${MAX_ID_BYTES} bytes`
  }
  if (activity.userId === '') return 'userId is empty'
  if (activity.type === 'search') return activity.query ? null : 'search without query'
  if (!activity.itemId) return `${activity.type} without itemId`
  return quantityProblem(activity) ?? priceProblem(activity)
}

/** A UTF-16 unit takes at most three bytes, so short ids are not counted byte by byte. */
function isTooLong(id: string | null): boolean {
  return id !== null && id.length * 3 > MAX_ID_BYTES && Buffer.byteLength(id) > MAX_ID_BYTES
}

function quantityProblem(activity: UserActivity): string | null {
  const { quantity, type } = activity
  if (!Number.isSafeInteger(quantity) || Math.abs(quantity) > MAX_QUANTITY) return `quantity not within ${MAX_QUANTITY}`
  return type === 'adjustment' || quantity > 0 ? null : 'quantity not positive'
}

function priceProblem(activity: UserActivity): string | null {
  const { unitPriceMicros, quantity, type } = activity
  if (unitPriceMicros === null) {
    return type === 'purchase' || type === 'cancellation' ? `${type} without price` : null
  }
  if (!Number.isSafeInteger(unitPriceMicros)) return 'price is not in whole micro-units'
  if (timesQuantity(unitPriceMicros, quantity) === undefined) return 'amount too large'
  return type === 'adjustment' || unitPriceMicros >= 0 ? null : 'price is negative'
}
