/** `POST /tickets`: a ticket for the user that the demo's page names. */
import type { Door } from './door.js'
import { DoorError } from './errors.js'
import { userIdProblem } from './ticket.js'

const TICKET_BODY = {
  type: 'object',
  required: ['user'],
  additionalProperties: false,
  properties: { user: { type: 'string', minLength: 1, maxLength: 80 } },
} as const

export const loginDoor: Door = {
  name: 'login',
  what: 'POST /tickets',
  errors: ['ORIGIN_NOT_ALLOWED', 'REQUEST_MALFORMED', 'REQUEST_TOO_LARGE', 'REQUEST_TYPE_UNSUPPORTED'],
  route(server, { access }) {
    server.addHook('onRequest', async (request) => access.checkOrigin(request))
    server.post<{ Body: { user: string } }>('/tickets', { schema: { body: TICKET_BODY } }, async (request, reply) => {
      // A demonstration: who says a name has it. A shop issues tickets where its own login is checked.
      const { user } = request.body
      const problem = userIdProblem(user)
      if (problem !== null) throw new DoorError('REQUEST_MALFORMED', problem)
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({ ticket: access.issueTicket(user) })
    })
  },
}
