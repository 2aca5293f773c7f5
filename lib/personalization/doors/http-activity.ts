/** A click as the page sends it, and the activity made from it. The shop sets time, price and category itself. */
import { type ActivityType, activityOf, activityProblem, type UserActivity } from '../records/activity.js'
import { type Catalogue, CURRENCY } from '../shop/catalogue.js'
import { userIdProblem } from './ticket.js'

/** What a browser may say; Fastify checks it by `CLICK_SCHEMA` first. */
export interface Click {
  /** Chosen by the browser, kept when it sends the click again: the event id. */
  readonly id: string
  readonly user: string
  readonly session: string
  readonly type: Extract<ActivityType, 'view' | 'search' | 'cart' | 'remove' | 'purchase'>
  readonly itemId?: string
  readonly query?: string
  readonly quantity?: number
}

export const CLICK_SCHEMA = {
  type: 'object',
  required: ['id', 'user', 'session', 'type'],
  additionalProperties: false,
  properties: {
    id: { type: 'string', pattern: '^[A-Za-z0-9_-]{8,64}$' },
    user: { type: 'string', minLength: 1, maxLength: 80 },
    session: { type: 'string', pattern: '^[A-Za-z0-9_-]{4,64}$' },
    type: { enum: ['view', 'search', 'cart', 'remove', 'purchase'] },
    itemId: { type: 'string', minLength: 1, maxLength: 80 },
    query: { type: 'string', minLength: 1, maxLength: 200 },
    quantity: { type: 'integer', minimum: 1, maximum: 99 },
  },
} as const

/** The activity, timed by this server, priced by the catalogue; or why there is none. */
export function activityOfClick(click: Click, catalogue: Catalogue, nowMs: number): UserActivity | { problem: string } {
  const problem = userIdProblem(click.user)
  if (problem !== null) return { problem }
  const product = click.itemId === undefined ? undefined : catalogue.byId.get(click.itemId)
  const activity = activityOf({
    eventId: click.id,
    userId: click.user,
    type: click.type,
    at: nowMs,
    source: 'page',
    sessionId: click.session,
    itemId: click.itemId ?? null,
    query: click.query ?? null,
    quantity: click.quantity ?? 1,
    unitPriceMicros: product?.unitPriceMicros ?? null,
    currency: product === undefined ? null : CURRENCY,
    category: product?.category ?? null,
    brand: product?.brand ?? null,
  })
  const wrong = activityProblem(activity)
  return wrong === null ? activity : { problem: wrong }
}
