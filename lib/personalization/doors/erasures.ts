/** `/erasures`: operators erase a user, and look for what is left. The id is in the body, so that it is in no log of addresses. */
import { isServiceError } from '../errors.js'
import type { Door } from './door.js'
import { DoorError } from './errors.js'

const MAX_VALUES = 20
const USER = { type: 'string', minLength: 1, maxLength: 100 } as const
const ERASE_BODY = {
  type: 'object',
  required: ['user'],
  additionalProperties: false,
  properties: { user: USER },
} as const
const PROOF_BODY = {
  ...ERASE_BODY,
  properties: {
    user: USER,
    values: { type: 'array', maxItems: MAX_VALUES, items: { type: 'string', minLength: 1, maxLength: 1_000 } },
  },
} as const

export const erasuresDoor: Door = {
  name: 'erasures',
  what: 'POST /erasures, POST /erasures/proof',
  errors: [
    'ADMIN_TOKEN_INVALID',
    'BROKER_UNAVAILABLE',
    'ORIGIN_NOT_ALLOWED',
    'REQUEST_MALFORMED',
    'REQUEST_TOO_FREQUENT',
    'REQUEST_TOO_LARGE',
    'REQUEST_TYPE_UNSUPPORTED',
    'SERVER_FAILED',
  ],
  route(server, { access, service }) {
    server.addHook('onRequest', async (request, reply) => {
      access.checkOperator(request)
      reply.header('cache-control', 'no-store')
    })
    server.post<{ Body: { user: string } }>('/erasures', { schema: { body: ERASE_BODY } }, ({ body }) =>
      answered(service.erase(body.user)),
    )
    server.post<{ Body: { user: string; values?: string[] } }>(
      '/erasures/proof',
      { schema: { body: PROOF_BODY } },
      ({ body: { user, values = [] } }) => answered(service.proveErasure(user, values)),
    )
  },
}

/** @throws DoorError REQUEST_MALFORMED for an id that is none */
async function answered<T>(result: Promise<T>): Promise<T> {
  try {
    return await result
  } catch (error) {
    if (isServiceError(error, 'ERASURE_USER_INVALID')) throw new DoorError('REQUEST_MALFORMED', error.message)
    throw error
  }
}
