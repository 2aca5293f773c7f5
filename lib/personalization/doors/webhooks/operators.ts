/** `/webhooks`: what operators see of the webhooks, their dead letters, sending these again, and enabling a webhook. */
import { decisionIds } from '../decision-ids.js'
import type { Door } from '../door.js'
import { DoorError } from '../errors.js'
import type { RunningWebhooks } from './overview.js'

const DEFAULT_LETTERS = 100
const MAX_LETTERS = 1_000
const MAX_IDS = 300

const LIMIT_QUERY = {
  type: 'object',
  properties: { limit: { type: 'string', pattern: '^[0-9]{1,4}$' } },
} as const
const REPLAY_BODY = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    decisionIds: decisionIds(MAX_IDS),
  },
} as const

interface Named {
  readonly Params: { readonly name: string }
}

export const webhooksDoor: Door = {
  name: 'webhooks',
  what: 'GET /webhooks, GET /webhooks/NAME/dead-letters, POST /webhooks/NAME/dead-letters/replay, POST /webhooks/NAME/enable',
  errors: [
    'ADMIN_TOKEN_INVALID',
    'BROKER_UNAVAILABLE',
    'ORIGIN_NOT_ALLOWED',
    'REQUEST_MALFORMED',
    'REQUEST_TOO_FREQUENT',
    'REQUEST_TOO_LARGE',
    'REQUEST_TYPE_UNSUPPORTED',
    'SERVER_FAILED',
    'WEBHOOK_UNKNOWN',
  ],
  route(server, { access, webhooks }) {
    const known = (name: string): RunningWebhooks => {
      if (webhooks?.has(name)) return webhooks
      throw new DoorError('WEBHOOK_UNKNOWN', 'there is no webhook of this name')
    }
    server.addHook('onRequest', async (request, reply) => {
      access.checkOperator(request)
      reply.header('cache-control', 'no-store')
    })
    server.get('/webhooks', async () => ({ webhooks: webhooks?.statuses() ?? [] }))
    server.get<Named & { Querystring: { limit?: string } }>(
      '/webhooks/:name/dead-letters',
      { schema: { querystring: LIMIT_QUERY } },
      async ({ params: { name }, query: { limit } }) => {
        const most = Math.min(MAX_LETTERS, limit === undefined ? DEFAULT_LETTERS : Number(limit))
        const running = known(name)
        const total = running.statuses().find((each) => each.name === name)?.deadLetters ?? 0
        return { total, deadLetters: running.deadLetters(name, most) }
      },
    )
    server.post<Named & { Body: { decisionIds?: string[] } | null }>(
      '/webhooks/:name/dead-letters/replay',
      { schema: { body: REPLAY_BODY } },
      async ({ params: { name }, body }, reply) => {
        const ids = body?.decisionIds
        return reply.code(202).send(await known(name).replay(name, ids === undefined ? null : new Set(ids)))
      },
    )
    server.post<Named>('/webhooks/:name/enable', async ({ params: { name } }) => {
      const running = known(name)
      await running.enable(name)
      return running.statuses().find((each) => each.name === name)
    })
  },
}
