import { MillraceError } from '../../../../lib/errors.js'
import { userTicket } from '../../../../lib/personalization/doors/user-ticket.js'
import { ManualClock } from '../../../../lib/testing/manual-clock.js'
import {
  bodyProvocations,
  entryProvocations,
  type OpenDoors,
  type Provocation,
  post,
  TICKET_SECRET,
} from '../provocation.js'

const ID = 'a'.repeat(32)
const NOW = 1_800_000_000_000
const ticket = (nowMs = Date.now()) => userTicket('ada', { secret: TICKET_SECRET, validFor: '1m', nowMs })
const ack = ({ address }: OpenDoors, body: unknown, given = ticket(), headers = {}) =>
  post(`${address}/ack?ticket=${given}`, body, headers)

const MALFORMED: readonly [what: string, body: unknown][] = [
  ['no ids', { decisionIds: [] }],
  ['an id that is none', { decisionIds: ['x'] }],
  ['too many ids', { decisionIds: Array(65).fill(ID) }],
  ['another field', { decisionIds: [ID], userId: 'bob' }],
  ['text that is no JSON', 'shown'],
]

const failing = (error: Error) => ({ produceActivity: () => Promise.reject(error) })

export const PROVOCATIONS: readonly Provocation[] = [
  ...bodyProvocations('/ack'),
  ...entryProvocations((doors, headers) => ack(doors, { decisionIds: [ID] }, ticket(), headers)),
  ...MALFORMED.map(([what, body]): Provocation => {
    return { code: 'REQUEST_MALFORMED', what, provoke: (doors) => ack(doors, body) }
  }),
  { code: 'TICKET_INVALID', what: 'no such ticket', provoke: (doors) => ack(doors, { decisionIds: [ID] }, 'x') },
  {
    code: 'TICKET_MISSING',
    what: 'no ticket',
    provoke: ({ address }) => post(`${address}/ack`, { decisionIds: [ID] }),
  },
  {
    code: 'REQUEST_TOO_FREQUENT',
    what: 'more than a user may',
    options: { ratePerUser: 1, clock: new ManualClock(NOW) },
    accepted: 3,
    async provoke(doors) {
      await ack(doors, { decisionIds: [ID, 'b'.repeat(32), 'c'.repeat(32)] }, ticket(NOW))
      return ack(doors, { decisionIds: [ID] }, ticket(NOW))
    },
  },
  {
    code: 'BROKER_UNAVAILABLE',
    what: 'no broker',
    change: failing(new MillraceError('CLIENT_UNREACHABLE', 'no broker')),
    provoke: (doors) => ack(doors, { decisionIds: [ID] }),
  },
  {
    code: 'SERVER_FAILED',
    what: 'an error in the service',
    change: failing(new TypeError('secret words')),
    provoke: (doors) => ack(doors, { decisionIds: [ID] }),
  },
]
