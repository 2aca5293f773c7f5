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

const CLICK = { id: 'click-0001', user: 'ada', session: 'page-1', type: 'view', itemId: 'p-001' }
const PATH = '/api/activity'

const MALFORMED: readonly [what: string, body: object][] = [
  ['no id', { ...CLICK, id: undefined }],
  ['a price of its own', { ...CLICK, unitPriceMicros: 1 }],
  ['a time of its own', { ...CLICK, at: 1 }],
  ['another type', { ...CLICK, type: 'end_of_input' }],
  ["the loader's type", { ...CLICK, type: 'input_progress' }],
  ['no item', { ...CLICK, itemId: undefined }],
  ['search without query', { ...CLICK, type: 'search', itemId: undefined }],
  ['a purchase of an item without price', { ...CLICK, type: 'purchase', itemId: 'elsewhere' }],
  ["an anonymous visitor's key", { ...CLICK, user: 'anonymous:s-1' }],
  ['a click on nothing', { ...CLICK, type: 'click', itemId: undefined }],
  ['an impression of no decision id', { ...CLICK, type: 'impression', itemId: undefined, decisionId: 'the first' }],
  ['a film without position', { ...CLICK, type: 'video_pause', itemId: undefined, videoId: 'film-1' }],
  ['half a millisecond', { ...CLICK, type: 'video_pause', itemId: undefined, videoId: 'film-1', positionMs: 0.5 }],
  ['a seek to nowhere', { ...CLICK, type: 'video_seek', itemId: undefined, videoId: 'film-1', positionMs: 1 }],
  ['a position before the start', { ...CLICK, type: 'video_play', itemId: undefined, videoId: 'f', positionMs: -1 }],
  ['too many pieces', { ...CLICK, quantity: 1e9 }],
]

const click = ({ address }: OpenDoors, headers: Record<string, string> = {}) => post(address + PATH, CLICK, headers)
const bearer = (ticket: string) => ({ authorization: `Bearer ${ticket}` })
const basic = (name: string) => ({ authorization: `Basic ${Buffer.from(`${name}:`).toString('base64')}` })
const ticket = (userId: string, nowMs = Date.now(), secret = TICKET_SECRET) =>
  userTicket(userId, { secret, validFor: '1m', nowMs })

const CREDENTIALS: readonly [
  code: Provocation['code'],
  what: string,
  headers: Record<string, string>,
  options?: Provocation['options'],
][] = [
  ['TICKET_MISSING', 'nothing', {}],
  ['TICKET_MISSING', 'a scheme that is unknown', { authorization: 'Digest x' }],
  ['TICKET_MISSING', 'no login at the site', {}, { authenticate: () => null }],
  ['TICKET_INVALID', 'a ticket that is none', bearer('nonsense')],
  ['TICKET_INVALID', 'a ticket that is over', bearer(ticket('ada', Date.now() - 61_000))],
  ['TICKET_INVALID', 'a ticket signed with another secret', bearer(ticket('ada', Date.now(), 'other'))],
  ['TICKET_INVALID', 'a write key in place of a ticket', bearer('key-1'), { writeKeys: ['key-1'] }],
  ['TICKET_INVALID', 'a server key that is unknown', bearer('key-2'), { serverKey: 'key-1' }],
  ['TICKET_INVALID', 'a wrong ticket in a demonstration', bearer('nonsense'), { demoLogin: true }],
  ['USER_NOT_ALLOWED', 'a ticket of another user', bearer(ticket('bob'))],
  ['USER_NOT_ALLOWED', 'a ticket of another user in a demonstration', bearer(ticket('bob')), { demoLogin: true }],
  ['USER_NOT_ALLOWED', 'another user at the site', {}, { authenticate: () => 'bob' }],
  ['WRITE_KEY_INVALID', 'a key that is unknown', basic('key-2'), { writeKeys: ['key-1'] }],
  ['WRITE_KEY_INVALID', 'an empty key', basic(''), { writeKeys: ['key-1'] }],
  ['WRITE_KEY_INVALID', 'a wrong key in a demonstration', basic('key-2'), { demoLogin: true }],
  ['SERVER_FAILED', 'the site fails', {}, { authenticate: () => Promise.reject(new Error('secret words')) }],
  ['SERVER_FAILED', 'the site names an impossible user', {}, { authenticate: () => 'anonymous:ada' }],
]

const RATES: readonly [what: string, options: Provocation['options'], headers?: Record<string, string>][] = [
  ['more events than a user may', { ratePerUser: 1 }],
  ['more events than a write key may', { ratePerKey: 1, writeKeys: ['key-1'] }, basic('key-1')],
]

function failing(error: Error) {
  return {
    produceActivity: async () => {
      throw error
    },
  }
}

export const PROVOCATIONS: readonly Provocation[] = [
  ...bodyProvocations(PATH),
  ...entryProvocations((doors, headers) => click(doors, headers)),
  ...CREDENTIALS.map(([code, what, headers, options]): Provocation => {
    return { code, what, options: { demoLogin: false, ...options }, provoke: (doors) => click(doors, headers) }
  }),
  ...RATES.map(([what, options, headers]): Provocation => {
    return {
      code: 'REQUEST_TOO_FREQUENT',
      what,
      options: { clock: new ManualClock(1_800_000_000_000), ...options },
      accepted: 2,
      async provoke(doors) {
        for (let i = 0; i < 2; i++) await click(doors, headers)
        return click(doors, headers)
      },
    }
  }),
  ...MALFORMED.map(([what, body]): Provocation => {
    return { code: 'REQUEST_MALFORMED', what, provoke: ({ address }) => post(address + PATH, body) }
  }),
  ...(['CLIENT_UNREACHABLE', 'CLIENT_DELIVERY_TIMEOUT', 'CLIENT_CLOSED'] as const).map((code): Provocation => {
    return {
      code: 'BROKER_UNAVAILABLE',
      what: code,
      change: failing(new MillraceError(code, 'no broker')),
      provoke: ({ address }) => post(address + PATH, CLICK),
    }
  }),
  {
    code: 'REQUEST_TOO_LARGE',
    what: 'a record that the broker does not take',
    change: failing(new MillraceError('CLIENT_RECORD_INVALID', 'too large')),
    provoke: ({ address }) => post(address + PATH, CLICK),
  },
  {
    code: 'SERVER_FAILED',
    what: 'an error in the service',
    change: failing(new TypeError('secret words')),
    provoke: ({ address }) => post(address + PATH, CLICK),
  },
]
