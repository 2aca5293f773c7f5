/** Live visitors who become users: what they had goes on, and nothing is said twice. */
import t from 'tap'
import type { UserActivity } from '../../../../lib/personalization/records/activity.js'
import type { Campaign } from '../../../../lib/personalization/records/campaign.js'
import { type DriverOptions, event, only, START_MS, serviceDriver } from '../../service-driver.js'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
type Fields = Partial<UserActivity> & { eventId: string; atMs: number }

const visitor = (fields: Fields) =>
  event({ source: 'api', userId: null, anonymousId: 'x', sessionId: null, category: 'c', ...fields })
const user = (fields: Fields) => event({ source: 'api', userId: 'ann', sessionId: null, category: 'c', ...fields })
const identify = (eventId: string, atMs: number, userId = 'ann') =>
  event({ source: 'api', eventId, atMs, type: 'identify', userId, anonymousId: 'x', sessionId: null, itemId: null })

function decidedBy(events: readonly UserActivity[], rule: string, options: DriverOptions = {}) {
  const service = serviceDriver({ clockSkewMs: 24 * HOUR_MS, ...options })
  service.send(...events)
  service.end(2 * 24 * HOUR_MS)
  const said = [...service.decisions(), ...service.suppressed()]
  return only(said, rule).map(
    ({ subject, userId, suppressed }) => `${subject} ${userId}${suppressed ? ` ${suppressed}` : ''}`,
  )
}

const ROWS: readonly (readonly [what: string, events: readonly UserActivity[], carts: readonly string[]])[] = [
  [
    "a cart of the visitor is the user's",
    [visitor({ eventId: 'a', atMs: 0, type: 'cart' }), identify('i', 1_000)],
    ['a ann'],
  ],
  [
    'which the user buys',
    [
      visitor({ eventId: 'a', atMs: 0, type: 'cart' }),
      identify('i', 1_000),
      user({ eventId: 'b', atMs: 2_000, type: 'purchase', unitPriceMicros: 1 }),
    ],
    [],
  ],
  [
    'or which the visitor buys, who does not say who it is',
    [
      visitor({ eventId: 'a', atMs: 0, type: 'cart' }),
      identify('i', 1_000),
      visitor({ eventId: 'b', atMs: 2_000, type: 'purchase', unitPriceMicros: 1 }),
    ],
    [],
  ],
  [
    'two carts are one: events that wait run in one order',
    [
      visitor({ eventId: 'a', atMs: 0, type: 'cart' }),
      user({ eventId: 'b', atMs: 500, type: 'cart' }),
      identify('i', 1_000),
    ],
    ['a ann'],
  ],
  ['without anything to move', [identify('i', 0)], []],
  [
    'the same once more',
    [visitor({ eventId: 'a', atMs: 0, type: 'cart' }), identify('i', 1_000), identify('j', 2_000)],
    ['a ann'],
  ],
  [
    'later somebody else',
    [
      visitor({ eventId: 'a', atMs: 0, type: 'cart' }),
      identify('i', 1_000),
      identify('j', 2_000, 'bob'),
      visitor({ eventId: 'b', atMs: 3_000, type: 'cart' }),
    ],
    ['a ann', 'b bob'],
  ],
]

t.test('carts', async (t) => {
  for (const [what, events, carts] of ROWS) t.same(decidedBy(events, 'cart-abandonment').sort(), carts, what)
})

t.test('what the visitor was told, the user is not told again', async (t) => {
  const views = (who: typeof user, from: number) =>
    [0, 1, 2].map((i) => who({ eventId: `${from}-${i}`, atMs: from + i, itemId: `i${from}-${i}`, sessionId: 's' }))
  const events = [...views(visitor, 0), identify('i', 1_000), ...views(user, 2_000)]
  t.same(decidedBy(events, 'upsell'), ['s/c/anonymous:x anonymous:x'])
  const halves = [...views(visitor, 0).slice(0, 2), identify('i', 1_000), ...views(user, 2_000).slice(0, 1)]
  t.same(decidedBy(halves, 'upsell'), ['s/c/ann ann'])
})

t.test('the arm that was seen first stays', async (t) => {
  const service = serviceDriver()
  service.send(visitor({ eventId: 'a', atMs: 0 }))
  const [{ arm: first }] = only(service.decisions(), 'carousel') as unknown as [{ arm: string }]
  for (const userId of ['u1', 'u2', 'u3', 'u4', 'u5', 'u6', 'u7', 'u8', 'u9', 'u10', 'u11', 'u12']) {
    const one = serviceDriver()
    one.send(visitor({ eventId: 'a', atMs: 0 }), identify('i', 1, userId), user({ eventId: 'b', atMs: 2, userId }))
    t.same(
      only(one.decisions(), 'carousel').map(({ arm }) => arm),
      [first, first],
      userId,
    )
  }
})

const SALE: Campaign = {
  id: 'sale',
  title: null,
  categories: ['c'],
  items: [],
  startMs: START_MS + HOUR_MS,
  endMs: START_MS + 2 * HOUR_MS,
  perSecond: 1,
}

t.test('a merge during a flash sale: one message', async (t) => {
  const during = HOUR_MS + MINUTE_MS
  for (const within of ['200ms', '1m']) {
    const options = { campaigns: [SALE], settings: { 'flash-sale': { within } } }
    const alone = [visitor({ eventId: 'a', atMs: during }), identify('i', during + 1)]
    t.equal(decidedBy(alone, 'flash-sale', options).filter((line) => !line.includes('already-told')).length, 1, within)
    const both = [user({ eventId: 'b', atMs: during + 2 }), user({ eventId: 'c', atMs: during + 3 })]
    t.equal(decidedBy([...alone, ...both], 'flash-sale', options).length, 1, `${within}, and the user looks too`)
  }
})

t.test('a message that waits for the end of quiet hours goes to the user, once', async (t) => {
  // START_MS is midnight UTC.
  const quietHours = { channels: ['page'], fromMinute: 22 * 60, toMinute: 7 * 60, zone: 'UTC' } as const
  const options = { around: { quietHours }, settings: { upsell: { validFor: '1d' } } }
  const views = (who: typeof user, from: number) =>
    [0, 1, 2].map((i) => who({ eventId: `${from}-${i}`, atMs: from + i, itemId: `i${from}-${i}`, sessionId: 's' }))
  t.same(decidedBy([...views(visitor, 0), identify('i', 1_000)], 'upsell', options), ['s/c/anonymous:x ann'])
  const two = [...views(visitor, 0), ...views(user, 100), identify('i', 1_000)]
  t.same(decidedBy(two, 'upsell', options).sort(), ['s/c/ann ann', 's/c/anonymous:x ann already-told'])
})
