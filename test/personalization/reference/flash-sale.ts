/**
 * A campaign is told at its start to whoever is interested then, and until its end (exclusive) to whoever becomes interested;
 * once per user. How many are told in a second changes neither who is told nor the decision's time.
 */
import type { UserActivity } from '../../../lib/personalization/records/activity.js'
import { eventsByUser, HOUR_MS, type ReferenceDecision } from './plain.js'

export interface ReferenceCampaign {
  readonly id: string
  readonly categories?: readonly string[]
  readonly items?: readonly string[]
  readonly startMs: number
  readonly endMs: number
}

export function referenceFlashSale(
  events: readonly UserActivity[],
  campaign: ReferenceCampaign,
  interestMs = 24 * HOUR_MS,
): ReferenceDecision[] {
  const { id, categories = [], items = [], startMs, endMs } = campaign
  const matching = events.filter(
    ({ category, itemId }) =>
      (category !== null && categories.includes(category)) || (itemId !== null && items.includes(itemId)),
  )
  return [...eventsByUser(matching, ['view', 'cart', 'purchase'])].flatMap(([userId, own]) => {
    const told = (at: number) => [{ rule: 'flash-sale', userId, subject: `${id}/${userId}`, at }]
    // An event on the start counts as before it; one exactly `interestMs` old no longer counts.
    const atStart = own.filter(({ at }) => at <= startMs)
    const isInterested = atStart.some(
      (event, i) =>
        event.type !== 'purchase' &&
        event.at > startMs - interestMs &&
        !atStart.slice(i + 1).some(({ type }) => type === 'purchase'),
    )
    if (isInterested) return startMs < endMs ? told(startMs) : []
    const becomes = own.find(({ type, at }) => type !== 'purchase' && at > startMs && at < endMs)
    return becomes === undefined ? [] : told(becomes.at)
  })
}
