/**
 * The purchases of a known user reach the threshold on a UTC day: alerted at the purchase that reaches it. Withdrawn at the
 * close of the day if purchases less cancellations of that day are below the threshold.
 */
import type { UserActivity } from '../../../lib/personalization/records/activity.js'
import { amountMicros, DAY_MS, eventsByUser, type ReferenceDecision, utcDate } from './plain.js'

export function referenceSpendingAlert(
  events: readonly UserActivity[],
  thresholdMicros = 500_000_000,
): ReferenceDecision[] {
  const known = events.filter(({ userId }) => userId !== null)
  return [...eventsByUser(known, ['purchase', 'cancellation'])].flatMap(([userId, own]) => {
    const days = new Set(own.map(({ at }) => Math.floor(at / DAY_MS)))
    return [...days].flatMap((day) => {
      const ofDay = own.filter(({ at }) => Math.floor(at / DAY_MS) === day)
      const purchases = ofDay.filter(({ type }) => type === 'purchase')
      const reached = purchases.find((_, i) => sum(purchases.slice(0, i + 1)) >= thresholdMicros)
      if (reached === undefined) return []
      const subject = `${utcDate(day * DAY_MS)}/${userId}`
      const alert = { rule: 'spending-alert', userId, subject, at: reached.at }
      if (sum(ofDay) >= thresholdMicros) return [alert]
      return [alert, { rule: 'spending-alert-withdrawn', userId, subject, at: (day + 1) * DAY_MS }]
    })
  })
}

function sum(events: readonly UserActivity[]): number {
  return events.reduce((total, event) => total + amountMicros(event), 0)
}
