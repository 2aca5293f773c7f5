/**
 * Three errors of a user within ten minutes: priority until half an hour after the latest error, then normal, and counting
 * begins anew.
 */
import type { UserActivity } from '../../../lib/personalization/records/activity.js'
import { eventsByUser, MINUTE_MS, type ReferenceDecision } from './plain.js'

export interface RoutingTimes {
  readonly errors?: number
  /** From the first of the errors to the last, inclusive. */
  readonly errorsWithinMs?: number
  /** Since the latest error; an error at its very end still extends it. */
  readonly priorityForMs?: number
}

export function referenceServiceRouting(
  events: readonly UserActivity[],
  times: RoutingTimes = {},
): ReferenceDecision[] {
  const { errors: needed = 3, errorsWithinMs = 10 * MINUTE_MS, priorityForMs = 30 * MINUTE_MS } = times
  const found: ReferenceDecision[] = []
  for (const [userId, own] of eventsByUser(events, ['error'])) {
    let countedFrom = 0
    for (let i = 0; i < own.length; i++) {
      const first = i - needed + 1
      if (first < countedFrom || own[i]!.at - own[first]!.at > errorsWithinMs) continue
      let latest = i
      while (latest + 1 < own.length && own[latest + 1]!.at - own[latest]!.at <= priorityForMs) latest++
      const { eventId: subject, at } = own[i]!
      found.push({ rule: 'service-routing-priority', userId, subject, at })
      found.push({ rule: 'service-routing-normal', userId, subject, at: own[latest]!.at + priorityForMs })
      i = latest
      countedFrom = latest + 1
    }
  }
  return found
}
