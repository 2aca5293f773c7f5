/** `POST /tickets`: a ticket for one connection. */
import type { Door } from './door.js'

const TICKET_BODY = {
  type: 'object',
  additionalProperties: false,
  properties: { user: { type: 'string', minLength: 1, maxLength: 80 } },
} as const

export const loginDoor: Door = {
  name: 'login',
  what: 'POST /tickets',
  errors: [
    'LOGIN_CLOSED',
    'ORIGIN_NOT_ALLOWED',
    'REQUEST_MALFORMED',
    'REQUEST_TOO_FREQUENT',
    'REQUEST_TOO_LARGE',
    'REQUEST_TYPE_UNSUPPORTED',
    'SERVER_FAILED',
    'TICKET_INVALID',
    'USER_NOT_ALLOWED',
  ],
  route(server, { access }) {
    server.post<{ Body: { user?: string } }>('/tickets', { schema: { body: TICKET_BODY } }, async (request, reply) => {
      const ticket = await access.issueTicket(request, request.body.user ?? null)
      return reply.code(201).header('cache-control', 'no-store').send({ ticket })
    })
  },
}
