/**
 * A view of the third distinct item of one category in one session, with no purchase of that category in that session before:
 * once per user, session and category.
 */
import { sessionOf, type UserActivity } from '../../../lib/personalization/records/activity.js'
import { eventsByUser, type ReferenceDecision } from './plain.js'

export function referenceUpsell(events: readonly UserActivity[], distinctItems = 3): ReferenceDecision[] {
  return [...eventsByUser(events, ['view', 'purchase'])].flatMap(([userId, own]) =>
    own.flatMap((view, i) => {
      if (view.type !== 'view' || view.category === null) return []
      const session = sessionOf(view)
      const before = own.slice(0, i).filter((one) => one.category === view.category && sessionOf(one) === session)
      const viewed = new Set(before.filter(({ type }) => type === 'view').map(({ itemId }) => itemId))
      const hasBought = before.some(({ type }) => type === 'purchase')
      if (hasBought || viewed.has(view.itemId) || viewed.size !== distinctItems - 1) return []
      return [{ rule: 'upsell', userId, subject: `${session}/${view.category}/${userId}`, at: view.at }]
    }),
  )
}
