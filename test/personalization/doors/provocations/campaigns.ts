import { MillraceError } from '../../../../lib/errors.js'
import { KnownCampaigns } from '../../../../lib/personalization/frame/known-campaigns.js'
import type { Campaigns } from '../../../../lib/personalization/service-port.js'
import { MEMORY_NOW_MS } from '../../page-service.js'
import { bodyProvocations, entryProvocations, type OpenDoors, type Provocation, post } from '../provocation.js'

const admin = { authorization: 'Bearer operator' }
const options = { adminToken: 'operator' }
const DEMO = '/api/demo/flash-sale'
const sale = { categories: ['coffee'], start: '2026-03-02T12:00:00Z', end: '2026-03-02T13:00:00Z' }

/** Every change of the campaigns ends with `error`. */
function campaignsWith(error: Error): { campaigns: Campaigns } {
  const fails = async () => {
    throw error
  }
  return { campaigns: { nowMs: MEMORY_NOW_MS, all: new KnownCampaigns().all, write: fails, remove: fails } }
}

const put = (body: unknown, headers: Record<string, string> = admin, id = 'spring') => {
  return ({ address }: OpenDoors) =>
    fetch(`${address}/campaigns/${id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
}
const demo = (body: unknown) => {
  return ({ address }: OpenDoors) => post(address + DEMO, body)
}

const ROWS: readonly [
  code: Provocation['code'],
  what: string,
  provoke: Provocation['provoke'],
  change?: Pick<Provocation, 'options' | 'change'>,
][] = [
  ['ADMIN_TOKEN_INVALID', 'listing without a token', ({ address }) => fetch(`${address}/campaigns`)],
  ['ADMIN_TOKEN_INVALID', 'a campaign with a wrong token', put(sale, { authorization: 'Bearer other' })],
  [
    'ADMIN_TOKEN_INVALID',
    'taking back without a token',
    ({ address }) => fetch(`${address}/campaigns/spring`, { method: 'DELETE' }),
  ],
  ['ADMIN_TOKEN_INVALID', 'no token is configured', put(sale), { options: { adminToken: null } }],
  [
    'CAMPAIGN_UNKNOWN',
    'taking back what is not there',
    ({ address }) => fetch(`${address}/campaigns/other`, { method: 'DELETE', headers: admin }),
  ],
  ['REQUEST_MALFORMED', 'no category and no item', put({ ...sale, categories: [] })],
  ['REQUEST_MALFORMED', 'an empty category', put({ ...sale, categories: [''] })],
  ['REQUEST_MALFORMED', 'no start', put({ categories: ['coffee'], end: sale.end })],
  ['REQUEST_MALFORMED', 'a start without a zone', put({ ...sale, start: '2026-03-02T12:00:00' })],
  ['REQUEST_MALFORMED', 'an end that is no day', put({ ...sale, end: '2026-02-30T12:00:00Z' })],
  ['REQUEST_MALFORMED', 'an end before the start', put({ ...sale, end: '2026-03-02T11:00:00Z' })],
  ['REQUEST_MALFORMED', 'an end on the start', put({ ...sale, end: sale.start })],
  ['REQUEST_MALFORMED', 'it is over', put({ ...sale, start: '2026-02-01T00:00:00Z', end: '2026-03-01T12:00:00Z' })],
  ['REQUEST_MALFORMED', 'nobody a second', put({ ...sale, perSecond: 0 })],
  ['REQUEST_MALFORMED', 'another field', put({ ...sale, colour: 'red' })],
  ['REQUEST_MALFORMED', 'an id with a space', put(sale, admin, 'spring%20sale')],
  ['REQUEST_MALFORMED', 'not JSON', put('{"half":')],
  ['REQUEST_TOO_LARGE', 'a title too large', put({ ...sale, title: 'x'.repeat(2_000_000) })],
  ['REQUEST_MALFORMED', 'a category that the shop has not', demo({ category: 'boats' })],
  ['REQUEST_MALFORMED', 'no category', demo({})],
  ['DEMO_CLOSED', 'no demonstration', demo({ category: 'coffee' }), { options: { demoLogin: false } }],
  [
    'BROKER_UNAVAILABLE',
    'a campaign that cannot be stored',
    put(sale),
    { change: campaignsWith(new MillraceError('CLIENT_UNREACHABLE', 'no broker')) },
  ],
  [
    'SERVER_FAILED',
    'an error in the service',
    demo({ category: 'coffee' }),
    { change: campaignsWith(new TypeError('secret words')) },
  ],
]

export const PROVOCATIONS: readonly Provocation[] = [
  ...bodyProvocations(DEMO),
  ...entryProvocations((doors, headers) => post(doors.address + DEMO, { category: 'coffee' }, headers)),
  ...ROWS.map(([code, what, provoke, change]): Provocation => {
    return { code, what, provoke, ...change, options: { ...options, ...change?.options } }
  }),
]
