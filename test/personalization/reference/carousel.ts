/** Each view and each search: one decision, for anonymous visitors too. */
import type { UserActivity } from '../../../lib/personalization/records/activity.js'
import { eventsByUser, type ReferenceDecision } from './plain.js'

export function referenceCarousel(events: readonly UserActivity[]): ReferenceDecision[] {
  return [...eventsByUser(events, ['view', 'search'])].flatMap(([userId, own]) =>
    own.map(({ eventId, at }) => ({ rule: 'carousel', userId, subject: eventId, at })),
  )
}
