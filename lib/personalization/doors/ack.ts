/** `POST /ack`: a browser has shown decisions. Each becomes one impression, as the acknowledgement on a WebSocket does. */
import { activityOf } from '../records/activity.js'
import { decisionIds } from './decision-ids.js'
import { MAX_IDS } from './delivery/frame.js'
import type { Door, DoorContext } from './door.js'

const ACK_BODY = {
  type: 'object',
  required: ['decisionIds'],
  additionalProperties: false,
  properties: {
    decisionIds: decisionIds(MAX_IDS),
  },
} as const

export const ackDoor: Door = {
  name: 'ack',
  what: 'POST /ack',
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
  ],
  route(server, context) {
    // What `sendBeacon` sends is text.
    server.addContentTypeParser('text/plain', { parseAs: 'string' }, server.getDefaultJsonParser('error', 'error'))
    server.post<{ Body: { decisionIds: string[] } }>('/ack', { schema: { body: ACK_BODY } }, async (request, reply) => {
      const { decisionIds } = request.body
      await acknowledge(await context.access.user(request), decisionIds, context)
      return reply.code(202).send({ acknowledged: decisionIds.length })
    })
  },
}

/**
 * The user has seen these decisions. The event id follows from the decision, so that it counts once whichever way it is said.
 * @throws DoorError REQUEST_TOO_FREQUENT; ServiceError ACTIVITY_INVALID; MillraceError CLIENT_*
 */
export async function acknowledge(
  userId: string,
  decisionIds: readonly string[],
  { clock, intake, rates }: Pick<DoorContext, 'clock' | 'intake' | 'rates'>,
): Promise<void> {
  rates.chargeUser(userId, decisionIds.length)
  const impressions = decisionIds.map((decisionId) =>
    activityOf({
      ...{ eventId: `shown-${decisionId}`, type: 'impression', source: 'page' },
      ...{ userId, decisionId, at: clock.now() },
    }),
  )
  await Promise.all(impressions.map((impression) => intake.submit(impression)))
}
