import { readFileSync } from 'node:fs'
import t from 'tap'
import { EVENT_NAMES } from '../../../../lib/personalization/doors/segment/event-names.js'
import { activitiesOfCall } from '../../../../lib/personalization/doors/segment/segment-call.js'
import { CALL_TYPES, type Receipt } from '../../../../lib/personalization/doors/segment/who-and-when.js'
import { activityKey, type UserActivity } from '../../../../lib/personalization/records/activity.js'
import { eventNameTable } from '../../../../scripts/event-name-table.js'

const AT = Date.UTC(2026, 0, 5, 8)
const RECEIPT: Receipt = { source: 'api', receivedMs: AT, fallbackId: 'made' }
const TRACK = { type: 'track', userId: 'u', messageId: 'm', timestamp: '2026-01-05T08:00:00Z' }

function mapped(call: unknown, receipt: Partial<Receipt> = {}): readonly UserActivity[] {
  const result = activitiesOfCall(call, { ...RECEIPT, ...receipt })
  if ('problem' in result) throw new Error(result.problem)
  return result.activities
}

function one(call: unknown, receipt: Partial<Receipt> = {}): UserActivity {
  const activities = mapped(call, receipt)
  if (activities.length !== 1) throw new Error(`${activities.length} activities`)
  return activities[0]!
}

function track(event: string, properties: object, rest: object = {}): UserActivity {
  return one({ ...TRACK, event, properties, ...rest })
}

function problemOf(call: unknown, receipt: Partial<Receipt> = {}): string | null {
  const result = activitiesOfCall(call, { ...RECEIPT, ...receipt })
  return 'problem' in result ? result.problem : null
}

t.test('each name of the table becomes its type, in any case of letters', async (t) => {
  const properties = {
    product_id: 'i',
    price: 2.5,
    query: 'lamp',
    content_asset_id: 'v',
    position: 12.5,
    seek_position: 3,
    marketing: true,
    products: [{ product_id: 'i', price: 2.5 }],
  }
  for (const [type, , names] of EVENT_NAMES) {
    for (const name of [...names, ...names.map((text) => ` ${text.toUpperCase()}`)]) {
      const [activity] = mapped({ ...TRACK, event: name, properties })
      t.equal(activity?.type, type, name)
      t.equal(activity?.name, name)
    }
  }
})

t.test('the table is in docs/doors.md (npm run docs writes it)', async (t) => {
  t.ok(readFileSync('docs/doors.md', 'utf8').includes(eventNameTable()))
})

t.test('what the activities of events have', async (t) => {
  const rows: [string, object, Partial<UserActivity>][] = [
    [
      'Product Viewed',
      {
        product_id: '507',
        sku: 'G-32',
        category: 'Games',
        brand: 'Hasbro',
        price: 18.99,
        currency: 'usd',
        quantity: 2,
      },
      {
        type: 'view',
        itemId: '507',
        category: 'Games',
        brand: 'Hasbro',
        unitPriceMicros: 18_990_000,
        currency: 'USD',
        quantity: 1,
        properties: '{"sku":"G-32","quantity":2}',
      },
    ],
    ['Product Viewed', { sku: 7 }, { type: 'view', itemId: '7', unitPriceMicros: null, properties: null }],
    [
      'Product Added',
      { productId: 'i', quantity: '3', price: '19' },
      { type: 'cart', quantity: 3, unitPriceMicros: 19e6 },
    ],
    ['Product Removed', { id: 'i', session_id: 's' }, { type: 'remove', itemId: 'i', sessionId: 's', quantity: 1 }],
    ['Products Searched', { query: 'blue roses' }, { type: 'search', query: 'blue roses', properties: null }],
    ['Products Searched', { query: { text: 'a' } }, { type: 'search', query: '{"text":"a"}' }],
    [
      'Product Clicked',
      { product_id: 'i', decision_id: 'd', position: 3 },
      { type: 'click', itemId: 'i', decisionId: 'd' },
    ],
    ['Promotion Viewed', { decisionId: 'd' }, { type: 'impression', itemId: null, decisionId: 'd' }],
    ['Promotion Clicked', { promotion_id: 'promo_1' }, { type: 'custom', properties: '{"promotion_id":"promo_1"}' }],
    ['Cart Viewed', { cart_id: 'c' }, { type: 'custom', name: 'Cart Viewed', properties: '{"cart_id":"c"}' }],
    ['Order Refunded', { order_id: 'o', total: 5 }, { type: 'custom', properties: '{"order_id":"o","total":5}' }],
    ['Error', { code: 'E42', at: 'pay' }, { type: 'error', name: 'E42', properties: '{"at":"pay"}' }],
    ['Error', {}, { type: 'error', name: 'Error' }],
    [
      'Segment Consent Preference Updated',
      { marketing: false, note: 'x', ads: true },
      { type: 'consent', consent: { marketing: false, ads: true } },
    ],
  ]
  for (const [event, properties, fields] of rows) {
    t.match(track(event, properties), { userId: 'u', eventId: 'm', at: AT, source: 'api', ...fields }, event)
  }
})

