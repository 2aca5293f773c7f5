import { MillraceError } from '../../../../lib/errors.js'
import { requireUser } from '../../../../lib/personalization/erasure/erase.js'
import type { ServicePort } from '../../../../lib/personalization/service-port.js'
import { entryProvocations, type OpenDoors, type Provocation, post } from '../provocation.js'

const admin = { authorization: 'Bearer operator' }
const options = { adminToken: 'operator' }
const PROOF = '/erasures/proof'

const erase = (body: unknown, headers: Record<string, string> = admin, path = '/erasures') => {
  return ({ address }: OpenDoors) => post(address + path, body, headers)
}
const prove = (body: unknown) => erase(body, admin, PROOF)

/** As the service: an id is checked, and what follows ends with `error`. */
function failing(error: Error): Partial<ServicePort> {
  const fails = async (user: string): Promise<never> => {
    requireUser(user)
    throw error
  }
  return { erase: fails, proveErasure: fails }
}

const noBroker = failing(new MillraceError('CLIENT_UNREACHABLE', 'no broker'))

const ROWS: readonly [
  code: Provocation['code'],
  what: string,
  provoke: Provocation['provoke'],
  change?: Pick<Provocation, 'options' | 'change'>,
][] = [
  ['ADMIN_TOKEN_INVALID', 'no token', erase({ user: 'ada' }, {})],
  ['ADMIN_TOKEN_INVALID', 'a wrong token', erase({ user: 'ada' }, { authorization: 'Bearer other' })],
  ['ADMIN_TOKEN_INVALID', 'a proof without a token', erase({ user: 'ada' }, {}, PROOF)],
  [
    'ADMIN_TOKEN_INVALID',
    'the server key',
    erase({ user: 'ada' }, { authorization: 'Bearer key-of-32-characters-and-some-more' }),
    { options: { ...options, serverKey: 'key-of-32-characters-and-some-more' } },
  ],
  ['ADMIN_TOKEN_INVALID', 'no token is configured', erase({ user: 'ada' }), { options: { adminToken: null } }],
  ['REQUEST_MALFORMED', 'no user', erase({})],
  ['REQUEST_MALFORMED', 'a user that is no text', erase({ user: 7 })],
  ['REQUEST_MALFORMED', 'an empty user', erase({ user: '' })],
  ['REQUEST_MALFORMED', 'a user too long', erase({ user: 'x'.repeat(101) })],
  ['REQUEST_MALFORMED', 'a user of too many bytes', erase({ user: 'é'.repeat(60) }), { change: noBroker }],
  ['REQUEST_MALFORMED', 'a proof for a user of too many bytes', prove({ user: 'é'.repeat(60) }), { change: noBroker }],
  ['REQUEST_MALFORMED', 'another field', erase({ user: 'ada', all: true })],
  ['REQUEST_MALFORMED', 'not JSON', erase('{"half":')],
  ['REQUEST_MALFORMED', 'values that are none', prove({ user: 'ada', values: 'x' })],
  ['REQUEST_MALFORMED', 'an empty value', prove({ user: 'ada', values: [''] })],
  ['REQUEST_MALFORMED', 'more values than it takes', prove({ user: 'ada', values: Array(21).fill('x') })],
  ['REQUEST_TOO_LARGE', 'a body too large', erase({ user: 'x'.repeat(17_000) })],
  ['REQUEST_TYPE_UNSUPPORTED', 'XML', erase('<user/>', { ...admin, 'content-type': 'application/xml' })],
  ['BROKER_UNAVAILABLE', 'an erasure that cannot be stored', erase({ user: 'ada' }), { change: noBroker }],
  ['BROKER_UNAVAILABLE', 'a proof that cannot read', prove({ user: 'ada' }), { change: noBroker }],
  [
    'SERVER_FAILED',
    'an error in the service',
    erase({ user: 'ada' }),
    { change: failing(new TypeError('secret words')) },
  ],
]

export const PROVOCATIONS: readonly Provocation[] = [
  ...ROWS.map(([code, what, provoke, change]) => ({ code, what, options, ...change, provoke })),
  ...entryProvocations((doors, headers) => erase({ user: 'ada' }, { ...admin, ...headers })(doors)).map((row) => ({
    ...row,
    options: { ...options, ...row.options },
  })),
]
