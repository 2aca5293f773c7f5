/**
 * The nine decisions once more, as plainly as they can be said: each file is one function from all admitted events of an input
 * to what must be decided. Nothing is kept between events, every question scans the events again. The tests of the streaming
 * decisions compare with these.
 */
import { type ActivityType, activityKey, type UserActivity } from '../../../lib/personalization/records/activity.js'

export const SECOND_MS = 1_000
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

/** What a decision record must say, in the record's own field names. */
export interface ReferenceDecision {
  /** As in the decision id: `upsell`, `spending-alert-withdrawn`, `audience-sync-added`. */
  readonly rule: string
  readonly userId: string
  /** As in the record, the user included if the subject is about the user. */
  readonly subject: string
  /** Event time of the decision, never the time at which it was found. */
  readonly at: number
}

/** The events of each user or anonymous visitor in order of time and id, of the types that are named (default: all). */
export function eventsByUser(
  events: readonly UserActivity[],
  types?: readonly ActivityType[],
): Map<string, UserActivity[]> {
  const byUser = new Map<string, UserActivity[]>()
  for (const event of [...events].sort(inTime)) {
    if (event.type === 'end_of_input' || (types !== undefined && !types.includes(event.type))) continue
    const userId = activityKey(event)
    const own = byUser.get(userId)
    if (own === undefined) byUser.set(userId, [event])
    else own.push(event)
  }
  return byUser
}

/** By time, then the shorter id, then the smaller id. */
export function inTime(a: UserActivity, b: UserActivity): number {
  if (a.at !== b.at) return a.at - b.at
  if (a.eventId.length !== b.eventId.length) return a.eventId.length - b.eventId.length
  return a.eventId < b.eventId ? -1 : a.eventId > b.eventId ? 1 : 0
}

/** What the end of the input carries: the highest event time of the whole input, whoever it is of. */
export function latestAt(events: readonly UserActivity[]): number {
  return events.reduce((latest, { at }) => Math.max(latest, at), Number.NEGATIVE_INFINITY)
}

/** What a purchase adds to a sum of money, and a cancellation takes from it, in micro-units. */
export function amountMicros({ type, unitPriceMicros, quantity }: UserActivity): number {
  return (type === 'cancellation' ? -1 : 1) * unitPriceMicros! * quantity
}

/** `2010-12-01`. */
export function utcDate(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10)
}

/** One sorted line for each decision, to compare a reference with the records of a run. */
export function decisionLines(decisions: readonly ReferenceDecision[]): string[] {
  return decisions.map(({ rule, userId, subject, at }) => `${rule} ${subject} of ${userId} at ${at}`).sort()
}