t.test('playback: positions are whole milliseconds, cut off; a seek leads somewhere', async (t) => {
  const video = { content_asset_id: 'v', position: 455 }
  const rows: [string, object, Partial<UserActivity>][] = [
    ['Video Playback Paused', video, { type: 'video_pause', videoId: 'v', positionMs: 455_000, seekToMs: null }],
    ['Video Playback Paused', { ...video, position: 279.9999 }, { positionMs: 279_999 }],
    ['Video Playback Paused', { ...video, position: 1.001 }, { positionMs: 1_001 }],
    ['Video Playback Paused', { ...video, position: 332.1 }, { positionMs: 332_100 }],
    ['Video Playback Paused', { ...video, position: '12.5' }, { positionMs: 12_500 }],
    [
      'Video Playback Seek Completed',
      { ...video, seek_position: 273.4, session_id: 's' },
      { type: 'video_seek', positionMs: 455_000, seekToMs: 273_400, sessionId: null, properties: '{"session_id":"s"}' },
    ],
    ['Video Playback Seek Completed', { ...video, seek_position: 500 }, { type: 'video_seek', seekToMs: 500_000 }],
    ['Video Playback Seek Completed', video, { type: 'video_progress', positionMs: 455_000 }],
    [
      'Video Playback Seek Started',
      { ...video, seek_position: 1 },
      { type: 'video_seek', positionMs: 455_000, seekToMs: 1_000 },
    ],
    ['Video Playback Seek Started', { ...video, seekPosition: 500 }, { type: 'video_seek', seekToMs: 500_000 }],
    ['Video Playback Seek Started', video, { type: 'video_progress', positionMs: 455_000, seekToMs: null }],
    ['Video Playback Started', { content_asset_ids: ['v', 'w'] }, { type: 'video_play', videoId: 'v', positionMs: 0 }],
    ['Video Content Playing', { asset_id: 'v', position: 10 }, { type: 'video_progress', positionMs: 10_000 }],
    ['Video Content Completed', { asset_id: 'v', total_length: 60 }, { type: 'video_complete', positionMs: 60_000 }],
  ]
  for (const [event, properties, fields] of rows) t.match(track(event, properties), fields, JSON.stringify(properties))
})

t.test('an order is one purchase for each product, in order, under ids of its own', async (t) => {
  const properties = {
    order_id: 'o',
    total: 27.5,
    currency: 'USD',
    products: [
      { product_id: 'a', price: 19, category: 'Games', variant: 'big' },
      { product_id: 'b', price: 0.1 + 0.2, quantity: 2, currency: 'EUR' },
    ],
  }
  const purchases = mapped({ ...TRACK, event: 'Order Completed', properties })
  t.match(purchases, [
    {
      type: 'purchase',
      eventId: 'm#0',
      itemId: 'a',
      unitPriceMicros: 19_000_000,
      quantity: 1,
      currency: 'USD',
      category: 'Games',
      properties: '{"order_id":"o","total":27.5,"variant":"big"}',
    },
    {
      eventId: 'm#1',
      itemId: 'b',
      unitPriceMicros: 300_000,
      quantity: 2,
      currency: 'EUR',
      properties: '{"order_id":"o"}',
    },
  ])
  t.equal(purchases.length, 2)
  const refund = mapped({ ...TRACK, event: 'Order Refunded', properties })
  t.match(refund, [{ type: 'cancellation' }, { type: 'cancellation', itemId: 'b' }])
})

