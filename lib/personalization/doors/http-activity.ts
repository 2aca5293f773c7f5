/** `POST /api/activity`: a click as the page sends it. The service sets time, price and category of its activity itself. */

import type { ItemCatalogue } from '../catalogue/item-catalogue.js'
import { type ActivityType, activityOf, activityProblem, type UserActivity } from '../records/activity.js'
import type { Door } from './door.js'
import { DoorError } from './errors.js'
import { userIdProblem } from './ticket.js'

/** What a browser may say; Fastify checks it by `CLICK_SCHEMA` first. */
interface Click {
  /** Chosen by the browser, kept when it sends the click again: the event id. */
  readonly id: string
  readonly user: string
  readonly session: string
  readonly type: (typeof CLICK_TYPES)[number]
  readonly itemId?: string
  readonly query?: string
  readonly quantity?: number
  readonly decisionId?: string
  readonly videoId?: string
  readonly positionMs?: number
  readonly seekToMs?: number
}

const CLICK_TYPES = [
  'view',
  'search',
  'cart',
  'remove',
  'purchase',
  'impression',
  'click',
  'video_play',
  'video_pause',
  'video_resume',
  'video_seek',
  'video_progress',
  'video_complete',
] as const satisfies readonly ActivityType[]

const CLICK_SCHEMA = {
  type: 'object',
  required: ['id', 'user', 'session', 'type'],
  additionalProperties: false,
  properties: {
    id: { type: 'string', pattern: '^[A-Za-z0-9_-]{8,64}$' },
    user: { type: 'string', minLength: 1, maxLength: 80 },
    session: { type: 'string', pattern: '^[A-Za-z0-9_-]{4,64}$' },
    type: { enum: CLICK_TYPES },
    itemId: { type: 'string', minLength: 1, maxLength: 80 },
    query: { type: 'string', minLength: 1, maxLength: 200 },
    quantity: { type: 'integer', minimum: 1, maximum: 99 },
    decisionId: { type: 'string', pattern: '^[0-9a-f]{32}$' },
    videoId: { type: 'string', minLength: 1, maxLength: 80 },
    positionMs: { type: 'integer', minimum: 0 },
    seekToMs: { type: 'integer', minimum: 0 },
  },
} as const

export const activityDoor: Door = {
  name: 'activity',
  what: 'POST /api/activity',
  errors: [
    'BROKER_UNAVAILABLE',
    'ORIGIN_NOT_ALLOWED',
    'REQUEST_MALFORMED',
    'REQUEST_TOO_FREQUENT',
    'REQUEST_TOO_LARGE',
    'REQUEST_TYPE_UNSUPPORTED',
    'SERVER_FAILED',
    'TICKET_INVALID',
    'TICKET_MISSING',
    'USER_NOT_ALLOWED',
    'WRITE_KEY_INVALID',
  ],
  route(server, { access, clock, intake, service }) {
    server.post<{ Body: Click }>('/api/activity', { schema: { body: CLICK_SCHEMA } }, async (request, reply) => {
      const activity = activityOfClick(request.body, service.catalogue, clock.now())
      const checked = access.checkWriter(request, request.body.user)
      if (checked !== undefined) await checked
      await intake.submit(activity)
      return reply.code(202).send({ id: activity.eventId })
    })
  },
}

/** The activity, timed by this server, priced by the catalogue. @throws DoorError REQUEST_MALFORMED */
function activityOfClick(click: Click, catalogue: ItemCatalogue, nowMs: number): UserActivity {
  const problem = userIdProblem(click.user)
  if (problem !== null) throw new DoorError('REQUEST_MALFORMED', problem)
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
    decisionId: click.decisionId ?? null,
    videoId: click.videoId ?? null,
    positionMs: click.positionMs ?? null,
    seekToMs: click.seekToMs ?? null,
    unitPriceMicros: product?.unitPriceMicros ?? null,
    currency: product === undefined ? null : catalogue.currency,
    category: product?.category ?? null,
    brand: product?.brand ?? null,
  })
  const wrong = activityProblem(activity)
  if (wrong !== null) throw new DoorError('REQUEST_MALFORMED', wrong)
  return activity
}
