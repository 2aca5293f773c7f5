/** Upsell: a user looks at a third item of one category in one session, and has bought nothing of that category in it. */
import { defineDecision } from '../frame/define-decision.js'
import { fields, flag, integer, list, packed, text } from '../frame/packed/packed.js'
import { sessionOf } from '../records/activity.js'

/** What a user has looked at in one category of one session. */
interface Interest {
  readonly session: string
  readonly category: string
  /** Distinct items, at most {@link ITEMS}; more only if two people turned out to be one. */
  readonly items: readonly string[]
  /** Bought, or told already. */
  readonly closed: boolean
  /** The latest event, epoch milliseconds. */
  readonly lastAt: number
}

/** Distinct items that show an interest. */
const ITEMS = 3
/** Sessions and categories of a user that are remembered; the one not touched for longest goes first. */
const MAX_INTERESTS = 200
const NO_INTERESTS: readonly Interest[] = []

export const upsell = defineDecision({
  name: 'upsell',
  title: 'Upsell',
  within: '200ms',
  channel: 'page',
  validFor: '30m',
  reads: ['view', 'purchase'],
  keepFor: '365d',
  state: {
    initial: NO_INTERESTS,
    serde: packed(
      list(fields<Interest>({ session: text, category: text, items: list(text), closed: flag, lastAt: integer })),
    ),
  },
  onEvent(interests: readonly Interest[], event, turn) {
    const { category, itemId } = event
    if (category === null || itemId === null) return undefined
    const session = sessionOf(event)
    const held = interests.find((one) => one.session === session && one.category === category)
    if (held?.closed) return undefined
    const bought = event.type === 'purchase'
    const seen = held?.items ?? []
    const items = bought || seen.includes(itemId) ? seen : [...seen, itemId]
    const told = !bought && items.length >= ITEMS
    if (told) {
      turn.decide({
        subject: `${session}/${category}`,
        sessionId: event.sessionId,
        becauseOf: itemId,
        items,
        reason: `a third item of ${category}`,
      })
    }
    const closed = bought || told
    const latest = { session, category, items: closed ? [] : items, closed, lastAt: event.at }
    return [...interests.filter((one) => one !== held).slice(1 - MAX_INTERESTS), latest]
  },
  merge(known: readonly Interest[], visitor: readonly Interest[]) {
    const alone = visitor.filter((one) => !known.some((other) => isSame(one, other)))
    const united = known.map((one) =>
      joined(
        one,
        visitor.find((other) => isSame(one, other)),
      ),
    )
    return [...united, ...alone].sort((a, b) => a.lastAt - b.lastAt).slice(-MAX_INTERESTS)
  },
})

function isSame(one: Interest, other: Interest): boolean {
  return one.session === other.session && one.category === other.category
}

/** What two people who turn out to be one have looked at in one category of one session. */
function joined(one: Interest, other: Interest | undefined): Interest {
  if (other === undefined) return one
  const closed = one.closed || other.closed
  const items = closed ? [] : [...new Set([...one.items, ...other.items])]
  return { ...one, items, closed, lastAt: Math.max(one.lastAt, other.lastAt) }
}