t.test('prices are exact micro-units', async (t) => {
  const rows: [unknown, number | null][] = [
    [18.99, 18_990_000],
    ['18.99', 18_990_000],
    [0, 0],
    [0.000001, 1],
    [1e-7, 0],
    [9_007_199_254.5, 9_007_199_254_500_000],
    [166.67, 166_670_000],
    [33.333333333, 33_333_333],
    [null, null],
    ['', null],
  ]
  for (const [price, micros] of rows) {
    t.equal(track('Product Viewed', { product_id: 'i', price }).unitPriceMicros, micros, String(price))
  }
  for (const price of ['free', '1,50', '$3', 1e300, true, {}, '1e3']) {
    t.equal(
      problemOf({ ...TRACK, event: 'Product Viewed', properties: { product_id: 'i', price } }),
      'price is not a decimal',
    )
  }
})

t.test('identify, alias, group, page, screen', async (t) => {
  const ids = { messageId: 'm', timestamp: TRACK.timestamp }
  const rows: [object, Partial<UserActivity>, string][] = [
    [
      { type: 'identify', userId: 'u', anonymousId: 'a', traits: { plan: 'plus' } },
      { type: 'identify', userId: 'u', anonymousId: 'a', properties: '{"plan":"plus"}' },
      'anonymous:a',
    ],
    [
      { type: 'identify', userId: 'u', traits: { age: 4 } },
      { type: 'custom', name: 'identify', properties: '{"age":4}' },
      'u',
    ],
    [{ type: 'identify', anonymousId: 'a' }, { type: 'custom', name: 'identify' }, 'anonymous:a'],
    [{ type: 'alias', userId: 'u', previousId: 'a' }, { type: 'alias', userId: 'u', anonymousId: 'a' }, 'anonymous:a'],
    [
      { type: 'alias', userId: 'u', previousId: 'a', anonymousId: 'other' },
      { type: 'alias', userId: 'u', anonymousId: 'a' },
      'anonymous:a',
    ],
    [
      { type: 'group', userId: 'u', groupId: 'g', traits: { size: 3 } },
      { type: 'custom', name: 'group', properties: '{"size":3,"groupId":"g"}' },
      'u',
    ],
    [
      { type: 'page', anonymousId: 'a', name: 'Home', properties: { path: '/' } },
      { type: 'custom', name: 'Home', properties: '{"path":"/"}' },
      'anonymous:a',
    ],
    [{ type: 'page', userId: 'u' }, { type: 'custom', name: 'page', properties: null }, 'u'],
    [
      { type: 'page', userId: 'u', properties: { sku: 'i', price: 2 } },
      { type: 'view', itemId: 'i', unitPriceMicros: 2e6 },
      'u',
    ],
    [{ type: 'screen', userId: 'u', name: 'Results', properties: { query: 'q' } }, { type: 'search', query: 'q' }, 'u'],
    [{ type: 'screen', userId: 'u' }, { type: 'custom', name: 'screen' }, 'u'],
    [{ type: 'page', userId: 7, anonymousId: 'a' }, { userId: '7', anonymousId: 'a' }, '7'],
  ]
  for (const [call, fields, key] of rows) {
    const activity = one({ ...ids, ...call })
    t.match(activity, { eventId: 'm', at: AT, ...fields }, JSON.stringify(call))
    t.equal(activityKey(activity), key, JSON.stringify(call))
  }
})

