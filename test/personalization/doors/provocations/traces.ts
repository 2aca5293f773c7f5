import { MillraceError } from '../../../../lib/errors.js'
import { userTicket } from '../../../../lib/personalization/doors/user-ticket.js'
import type { ServicePort } from '../../../../lib/personalization/service-port.js'
import { entryProvocations, type OpenDoors, type Provocation, TICKET_SECRET } from '../provocation.js'

const options = { demoLogin: false, adminToken: 'operator', serverKey: 'server-key' }
const admin = { authorization: 'Bearer operator' }
const ID = '0'.repeat(32)
const ticketOf = (userId: string) => {
  const ticket = userTicket(userId, { secret: TICKET_SECRET, validFor: '1m', nowMs: Date.now() })
  return { authorization: `Bearer ${ticket}` }
}
const get = (path: string, headers: Record<string, string> = admin) => {
  return ({ address }: OpenDoors) => fetch(address + path, { headers })
}
const fails = (error: Error): Partial<ServicePort> => {
  const fail = () => Promise.reject(error)
  return { traces: { find: fail, ofUser: fail } }
}
const unreachable = fails(new MillraceError('CLIENT_UNREACHABLE', 'no broker'))

const ROWS: readonly [
  code: Provocation['code'],
  what: string,
  provoke: Provocation['provoke'],
  change?: Partial<ServicePort>,
][] = [
  ['DECISION_UNKNOWN', 'an id that no decision has', get(`/decisions/${ID}`)],
  ['DECISION_UNKNOWN', 'a text that is no id', get('/decisions/carousel')],
  ['DECISION_UNKNOWN', 'an id in capitals', get(`/decisions/${'A'.repeat(32)}`)],
  ['DECISION_UNKNOWN', 'of a user with a ticket', get(`/decisions/${ID}`, ticketOf('ada'))],
  ['REQUEST_MALFORMED', 'a query', get(`/decisions/${ID}?limit=3`)],
  ['REQUEST_MALFORMED', 'no limit', get('/users/ada/trace?limit=')],
  ['REQUEST_MALFORMED', 'a limit of 0', get('/users/ada/trace?limit=0')],
  ['REQUEST_MALFORMED', 'a limit below 0', get('/users/ada/trace?limit=-1')],
  ['REQUEST_MALFORMED', 'a limit too high', get('/users/ada/trace?limit=101')],
  ['REQUEST_MALFORMED', 'two limits', get('/users/ada/trace?limit=1&limit=2')],
  ['REQUEST_MALFORMED', 'a place that is none', get('/users/ada/trace?before=yesterday')],
  ['REQUEST_MALFORMED', 'a place that is too far', get('/users/ada/trace?before=1-9007199254740993')],
  ['REQUEST_MALFORMED', 'another field', get('/users/ada/trace?after=1-1')],
  ['REQUEST_MALFORMED', 'a user of too many bytes', get(`/users/${encodeURIComponent('ü'.repeat(60))}/trace`)],
  ['REQUEST_MALFORMED', 'a user too long', get(`/users/${'x'.repeat(101)}/trace`)],
  ['TICKET_MISSING', 'nobody', get(`/decisions/${ID}`, {})],
  ['TICKET_MISSING', 'nobody, of a user', get('/users/ada/trace', {})],
  ['TICKET_MISSING', 'a write key', get('/users/ada/trace', { authorization: 'Basic ZGVtbzo=' })],
  ['TICKET_INVALID', 'a wrong token', get(`/decisions/${ID}`, { authorization: 'Bearer other' })],
  ['USER_NOT_ALLOWED', 'a ticket of another user', get('/users/ada/trace', ticketOf('bob'))],
  ['BROKER_UNAVAILABLE', 'no broker', get(`/decisions/${ID}`), unreachable],
  ['BROKER_UNAVAILABLE', 'no broker, of a user', get('/users/ada/trace'), unreachable],
  ['SERVER_FAILED', 'an error in the service', get('/users/ada/trace'), fails(new TypeError('secret words'))],
]

export const PROVOCATIONS: readonly Provocation[] = [
  ...entryProvocations(({ address }, headers) => {
    return fetch(`${address}/decisions/${ID}`, { headers: { ...admin, ...headers } })
  }).map((row) => ({ ...row, options: { ...options, ...row.options } })),
  ...ROWS.map(([code, what, provoke, change]): Provocation => {
    return { code, what, options, provoke, ...(change === undefined ? {} : { change }) }
  }),
  {
    code: 'REQUEST_TOO_FREQUENT',
    what: 'more questions than a user may ask',
    options: { ...options, ratePerUser: 1 },
    async provoke({ address }) {
      const ask = () => fetch(`${address}/users/ada/trace`, { headers: ticketOf('ada') })
      await ask()
      return ask()
    },
  },
]
