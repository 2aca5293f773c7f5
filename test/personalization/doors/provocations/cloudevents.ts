import { gzipSync } from 'node:zlib'
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

const KEY = 'demo-key'
const PATH = '/cloudevents'
const OPTIONS = { writeKeys: [KEY], demoLogin: false }
const EVENT = {
  specversion: '1.0',
  id: '1',
  source: '/shop',
  type: 'com.millrace.view',
  data: { userId: 'ada', itemId: 'i' },
}
const ENVELOPE = { 'content-type': 'application/cloudevents+json' }
const BATCH = { 'content-type': 'application/cloudevents-batch+json' }
const BINARY = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/shop', 'ce-type': 'com.millrace.view' }
const basic = (name: string) => ({ authorization: `Basic ${Buffer.from(`${name}:`).toString('base64')}` })
const bearer = (ticket: string) => ({ authorization: `Bearer ${ticket}` })

const send = ({ address }: OpenDoors, body: unknown, headers: Record<string, string>) =>
  post(address + PATH, body, { ...basic(KEY), ...headers })

const MALFORMED: readonly [what: string, body: unknown, headers: Record<string, string>][] = [
  ['neither headers nor an envelope', EVENT, {}],
  ['another specversion', { ...EVENT, specversion: '0.3' }, ENVELOPE],
  ['no id', { ...EVENT, id: undefined }, ENVELOPE],
  ['no source', { ...EVENT, source: '' }, ENVELOPE],
  ['no type', { ...EVENT, type: 5 }, ENVELOPE],
  ['an unknown type', { ...EVENT, type: 'com.millrace.jump' }, ENVELOPE],
  ['a type of another vendor', { ...EVENT, type: 'com.example.view' }, ENVELOPE],
  ["the loader's type", { ...EVENT, type: 'com.millrace.end_of_input' }, ENVELOPE],
  ['a time that is none', { ...EVENT, time: 'now' }, ENVELOPE],
  ['a time ahead of the clock', { ...EVENT, time: '2099-01-01T00:00:00Z' }, ENVELOPE],
  ['data that is a text', { ...EVENT, data: 'text' }, ENVELOPE],
  ['data that is no JSON, in base64', { ...EVENT, data: undefined, data_base64: 'AAAA' }, ENVELOPE],
  ['data of another type', { ...EVENT, type: 'com.millrace.search' }, ENVELOPE],
  ["an anonymous visitor's key", { ...EVENT, data: { ...EVENT.data, userId: 'anonymous:a' } }, ENVELOPE],
  ['headers without a type', EVENT.data, { ...BINARY, 'ce-type': '' }],
  ['headers with an unknown type', EVENT.data, { ...BINARY, 'ce-type': 'com.millrace.jump' }],
  ['a batch that is no list', EVENT, BATCH],
  ['a batch of invalid events', [{ ...EVENT, id: '' }, 5], BATCH],
]

const CREDENTIALS: readonly [code: Provocation['code'], what: string, headers: Record<string, string>][] = [
  ['TICKET_MISSING', 'nothing', {}],
  ['TICKET_INVALID', 'a ticket that is none', bearer('nonsense')],
  [
    'USER_NOT_ALLOWED',
    'a ticket of another user',
    bearer(userTicket('bob', { secret: TICKET_SECRET, validFor: '1m', nowMs: Date.now() })),
  ],
  ['WRITE_KEY_INVALID', 'a key that is unknown', basic('other')],
  ['WRITE_KEY_INVALID', 'an empty key', basic('')],
]

const failing = (error: Error) => ({
  produceActivity: async () => {
    throw error
  },
})

export const PROVOCATIONS: readonly Provocation[] = [
  ...bodyProvocations(PATH).map((row) => ({ ...row, options: OPTIONS })),
  ...entryProvocations((doors, headers) => send(doors, EVENT, { ...ENVELOPE, ...headers })).map((row) => {
    return { ...row, options: { ...OPTIONS, ...row.options } }
  }),
  ...MALFORMED.map(([what, body, headers]): Provocation => {
    return { code: 'REQUEST_MALFORMED', what, options: OPTIONS, provoke: (doors) => send(doors, body, headers) }
  }),
  ...CREDENTIALS.map(([code, what, headers]): Provocation => {
    const provoke = ({ address }: OpenDoors) => post(address + PATH, EVENT, { ...ENVELOPE, ...headers })
    return { code, what, options: OPTIONS, provoke }
  }),
  {
    code: 'WRITE_KEY_INVALID',
    what: 'an empty batch with an unknown key',
    options: OPTIONS,
    provoke: (doors) => send(doors, [], { ...BATCH, ...basic('other') }),
  },
  {
    code: 'REQUEST_TYPE_UNSUPPORTED',
    what: 'an envelope in XML',
    options: OPTIONS,
    provoke: (doors) => send(doors, '<event/>', { 'content-type': 'application/cloudevents+xml' }),
  },
  {
    code: 'REQUEST_TYPE_UNSUPPORTED',
    what: 'data in Avro',
    options: OPTIONS,
    provoke: (doors) => send(doors, 'x', { ...BINARY, 'content-type': 'application/avro' }),
  },
  {
    code: 'REQUEST_TOO_LARGE',
    what: 'data of more than 64 KB',
    options: OPTIONS,
    provoke: (doors) => send(doors, { ...EVENT, data: { text: 'x'.repeat(66_000) } }, ENVELOPE),
  },
  {
    code: 'REQUEST_TOO_LARGE',
    what: 'data that is nested too deeply',
    options: OPTIONS,
    provoke: (doors) => send(doors, `{"data":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, ENVELOPE),
  },
  {
    code: 'REQUEST_TOO_LARGE',
    what: 'a batch of more than 2,500 events',
    options: OPTIONS,
    provoke: (doors) =>
      send(
        doors,
        Array.from({ length: 2_501 }, () => ({})),
        BATCH,
      ),
  },
  {
    code: 'REQUEST_TOO_LARGE',
    what: 'a bomb',
    options: OPTIONS,
    provoke: ({ address }) =>
      fetch(address + PATH, {
        method: 'POST',
        headers: { ...basic(KEY), ...BATCH, 'content-encoding': 'gzip' },
        body: gzipSync(Buffer.alloc(50_000_000)),
      }),
  },
  ...([{ ratePerUser: 1 }, { ratePerKey: 1 }] as const).map((rates): Provocation => {
    return {
      code: 'REQUEST_TOO_FREQUENT',
      what: `more events than ${Object.keys(rates)[0]}`,
      options: { ...OPTIONS, ...rates, clock: new ManualClock(1_800_000_000_000) },
      accepted: 2,
      async provoke(doors) {
        const batch = [EVENT, { ...EVENT, id: '2' }]
        await send(doors, batch, BATCH)
        return send(doors, batch, BATCH)
      },
    }
  }),
  {
    code: 'BROKER_UNAVAILABLE',
    what: 'no broker',
    options: OPTIONS,
    change: failing(new MillraceError('CLIENT_UNREACHABLE', 'no broker')),
    provoke: (doors) => send(doors, EVENT, ENVELOPE),
  },
  {
    code: 'SERVER_FAILED',
    what: 'an error in the service',
    options: OPTIONS,
    change: failing(new TypeError('secret words')),
    provoke: (doors) => send(doors, EVENT, ENVELOPE),
  },
]