t.test('the time: corrected by sentAt, once', async (t) => {
  const at = (seconds: number) => new Date(AT + seconds * 1_000).toISOString()
  const call = { ...TRACK, event: 'x' }
  const receivedMs = AT + 100_000
  const rows: [object, Partial<Receipt>, number][] = [
    [{ timestamp: at(0) }, { receivedMs }, 0],
    [{ timestamp: at(0), sentAt: at(40) }, { receivedMs }, 60],
    [{ timestamp: at(7_200), sentAt: at(7_203) }, { receivedMs }, 97],
    [{ timestamp: at(0) }, { receivedMs, batch: { sentAt: at(40) } }, 60],
    [{ timestamp: at(0), sentAt: at(50) }, { receivedMs, batch: { sentAt: at(40) } }, 50],
    [{ timestamp: at(0), originalTimestamp: at(-5), sentAt: at(40) }, { receivedMs }, 0],
    [{ timestamp: undefined, originalTimestamp: at(0), sentAt: at(40) }, { receivedMs }, 60],
    [{ timestamp: undefined, sentAt: at(40) }, { receivedMs }, 100],
    [{ timestamp: undefined }, { receivedMs }, 100],
    [{ timestamp: AT + 1_000 }, { receivedMs }, 1],
    [{ timestamp: at(0), sentAt: at(40), receivedAt: at(90) }, { receivedMs: null }, 50],
    [{ timestamp: at(0), sentAt: at(40), receivedAt: at(90) }, { receivedMs }, 60],
    [{ timestamp: at(0), sentAt: at(40) }, { receivedMs: null }, 0],
    [{ timestamp: undefined, receivedAt: at(90) }, { receivedMs: null }, 90],
    [{ timestamp: '2026-01-05T09:00:00+01:00' }, { receivedMs }, 0],
    [{ timestamp: '2026-01-05T08:00:00' }, { receivedMs }, 0],
  ]
  for (const [fields, receipt, seconds] of rows) {
    t.equal(one({ ...call, ...fields }, receipt).at, AT + seconds * 1_000, JSON.stringify([fields, receipt]))
  }
})

t.test('the context: zone, session, country, consent; that of the batch is the default', async (t) => {
  const call = { ...TRACK, event: 'Segment Consent Preference Updated', properties: {} }
  const context = {
    timezone: 'Europe/Amsterdam',
    sessionId: 5,
    location: { country: 'NL' },
    consent: { categoryPreferences: { Advertising: false, Functional: true } },
  }
  const fields = { timeZone: 'Europe/Amsterdam', sessionId: '5', country: 'NL' }
  const consent = { Advertising: false, Functional: true }
  t.match(one({ ...call, context }), { ...fields, consent })
  t.match(one({ ...call, context: { timezone: 'Asia/Tokyo' } }, { batch: { context } }), {
    ...fields,
    timeZone: 'Asia/Tokyo',
  })
  t.equal(one({ ...call, event: 'x', context }).consent, null)
  for (const timezone of ['Mars/Olympus', '', 5, null, 'x'.repeat(5_000)]) {
    t.equal(track('x', {}, { context: { timezone } }).timeZone, null, String(timezone).slice(0, 20))
  }
  t.equal(track('x', {}, { context: { location: { country: 'United States' } } }).country, null)
})

t.test('ids: short ones stay, long ones are hashed, missing ones are made', async (t) => {
  const purchase = { event: 'Order Completed', properties: { products: [{ sku: 'i', price: 1 }] } }
  for (const [messageId, eventId] of [
    ['x'.repeat(70), `${'x'.repeat(70)}#0`],
    ['x'.repeat(100), /^[0-9a-f]{32}#0$/],
    [undefined, 'made#0'],
    [12, '12#0'],
  ] as const) {
    t.match(one({ ...TRACK, ...purchase, messageId }).eventId, eventId)
  }
  const [a, b] = ['a', 'b'].map((end) => one({ ...TRACK, event: 'x', messageId: 'x'.repeat(99) + end }).eventId)
  t.not(a, b)
})

t.test('the properties are a JSON object of at most 2 KB, whatever they are', async (t) => {
  const big = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`p${i}`, '€'.repeat(50)]))
  const text = track('x', big).properties!
  t.ok(Buffer.byteLength(text) <= 2_048)
  const read = JSON.parse(text) as Record<string, unknown>
  t.equal(read.p0, '€'.repeat(50))
  t.equal(Object.keys(read).length - 1 + (read.$omitted as number), 30)
  t.equal(track('x', { huge: 'x'.repeat(3_000), small: 1 }).properties, '{"small":1,"$omitted":1}')
  const hostile = JSON.parse('{"__proto__":{"a":1},"constructor":2}') as object
  t.equal(track('x', hostile).properties, '{"__proto__":{"a":1},"constructor":2}')
  const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown
  t.equal(problemOf({ ...TRACK, event: 'x', properties: { deep } }), 'properties are nested too deeply')
})

