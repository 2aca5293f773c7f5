import { MillraceError } from '../../../../lib/errors.js'
import type { RunningWebhooks } from '../../../../lib/personalization/doors/webhooks/overview.js'
import { entryProvocations, type OpenDoors, type Provocation, post } from '../provocation.js'

const admin = { authorization: 'Bearer operator' }
const REPLAY = '/webhooks/crm/dead-letters/replay'

/** One webhook, `crm`; every change of it ends with `error`. */
function webhooksWith(error: Error): RunningWebhooks {
  const fails = async () => {
    throw error
  }
  const nothing = async () => undefined
  return {
    ...{ has: (name) => name === 'crm', statuses: () => [], deadLetters: () => [], drained: nothing, close: nothing },
    ...{ replay: fails, enable: fails, [Symbol.asyncDispose]: nothing },
  }
}

const options = { adminToken: 'operator', webhooks: webhooksWith(new MillraceError('CLIENT_UNREACHABLE', 'no broker')) }
const get = (path: string, headers: Record<string, string> = admin) => {
  return ({ address }: OpenDoors) => fetch(address + path, { headers })
}
const replay = (body: unknown, headers: Record<string, string> = admin) => {
  return ({ address }: OpenDoors) => post(address + REPLAY, body, headers)
}

const ROWS: readonly [
  code: Provocation['code'],
  what: string,
  provoke: Provocation['provoke'],
  change?: Provocation['options'],
][] = [
  ['ADMIN_TOKEN_INVALID', 'no token', get('/webhooks', {})],
  ['ADMIN_TOKEN_INVALID', 'a wrong token', get('/webhooks', { authorization: 'Bearer other' })],
  ['ADMIN_TOKEN_INVALID', 'Basic auth', get('/webhooks', { authorization: 'Basic b3BlcmF0b3I6' })],
  ['ADMIN_TOKEN_INVALID', 'the server key', get('/webhooks', { authorization: 'Bearer key' }), { serverKey: 'key' }],
  ['ADMIN_TOKEN_INVALID', 'no token is configured', get('/webhooks'), { adminToken: null }],
  ['ADMIN_TOKEN_INVALID', 'a change without token', ({ address }) => post(address + REPLAY, {})],
  ['WEBHOOK_UNKNOWN', 'dead letters of an unknown one', get('/webhooks/other/dead-letters')],
  ['WEBHOOK_UNKNOWN', 'enabling an unknown one', ({ address }) => post(`${address}/webhooks/other/enable`, {}, admin)],
  ['WEBHOOK_UNKNOWN', 'none are configured', get('/webhooks/crm/dead-letters'), { webhooks: null }],
  ['REQUEST_MALFORMED', 'no limit', get('/webhooks/crm/dead-letters?limit=many')],
  ['REQUEST_MALFORMED', 'a limit below 0', get('/webhooks/crm/dead-letters?limit=-1')],
  ['REQUEST_MALFORMED', 'not JSON', replay('{"half":')],
  ['REQUEST_MALFORMED', 'ids that are none', replay({ decisionIds: ['x'] })],
  ['REQUEST_MALFORMED', 'no ids', replay({ decisionIds: [] })],
  ['REQUEST_MALFORMED', 'another field', replay({ all: true })],
  ['REQUEST_TOO_LARGE', 'a body too large', replay({ filler: 'x'.repeat(17_000) })],
  ['REQUEST_TYPE_UNSUPPORTED', 'XML', replay('<all/>', { ...admin, 'content-type': 'application/xml' })],
  ['BROKER_UNAVAILABLE', 'a replay that cannot be stored', replay({})],
  [
    'BROKER_UNAVAILABLE',
    'enabling that cannot be stored',
    ({ address }) => post(`${address}/webhooks/crm/enable`, {}, admin),
  ],
  ['SERVER_FAILED', 'an error in the service', replay({}), { webhooks: webhooksWith(new TypeError('secret words')) }],
]

export const PROVOCATIONS: readonly Provocation[] = [
  ...entryProvocations(({ address }, headers) =>
    fetch(`${address}/webhooks`, { headers: { ...admin, ...headers } }),
  ).map((row) => ({ ...row, options: { ...options, ...row.options } })),
  ...ROWS.map(([code, what, provoke, change]): Provocation => {
    return { code, what, options: { ...options, ...change }, provoke }
  }),
]
