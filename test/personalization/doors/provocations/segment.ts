import { gzipSync } from 'node:zlib'
import { MillraceError } from '../../../../lib/errors.js'
import { ManualClock } from '../../../../lib/testing/manual-clock.js'
import { bodyProvocations, entryProvocations, type OpenDoors, type Provocation, post } from '../provocation.js'

const KEY = 'demo-key'
const OPTIONS = { writeKeys: [KEY] }
const basic = (name: string) => ({ authorization: `Basic ${Buffer.from(`${name}:`).toString('base64')}` })
const CALL = { userId: 'ada', event: 'Product Viewed', messageId: 'm', properties: { product_id: 'i' } }
const TRACK = '/v1/track'
const BATCH = '/v1/batch'

const send = ({ address }: OpenDoors, path: string, body: unknown, headers: Record<string, string> = basic(KEY)) =>
  post(address + path, body, headers)

/** With the key in the body, so that what is wrong with a body that cannot be read is not the key. */
const keyed = (rows: Provocation[]) => rows.map((row) => ({ ...row, options: { ...OPTIONS, ...row.options } }))

const MALFORMED: readonly [what: string, path: string, body: unknown][] = [
  ['no event', TRACK, { userId: 'ada' }],
  ['no user', TRACK, { event: 'x' }],
  ['a time that is none', TRACK, { ...CALL, timestamp: 'now' }],
  ['a time ahead of the clock', TRACK, { ...CALL, timestamp: '2099-01-01T00:00:00Z' }],
  ['a product without id', TRACK, { ...CALL, properties: {} }],
  ["an anonymous visitor's key", TRACK, { ...CALL, userId: 'anonymous:a' }],
  ['an alias without previousId', '/v1/alias', { userId: 'ada' }],
  ['a group without groupId', '/v1/g', { userId: 'ada' }],
  ['a batch that is a call', BATCH, CALL],
  ['a batch that is no list', BATCH, { batch: {} }],
  ['a batch of one invalid call', BATCH, { batch: [{ ...CALL, type: 'trace' }] }],
  ['a batch of invalid calls', BATCH, { batch: [5, { ...CALL, type: 'track', userId: null }] }],
]

const zipped = { ...basic(KEY), 'content-encoding': 'gzip', 'content-type': 'application/json' }
const packed = ({ address }: OpenDoors, path: string, body: Uint8Array, headers: Record<string, string> = zipped) =>
  fetch(address + path, { method: 'POST', headers, body })

const BODIES: readonly [code: Provocation['code'], what: string, provoke: Provocation['provoke']][] = [
  ['REQUEST_MALFORMED', 'no gzip', (doors) => packed(doors, BATCH, Buffer.from('{"batch":[]}'))],
  ['REQUEST_MALFORMED', 'half of a gzip', (doors) => packed(doors, BATCH, gzipSync('{"batch":[]}').subarray(0, 20))],
  ['REQUEST_MALFORMED', 'no JSON in a gzip', (doors) => packed(doors, BATCH, gzipSync('{"batch":'))],
  ['REQUEST_TOO_LARGE', 'a bomb', (doors) => packed(doors, BATCH, gzipSync(Buffer.alloc(50_000_000)))],
  [
    'REQUEST_TYPE_UNSUPPORTED',
    'another encoding',
    (doors) => packed(doors, BATCH, gzipSync('{}'), { ...zipped, 'content-encoding': 'br' }),
  ],
  ['REQUEST_TOO_LARGE', 'a call of more than 32 KB', (doors) => send(doors, TRACK, { ...CALL, x: 'x'.repeat(33_000) })],
  ['REQUEST_TOO_LARGE', 'a batch of more than 500 KB', (doors) => send(doors, BATCH, { batch: ['x'.repeat(520_000)] })],
  [
    'REQUEST_TOO_LARGE',
    'a batch of more than 2,500 calls',
    (doors) => send(doors, BATCH, { batch: Array.from({ length: 2_501 }, () => ({})) }),
  ],
]

const KEYS: readonly [what: string, path: string, body: object, headers: Record<string, string>][] = [
  ['no key', TRACK, CALL, {}],
  ['an empty key', TRACK, CALL, basic('')],
  ['a key that is unknown', TRACK, CALL, basic('other')],
  ['a key that is unknown, in the body', TRACK, { ...CALL, writeKey: 'other' }, {}],
  ['a key that is no text', TRACK, { ...CALL, writeKey: [KEY] }, {}],
  ['another scheme', TRACK, CALL, { authorization: `Bearer ${KEY}` }],
  ['a wrong key in the header beside the right one', BATCH, { batch: [], writeKey: KEY }, basic('other')],
]

const failing = (error: Error) => ({
  produceActivity: async () => {
    throw error
  },
})

export const PROVOCATIONS: readonly Provocation[] = [
  ...keyed(bodyProvocations(TRACK)),
  ...keyed(entryProvocations((doors, headers) => send(doors, TRACK, CALL, { ...basic(KEY), ...headers }))),
  ...MALFORMED.map(([what, path, body]): Provocation => {
    return { code: 'REQUEST_MALFORMED', what, options: OPTIONS, provoke: (doors) => send(doors, path, body) }
  }),
  ...BODIES.map(([code, what, provoke]): Provocation => ({ code, what, options: OPTIONS, provoke })),
  ...KEYS.map(([what, path, body, headers]): Provocation => {
    return { code: 'WRITE_KEY_INVALID', what, options: OPTIONS, provoke: (doors) => send(doors, path, body, headers) }
  }),
  {
    code: 'WRITE_KEY_INVALID',
    what: 'settings for a key that is unknown',
    options: OPTIONS,
    provoke: ({ address }) => fetch(`${address}/v1/projects/other/settings`),
  },
  ...([{ ratePerUser: 1 }, { ratePerKey: 1 }] as const).map((rates): Provocation => {
    return {
      code: 'REQUEST_TOO_FREQUENT',
      what: `more events than ${Object.keys(rates)[0]}`,
      options: { ...OPTIONS, ...rates, clock: new ManualClock(1_800_000_000_000) },
      accepted: 2,
      async provoke(doors) {
        const batch = [0, 1].map((index) => ({ ...CALL, type: 'track', messageId: `m${index}` }))
        await send(doors, BATCH, { batch })
        return send(doors, BATCH, { batch })
      },
    }
  }),
  {
    code: 'BROKER_UNAVAILABLE',
    what: 'no broker',
    options: OPTIONS,
    change: failing(new MillraceError('CLIENT_UNREACHABLE', 'no broker')),
    provoke: (doors) => send(doors, BATCH, { batch: [{ ...CALL, type: 'track' }] }),
  },
  {
    code: 'SERVER_FAILED',
    what: 'an error in the service',
    options: OPTIONS,
    change: failing(new TypeError('secret words')),
    provoke: (doors) => send(doors, TRACK, CALL),
  },
]
