/** Cart abandonment: one open cart a user; whatever the user does moves its deadline; a purchase or a removal closes it. */
import { durationSetting } from '../config/duration.js'
import { defineDecision } from '../frame/define-decision.js'
import { fields, list, packed, text } from '../frame/packed/packed.js'

/** An open cart. */
interface Cart {
  /** Id of the event that opened it: the subject. */
  readonly openedBy: string
  /** Items put in, the first one first, each once, at most `MAX_ITEMS`. */
  readonly items: readonly string[]
}

/** Items of a cart that are remembered for the decision. */
const MAX_ITEMS = 20

export const cartAbandonment = defineDecision({
  name: 'cart-abandonment',
  title: 'Cart abandonment',
  within: '1m',
  channel: 'push',
  validFor: '1d',
  reads: 'all',
  subject: 'event',
  settings: { abandonAfter: '5m' },
  prepare: ({ abandonAfter }) => ({ abandonAfterMs: durationSetting(abandonAfter, 'abandonAfter') }),
  state: { initial: null, serde: packed<Cart | null>(fields<Cart>({ openedBy: text, items: list(text) }) as never) },
  onEvent(held: Cart | null, event, turn) {
    if (event.type === 'purchase' || event.type === 'remove') {
      turn.wakeAt(null)
      return null
    }
    if (held === null && event.type !== 'cart') return undefined
    turn.wakeAt(event.at + turn.settings.abandonAfterMs)
    if (event.type !== 'cart') return undefined
    const { openedBy, items } = held ?? { openedBy: event.eventId, items: [] }
    const isNew = event.itemId !== null && !items.includes(event.itemId) && items.length < MAX_ITEMS
    return { openedBy, items: isNew ? [...items, event.itemId!] : items }
  },
  onTimer(held: Cart | null, _atMs, turn) {
    if (held === null) return undefined
    const { openedBy, items } = held
    turn.decide({ subject: openedBy, items, becauseOf: items.at(-1) ?? null, reason: 'no activity since' })
    return null
  },
  /** What the visitor put in joins the cart of the user, which stays the same cart. */
  merge(known: Cart | null, visitor: Cart | null) {
    if (known === null || visitor === null) return known ?? visitor
    const { openedBy, items } = known
    return { openedBy, items: [...new Set([...items, ...visitor.items])].slice(0, MAX_ITEMS) }
  },
})
