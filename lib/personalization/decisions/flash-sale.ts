/** Flash sale: a campaign tells everybody who is interested at its start, and whoever becomes interested until its end. */
import { durationSetting } from '../config/duration.js'
import { defineDecision } from '../frame/define-decision.js'
import { fields, flag, integer, list, nullable, packed, text } from '../frame/packed/packed.js'
import type { DecidedFields, Turn } from '../frame/turn.js'
import type { Campaign } from '../records/campaign.js'

/** The latest event of a user about one item. */
interface Touch {
  readonly itemId: string | null
  readonly category: string | null
  readonly at: number
  /** A purchase; otherwise a view or a cart. */
  readonly bought: boolean
}

/** Items of a user that are remembered; the one not touched for longest goes first. */
const MAX_TOUCHES = 200
const NO_TOUCHES: readonly Touch[] = []

export const flashSale = defineDecision({
  name: 'flash-sale',
  title: 'Flash sale',
  within: '1m',
  channel: 'email',
  validFor: '1h',
  reads: ['view', 'cart', 'purchase'],
  keepFor: '365d',
  settings: { interestedFor: '24h' },
  prepare: ({ interestedFor }) => ({ interestedForMs: durationSetting(interestedFor, 'interestedFor') }),
  state: {
    initial: NO_TOUCHES,
    serde: packed(list(fields<Touch>({ itemId: nullable(text), category: nullable(text), at: integer, bought: flag }))),
  },
  onEvent(touches: readonly Touch[], event, turn) {
    const { itemId, category, at } = event
    const touch = { itemId, category, at, bought: event.type === 'purchase' }
    const others = touches.filter(
      (one) =>
        at - one.at < turn.settings.interestedForMs &&
        (one.itemId !== itemId || one.category !== category || one.bought !== touch.bought),
    )
    const held = [...others.slice(1 - MAX_TOUCHES), touch]
    if (touch.bought) return held
    for (const campaign of turn.campaigns) {
      if (!matches(campaign, touch) || at >= campaign.endMs) continue
      if (at <= campaign.startMs) turn.wakeAt(campaign.startMs, campaign.id)
      else turn.decide(told(campaign, touch, at))
    }
    return held
  },
  onTimer(touches: readonly Touch[], atMs, turn, campaignId) {
    const campaign = turn.campaigns.find(({ id }) => id === campaignId)
    if (campaign?.startMs === atMs) tellIfInterested(touches, campaign, atMs, turn)
    return undefined
  },
  onCampaign(touches: readonly Touch[], campaign, turn) {
    if (turn.nowMs > campaign.startMs) tellIfInterested(touches, campaign, turn.nowMs, turn)
    else if (touches.some((touch) => matches(campaign, touch))) turn.wakeAt(campaign.startMs, campaign.id)
    return undefined
  },
  /** Of events at one time, those of the visitor come first. */
  merge(known: readonly Touch[], visitor: readonly Touch[]) {
    return [...visitor, ...known].sort((a, b) => a.at - b.at).slice(-MAX_TOUCHES)
  },
})

/** Interested: the latest event about the campaign is no purchase, and is not too old. */
function tellIfInterested(
  touches: readonly Touch[],
  campaign: Campaign,
  nowMs: number,
  turn: Turn<{ readonly interestedForMs: number }>,
): void {
  const latest = touches.findLast((touch) => touch.at <= nowMs && matches(campaign, touch))
  if (latest === undefined || latest.bought || nowMs - latest.at >= turn.settings.interestedForMs) return
  turn.decide(told(campaign, latest, nowMs))
}

function matches({ categories, items }: Campaign, { category, itemId }: Touch): boolean {
  return (category !== null && categories.includes(category)) || (itemId !== null && items.includes(itemId))
}

function told({ id, title, perSecond }: Campaign, { itemId, at: orderMs }: Touch, at: number): DecidedFields {
  return {
    subject: id,
    at,
    title,
    becauseOf: itemId,
    items: itemId === null ? [] : [itemId],
    reason: 'interested in the last 24 hours',
    pace: { key: id, perSecond, orderMs },
  }
}
