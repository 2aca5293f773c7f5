/** One open cart a user. Any activity moves the deadline, on which an event is in time; a purchase or removal closes the cart. */
import type { UserActivity } from '../../../lib/personalization/records/activity.js'
import { eventsByUser, MINUTE_MS, type ReferenceDecision } from './plain.js'

export function referenceCartAbandonment(
  events: readonly UserActivity[],
  abandonAfterMs = 5 * MINUTE_MS,
): ReferenceDecision[] {
  return [...eventsByUser(events)].flatMap(([userId, own]) =>
    own.flatMap(({ type, eventId }, i) => {
      if (type !== 'cart' || isOpenBefore(own, i, abandonAfterMs)) return []
      const at = abandonedAt(own, i, abandonAfterMs)
      return at === null ? [] : [{ rule: 'cart-abandonment', userId, subject: eventId, at }]
    }),
  )
}

/** Back to the last cart event, if no closing event and no gap above the deadline stands between. */
function isOpenBefore(own: readonly UserActivity[], i: number, abandonAfterMs: number): boolean {
  for (let before = i - 1; before >= 0; before--) {
    if (own[before + 1]!.at - own[before]!.at > abandonAfterMs || closesCart(own[before]!)) return false
    if (own[before]!.type === 'cart') return true
  }
  return false
}

/** On to the first gap above the deadline; the end of the input is one. Null if a closing event comes first. */
function abandonedAt(own: readonly UserActivity[], opener: number, abandonAfterMs: number): number | null {
  for (let last = opener; ; last++) {
    const next = own[last + 1]
    if (next === undefined || next.at - own[last]!.at > abandonAfterMs) return own[last]!.at + abandonAfterMs
    if (closesCart(next)) return null
  }
}

function closesCart({ type }: UserActivity): boolean {
  return type === 'purchase' || type === 'remove'
}
