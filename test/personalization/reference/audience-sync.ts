/**
 * Members of an audience at each multiple of four hours since the epoch, events at the boundary included: known users whose
 * purchases less cancellations of the trailing days reach the threshold. A decision is a change since the boundary before.
 */
import type { UserActivity } from '../../../lib/personalization/records/activity.js'
import { amountMicros, DAY_MS, eventsByUser, HOUR_MS, latestAt, type ReferenceDecision } from './plain.js'

export interface SpendingAudience {
  readonly name: string
  /** Trailing time; an event exactly this old is outside. */
  readonly trailingMs: number
  readonly thresholdMicros: number
}

const WEEKLY_200: SpendingAudience = { name: 'weekly-200', trailingMs: 7 * DAY_MS, thresholdMicros: 200_000_000 }

export function referenceAudienceSync(
  events: readonly UserActivity[],
  { name, trailingMs, thresholdMicros }: SpendingAudience = WEEKLY_200,
  everyMs = 4 * HOUR_MS,
): ReferenceDecision[] {
  const known = events.filter(({ userId }) => userId !== null)
  const lastMs = boundaryOf(latestAt(events), everyMs)
  const found: ReferenceDecision[] = []
  for (const [userId, own] of eventsByUser(known, ['purchase', 'cancellation'])) {
    let wasMember = false
    for (let boundaryMs = boundaryOf(own[0]!.at, everyMs); boundaryMs <= lastMs; boundaryMs += everyMs) {
      let total = 0
      for (const event of own) {
        if (event.at > boundaryMs - trailingMs && event.at <= boundaryMs) total += amountMicros(event)
      }
      const isMember = total >= thresholdMicros
      if (isMember !== wasMember) {
        const subject = `${name}/${new Date(boundaryMs).toISOString()}/${userId}`
        found.push({ rule: `audience-sync-${isMember ? 'added' : 'removed'}`, userId, subject, at: boundaryMs })
      }
      wasMember = isMember
    }
  }
  return found
}

/** The boundary at which an event first counts: the next one, or the one it stands on. */
function boundaryOf(atMs: number, everyMs: number): number {
  return Math.ceil(atMs / everyMs) * everyMs
}
