/**
 * Members of a segment at the close of each UTC day: known users with purchases on enough of the last days, today included. A
 * decision is a change since the close of the day before. An event at midnight is the new day's.
 */
import type { UserActivity } from '../../../lib/personalization/records/activity.js'
import { DAY_MS, eventsByUser, latestAt, type ReferenceDecision, utcDate } from './plain.js'

export interface PurchaseSegment {
  readonly name: string
  readonly lastDays: number
  readonly purchaseDays: number
}

const REPEAT_CUSTOMERS: PurchaseSegment = { name: 'repeat-customers', lastDays: 30, purchaseDays: 2 }

export function referenceDailySegments(
  events: readonly UserActivity[],
  { name, lastDays, purchaseDays }: PurchaseSegment = REPEAT_CUSTOMERS,
): ReferenceDecision[] {
  const known = events.filter(({ userId }) => userId !== null)
  const lastDay = Math.floor(latestAt(events) / DAY_MS)
  const found: ReferenceDecision[] = []
  for (const [userId, own] of eventsByUser(known, ['purchase'])) {
    const days = [...new Set(own.map(({ at }) => Math.floor(at / DAY_MS)))]
    let wasMember = false
    for (let day = days[0]!; day <= lastDay; day++) {
      const isMember = days.filter((one) => one > day - lastDays && one <= day).length >= purchaseDays
      if (isMember !== wasMember) {
        const subject = `${name}/${utcDate(day * DAY_MS)}/${userId}`
        const rule = `daily-segments-${isMember ? 'added' : 'removed'}`
        found.push({ rule, userId, subject, at: (day + 1) * DAY_MS })
      }
      wasMember = isMember
    }
  }
  return found
}
