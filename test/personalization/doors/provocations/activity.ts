import { MillraceError } from '../../../../lib/errors.js'
import { bodyProvocations, originProvocation, type Provocation, post } from '../provocation.js'

const CLICK = { id: 'click-0001', user: 'ada', session: 'page-1', type: 'view', itemId: 'p-001' }
const PATH = '/api/activity'

const MALFORMED: readonly [what: string, body: object][] = [
  ['no id', { ...CLICK, id: undefined }],
  ['a price of its own', { ...CLICK, unitPriceMicros: 1 }],
  ['a time of its own', { ...CLICK, at: 1 }],
  ['another type', { ...CLICK, type: 'end_of_input' }],
  ['no item', { ...CLICK, itemId: undefined }],
  ['search without query', { ...CLICK, type: 'search', itemId: undefined }],
  ['a purchase of an item without price', { ...CLICK, type: 'purchase', itemId: 'elsewhere' }],
  ["an anonymous visitor's key", { ...CLICK, user: 'anonymous:s-1' }],
  ['too many pieces', { ...CLICK, quantity: 1e9 }],
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
  originProvocation(({ address }, origin) => post(address + PATH, CLICK, { origin })),
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
