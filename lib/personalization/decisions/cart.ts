/**
 * Cart abandonment as a pure state machine, one state per user: no clock, no timer, plain JSON.
 *
 * The answer must not depend on the order in which events arrive inside the grace period. So events wait until the
 * stream has moved on by the grace period, when none can come before them any more, and are then applied in event-time
 * order, the timer among them: the machine lives at `streamTime - grace`, and an abandonment is known that much later.
 */
import type { ActivityType, UserActivity } from '../records/activity.js'

export interface CartOptions {
  /** Idle event time after which an open cart is abandoned, in milliseconds. */
  readonly abandonAfterMs: number
  /** How far behind stream time an event may arrive, in milliseconds; the same as the topology's limit for late events. */
  readonly graceMs: number
}

/** An event on its way: all that the rule needs of it. */
export interface CartEvent {
  readonly eventId: string
  readonly type: ActivityType
  readonly at: number
  readonly itemId: string | null
}

export interface OpenCart {
  /** Id of the event that opened the cart: the subject of the decision. */
  readonly openedBy: string
  readonly openedAt: number
  readonly lastActivityAt: number
  /** Items put in, first first, each once, at most `MAX_CART_ITEMS`. */
  readonly items: readonly string[]
}

/** Start from `NO_CART`; a state equal to it need not be stored. */
export interface CartState {
  /** Events not applied yet, in the order of `beforeInTime`. */
  readonly waiting: readonly CartEvent[]
  readonly open: OpenCart | null
}

export interface AbandonedCart {
  readonly openedBy: string
  readonly openedAt: number
  /** The deadline that passed, epoch milliseconds of event time: the decision's own time. */
  readonly abandonedAt: number
  readonly items: readonly string[]
}

export interface CartStep {
  readonly state: CartState
  readonly abandoned: readonly AbandonedCart[]
}

export const NO_CART: CartState = { waiting: [], open: null }

/** Items of a cart that are remembered for the decision. */
const MAX_CART_ITEMS = 20

/** Stream time that lets everything happen: what the end of the input sets. */
export const END_OF_TIME = Number.POSITIVE_INFINITY

/**
 * Takes in one event at `streamTimeMs` (the highest event time seen, this event's included) and lets everything happen
 * that is certain by then. The caller has dropped duplicates, and events older than `streamTimeMs - graceMs`.
 */
export function cartEvent(
  state: CartState,
  activity: UserActivity,
  streamTimeMs: number,
  options: CartOptions,
): CartStep {
  const event: CartEvent = {
    eventId: activity.eventId,
    type: activity.type,
    at: activity.at,
    itemId: activity.itemId,
  }
  const waiting = state.waiting.slice()
  let place = waiting.length
  while (place > 0 && beforeInTime(event, waiting[place - 1]!)) place--
  waiting.splice(place, 0, event)
  for (const near of [place + 1, place, place - 1]) {
    if (decidesNothing(waiting, near, options)) waiting.splice(near, 1)
  }
  return cartTime({ waiting, open: state.open }, streamTimeMs, options)
}

/**
 * True of a mere view between two events that no deadline parts: with it or without it, whatever else comes between them,
 * an open cart reaches the later one. So the state of a user does not grow with the number of views.
 */
function decidesNothing(waiting: readonly CartEvent[], place: number, { abandonAfterMs }: CartOptions): boolean {
  const [before, event, after] = [waiting[place - 1], waiting[place], waiting[place + 1]]
  if (before === undefined || event === undefined || after === undefined) return false
  const isMere = event.type !== 'cart' && event.type !== 'purchase' && event.type !== 'remove'
  return isMere && after.at - before.at <= abandonAfterMs
}

/** Time moved on without an event of this user: a punctuation, an idle timeout, or `END_OF_TIME`. */
export function cartTime(state: CartState, streamTimeMs: number, options: CartOptions): CartStep {
  const certainBeforeMs = streamTimeMs - options.graceMs
  const abandoned: AbandonedCart[] = []
  let open = state.open
  let applied = 0
  while (applied < state.waiting.length && state.waiting[applied]!.at < certainBeforeMs) {
    const event = state.waiting[applied++]!
    if (open !== null && event.at > deadline(open, options)) {
      abandoned.push(abandon(open, options))
      open = null
    }
    open = afterEvent(open, event)
  }
  if (open !== null && deadline(open, options) < certainBeforeMs) {
    abandoned.push(abandon(open, options))
    open = null
  }
  if (applied === 0 && open === state.open) return { state, abandoned }
  const waiting = state.waiting.slice(applied)
  return { state: waiting.length === 0 && open === null ? NO_CART : { waiting, open }, abandoned }
}

/**
 * The earliest stream time at which a cart of this state could be found abandoned, or undefined where none could: when to
 * call `cartTime` unless an event of the user comes first. Early at worst, never late.
 */
export function cartDueAt(state: CartState, options: CartOptions): number | undefined {
  const since = state.open?.lastActivityAt ?? state.waiting.find((event) => event.type === 'cart')?.at
  return since === undefined ? undefined : since + options.abandonAfterMs + options.graceMs + 1
}

function afterEvent(open: OpenCart | null, event: CartEvent): OpenCart | null {
  if (event.type === 'purchase' || event.type === 'remove') return null
  if (event.type === 'cart') {
    const items = open?.items ?? []
    const isNew = event.itemId !== null && !items.includes(event.itemId) && items.length < MAX_CART_ITEMS
    return {
      openedBy: open?.openedBy ?? event.eventId,
      openedAt: open?.openedAt ?? event.at,
      lastActivityAt: event.at,
      items: isNew ? [...items, event.itemId!] : items,
    }
  }
  if (open === null) return null
  return { openedBy: open.openedBy, openedAt: open.openedAt, lastActivityAt: event.at, items: open.items }
}

/** An event at this very time is still in time. */
function deadline(open: OpenCart, options: CartOptions): number {
  return open.lastActivityAt + options.abandonAfterMs
}

function abandon(open: OpenCart, options: CartOptions): AbandonedCart {
  const { openedBy, openedAt, items } = open
  return { openedBy, openedAt, items, abandonedAt: deadline(open, options) }
}

/**
 * Order of events of one user: by time, then by id, where numbers count as numbers (shorter first), so that rows of one
 * second stand as in their file. A total order over distinct ids, whatever order they arrive in.
 */
export function beforeInTime(a: CartEvent, b: CartEvent): boolean {
  if (a.at !== b.at) return a.at < b.at
  if (a.eventId.length !== b.eventId.length) return a.eventId.length < b.eventId.length
  return a.eventId < b.eventId
}
