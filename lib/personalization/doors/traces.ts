/** `GET /decisions/ID` and `GET /users/ID/trace`: why a decision was made, and what became of it. */
import type { FastifyRequest } from 'fastify'
import { type FoundDecision, isCursor } from '../trace/decision-finder.js'
import { type Explanation, explained } from '../trace/explanation.js'
import type { Door, DoorContext } from './door.js'
import { DoorError } from './errors.js'

const DEFAULT_DECISIONS = 20
const MAX_DECISIONS = 100
/** Questions read topics: one counts as much as so many events of the user. */
const COST = 10

const MAX_USER_BYTES = 100
const DECISION_ID = /^[0-9a-f]{32}$/
const USER_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { limit: { type: 'string' }, before: { type: 'string' } },
} as const
const NO_QUERY = { type: 'object', additionalProperties: false, properties: {} } as const

interface Identified {
  readonly Params: { readonly id: string }
  readonly Querystring: { readonly limit?: string; readonly before?: string }
}

export const tracesDoor: Door = {
  name: 'traces',
  what: 'GET /decisions/ID, GET /users/ID/trace: why decisions were made',
  errors: [
    'BROKER_UNAVAILABLE',
    'DECISION_UNKNOWN',
    'ORIGIN_NOT_ALLOWED',
    'REQUEST_MALFORMED',
    'REQUEST_TOO_FREQUENT',
    'SERVER_FAILED',
    'TICKET_INVALID',
    'TICKET_MISSING',
    'USER_NOT_ALLOWED',
  ],
  route(server, context) {
    server.addHook('onRequest', async (_request, reply) => {
      reply.header('cache-control', 'no-store')
    })
    server.get<Identified>('/decisions/:id', { schema: { querystring: NO_QUERY } }, async (request) => {
      const { id } = request.params
      const reader = await readerOf(request, context)
      const found = DECISION_ID.test(id) ? await context.service.traces.find(id, reader.userId) : null
      // Of another user's decision a user does not even learn that it is there.
      if (found === null) throw new DoorError('DECISION_UNKNOWN', 'there is no such decision on the topics')
      return explanation(found, reader, context)
    })
    server.get<Identified>('/users/:id/trace', { schema: { querystring: USER_QUERY } }, async (request) => {
      const { params, query } = request
      // Visitors have longer ids than users: their prefix.
      if (Buffer.byteLength(params.id) > MAX_USER_BYTES)
        throw new DoorError('REQUEST_MALFORMED', 'the user is too long')
      const reader = await readerOf(request, context)
      if (reader.userId !== null && reader.userId !== params.id) {
        throw new DoorError('USER_NOT_ALLOWED', 'the ticket is of another user')
      }
      const { decisions, before } = await context.service.traces.ofUser(params.id, limitOf(query), cursorOf(query))
      return { decisions: decisions.map((found) => explanation(found, reader, context)), before }
    })
  },
}

interface Reader {
  /** Null: any user's. */
  readonly userId: string | null
  readonly isWhole: boolean
}

async function readerOf(request: FastifyRequest, { access, rates }: DoorContext): Promise<Reader> {
  const userId = await access.traceReader(request)
  if (userId !== null) rates.chargeUser(userId, COST)
  return { userId, isWhole: userId === null }
}

function explanation(found: FoundDecision, { isWhole }: Reader, { service, sentTimes }: DoorContext): Explanation {
  const sentAt = sentTimes.of(found.decision.decisionId)
  return explained(found, { rules: service.rules, sentAt, isWhole })
}

function limitOf({ limit }: Identified['Querystring']): number {
  if (limit === undefined) return DEFAULT_DECISIONS
  const value = /^\d{1,4}$/.test(limit) ? Number(limit) : 0
  if (value >= 1 && value <= MAX_DECISIONS) return value
  throw new DoorError('REQUEST_MALFORMED', `limit is not a whole number from 1 to ${MAX_DECISIONS}`)
}

function cursorOf({ before }: Identified['Querystring']): string | null {
  if (before === undefined || isCursor(before)) return before ?? null
  throw new DoorError('REQUEST_MALFORMED', 'before is not what an earlier answer had as before')
}
