import { userTicket } from '../../../../lib/personalization/doors/user-ticket.js'
import { entryProvocations, type OpenDoors, type Provocation, TICKET_SECRET } from '../provocation.js'

const ticket = (userId: string) => userTicket(userId, { secret: TICKET_SECRET, validFor: '1m', nowMs: Date.now() })
const ask = ({ address }: OpenDoors, query: string, headers: Record<string, string> = {}) =>
  fetch(`${address}/events${query}`, { headers })

/** The answer to the second of two streams. */
async function twice(doors: OpenDoors, users: readonly [string, string]): Promise<Response> {
  const first = await ask(doors, `?ticket=${ticket(users[0])}`)
  const second = await ask(doors, `?ticket=${ticket(users[1])}`)
  await first.body?.cancel()
  return second
}

const MALFORMED = [
  'lastEventId=7',
  'position=3',
  'position=a:b',
  'position=-1:0',
  'have=nothing',
  `have=${'0'.repeat(31)}`,
]

export const PROVOCATIONS: readonly Provocation[] = [
  ...entryProvocations((doors, headers) => ask(doors, '?ticket=any', headers)),
  ...MALFORMED.map((query): Provocation => {
    return {
      code: 'REQUEST_MALFORMED',
      what: query,
      provoke: (doors) => ask(doors, `?ticket=${ticket('ada')}&${query}`),
    }
  }),
  {
    code: 'REQUEST_MALFORMED',
    what: 'an id of another service',
    provoke: (doors) => ask(doors, `?ticket=${ticket('ada')}`, { 'last-event-id': '42' }),
  },
  {
    code: 'TICKET_INVALID',
    what: 'a ticket of another secret in the id',
    provoke: (doors) =>
      ask(doors, '?ticket=used', {
        'last-event-id': `0:0~~${userTicket('ada', { secret: 'other', validFor: '1m', nowMs: Date.now() })}`,
      }),
  },
  { code: 'TICKET_INVALID', what: 'no such ticket', provoke: (doors) => ask(doors, '?ticket=nonsense') },
  { code: 'TICKET_MISSING', what: 'no ticket', provoke: (doors) => ask(doors, '') },
  {
    code: 'SERVER_FAILED',
    what: 'the site fails',
    options: { authenticate: () => Promise.reject(new Error('secret words')) },
    provoke: (doors) => ask(doors, ''),
  },
  {
    code: 'CONNECTIONS_EXCEEDED',
    what: 'of one user',
    options: { maxConnectionsPerUser: 1 },
    provoke: (doors) => twice(doors, ['ada', 'ada']),
  },
  {
    code: 'CONNECTIONS_EXCEEDED',
    what: 'in all',
    options: { maxConnections: 1 },
    provoke: (doors) => twice(doors, ['ada', 'bob']),
  },
]