t.test('calls that are none, with the reason', async (t) => {
  const product = (fields: object) => ({
    event: 'Order Completed',
    properties: { products: [{ sku: 'i', price: 1, ...fields }] },
  })
  const rows: [unknown, string][] = [
    [null, 'the call is not an object'],
    [[TRACK], 'the call is not an object'],
    ['track', 'the call is not an object'],
    [{ type: 'trace' }, `type is not one of ${CALL_TYPES.join(', ')}`],
    [{ type: '__proto__' }, `type is not one of ${CALL_TYPES.join(', ')}`],
    [{}, 'track without event'],
    [{ event: {} }, 'event is not a text'],
    [{ event: 'x', userId: undefined }, 'neither userId nor anonymousId'],
    [{ event: 'x', userId: '' }, 'neither userId nor anonymousId'],
    [{ event: 'x', userId: { id: 1 } }, 'userId is not a text'],
    [{ event: 'x', userId: 'x'.repeat(81) }, 'userId longer than 80 bytes'],
    [{ event: 'x', userId: 'anonymous:a' }, 'userId starts with anonymous:'],
    [{ event: 'x', anonymousId: [] }, 'anonymousId is not a text'],
    [{ event: 'x', messageId: {} }, 'messageId is not a text'],
    [{ event: 'x', properties: [] }, 'properties is not an object'],
    [{ event: 'x', context: 'web' }, 'context is not an object'],
    [{ event: 'x', timestamp: 'yesterday' }, 'timestamp is not an ISO 8601 time'],
    [{ event: 'x', timestamp: '2026-02-30T00:00:00Z' }, 'timestamp is not an ISO 8601 time'],
    [{ event: 'x', sentAt: true }, 'sentAt is not an ISO 8601 time'],
    [{ event: 'x', timestamp: '1970-01-01T00:00:00Z' }, 'time outside 2000 to 2100'],
    [{ event: 'x', timestamp: '2026-01-05T08:01:01Z' }, 'time ahead of the clock'],
    [{ event: 'Product Viewed' }, 'view without product_id or sku'],
    [{ event: 'Product Added', properties: { sku: 'i', quantity: 0 } }, 'quantity not positive'],
    [{ event: 'Product Added', properties: { sku: 'i', quantity: 1.5 } }, 'quantity is not a whole number'],
    [{ event: 'Product Added', properties: { sku: 'i', quantity: 'two' } }, 'quantity is not a whole number'],
    [{ event: 'Product Added', properties: { sku: {} } }, 'sku is not a text'],
    [{ event: 'Products Searched', properties: { query: '' } }, 'search without query'],
    [{ event: 'Order Completed' }, 'purchase without products'],
    [{ event: 'Order Completed', properties: { products: {} } }, 'products is not a list'],
    [{ event: 'Order Completed', properties: { products: ['i'] } }, 'products[0] is not an object'],
    [product({ sku: null }), 'products[0] without product_id or sku'],
    [product({ price: undefined }), 'purchase without price'],
    [product({ price: -1 }), 'price is negative'],
    [{ event: 'Video Playback Paused' }, 'video_pause without content_asset_id or asset_id'],
    [{ event: 'Video Playback Paused', properties: { asset_id: 'v' } }, 'video_pause without position'],
    [
      { event: 'Video Playback Paused', properties: { asset_id: 'v', position: 'start' } },
      'position is not a number of seconds',
    ],
    [
      { event: 'Video Playback Paused', properties: { asset_id: 'v', position: -1 } },
      'positionMs is not a whole number of milliseconds from 0 to a year',
    ],
    [{ event: 'Consent Updated', properties: { marketing: 'yes' } }, 'consent without purposes'],
    [{ type: 'alias' }, 'alias without previousId'],
    [{ type: 'alias', userId: null, previousId: 'a' }, 'alias without userId'],
    [{ type: 'alias', previousId: 'u' }, 'alias of an id to itself'],
    [{ type: 'group' }, 'group without groupId'],
    [{ type: 'identify', traits: 'x' }, 'traits is not an object'],
  ]
  for (const [fields, problem] of rows) {
    const call =
      typeof fields === 'object' && fields !== null && !Array.isArray(fields) ? { ...TRACK, ...fields } : fields
    t.equal(problemOf(call, { notAfterMs: AT + 60_000 }), problem, JSON.stringify(fields))
  }
  t.equal(problemOf({ ...TRACK, event: 'x', timestamp: undefined }, { receivedMs: null }), 'timestamp is missing')
  t.equal(problemOf({ event: 'x', userId: 'u' }, { type: 'track' }), null, 'the path says the type')
  t.equal(problemOf({ ...TRACK, type: 'page', event: 'x' }, { type: 'track' }), null)
})
