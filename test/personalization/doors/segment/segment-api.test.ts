/** Segment's HTTP API as its clients use it: every route, where the key stands, encodings, batches with invalid calls. */
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { openDoors, post } from '../provocation.js'

const KEY = 'demo-key'
const OPTIONS = { writeKeys: [KEY, 'other-key'] }
const HEADERS = { authorization: `Basic ${Buffer.from(`${KEY}:`).toString('base64')}` }
const VIEW = { type: 'track', event: 'Product Viewed', userId: 'ada', messageId: 'm', properties: { product_id: 'i' } }
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

t.test('every route, under its name and its first letter', async (t) => {
  const rows: [string, object, string][] = [
    ['track', { event: 'Product Viewed', properties: { product_id: 'i' } }, 'view'],
    ['identify', { anonymousId: 'a', traits: { plan: 'plus' } }, 'identify'],
    ['page', { name: 'Home' }, 'custom'],
    ['screen', { name: 'Home' }, 'custom'],
    ['alias', { previousId: 'a' }, 'alias'],
    ['group', { groupId: 'g' }, 'custom'],
  ]
  for (const [name, call, type] of rows) {
    const { topic, address } = await openDoors(t, OPTIONS)
    for (const path of [name, name[0]!]) {
      const answer = await post(`${address}/v1/${path}`, { userId: 'ada', ...call }, HEADERS)
      t.equal(answer.status, 200, path)
      t.same(await answer.json(), { success: true })
    }
    t.match(topic.produced, [
      { type, userId: 'ada', source: 'api' },
      { type, userId: 'ada' },
    ])
    t.not(topic.produced[0]!.eventId, topic.produced[1]!.eventId, 'calls without a messageId are two events')
  }
})

t.test('batches under their three names, with the key in either place, in order', async (t) => {
  const { topic, address } = await openDoors(t, OPTIONS)
  const batch = [VIEW, { ...VIEW, messageId: 'n', type: 'page' }]
  const rows: [string, object, Record<string, string>][] = [
    ['batch', { batch }, HEADERS],
    ['b', { batch, writeKey: 'other-key' }, { 'content-type': 'text/plain;charset=UTF-8' }],
    ['import', { batch, context: { timezone: 'Asia/Tokyo' } }, HEADERS],
    ['batch', { batch: [] }, HEADERS],
  ]
  for (const [path, body, headers] of rows) {
    const answer = await post(`${address}/v1/${path}`, body, headers)
    t.same([answer.status, await answer.json()], [200, { success: true }])
  }
  t.same(
    topic.produced.map(({ eventId, type }) => [eventId, type]),
    Array.from({ length: 3 }, () => [
      ['m', 'view'],
      ['n', 'view'],
    ]).flat(),
  )
  t.equal(topic.produced.at(-1)!.timeZone, 'Asia/Tokyo')
})

t.test('the valid calls of a batch are taken, the invalid reported and counted', async (t) => {
  const { topic, address, server } = await openDoors(t, OPTIONS)
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
  const order = { ...VIEW, event: 'Order Completed', messageId: 'o' }
  const calls = [
    VIEW,
    { ...VIEW, properties: {} },
    { ...order, properties: { products: [{ sku: 'a', price: 1 }, { sku: 'b' }] } },
    {
      ...order,
      properties: {
        products: [
          { sku: 'a', price: 1 },
          { sku: 'b', price: 0.1 },
        ],
      },
    },
    { ...VIEW, properties: { product_id: 'i', text: 'x'.repeat(33_000) } },
    null,
    { ...VIEW, timestamp: '2090-01-01' },
  ]
  const body = `{"batch":[${calls.map((call) => JSON.stringify(call)).join(',')},{"type":"page","userId":"u","x":${deep}}]}`
  const answer = await post(`${address}/v1/batch`, body, HEADERS)
  t.equal(answer.status, 200)
  t.same(await answer.json(), {
    success: true,
    invalid: [
      { index: 1, reason: 'view without product_id or sku' },
      { index: 2, reason: 'purchase without price' },
      { index: 4, reason: 'larger than 32768 bytes (--max-segment-call)' },
      { index: 5, reason: 'the call is not an object' },
      { index: 6, reason: 'time ahead of the clock' },
      { index: 7, reason: 'nested too deeply' },
    ],
  })
  t.same(
    topic.produced.map(({ eventId }) => eventId),
    ['m', 'o#0', 'o#1'],
  )
  const metrics = (await (await server.server()).inject('/metrics.json')).json()
  t.equal(metrics.doorErrors.segment.REQUEST_MALFORMED, 6)
})

t.test('a batch without a valid call is rejected, with the reason of each', async (t) => {
  const { topic, address } = await openDoors(t, OPTIONS)
  const answer = await post(`${address}/v1/batch`, { batch: [{ type: 'page' }, 5] }, HEADERS)
  t.equal(answer.status, 400)
  t.match(await answer.json(), {
    error: 'REQUEST_MALFORMED',
    message: 'no call is valid; the first: neither userId nor anonymousId',
    invalid: [
      { index: 0, reason: 'neither userId nor anonymousId' },
      { index: 1, reason: 'the call is not an object' },
    ],
  })
  t.equal(topic.produced.length, 0)
})

t.test('gzip', async (t) => {
  const { topic, address } = await openDoors(t, OPTIONS)
  const body = gzipSync(JSON.stringify({ batch: [VIEW], writeKey: KEY }))
  for (const encoding of ['gzip', 'GZIP', 'x-gzip']) {
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
    const answer = await fetch(`${address}/v1/batch`, { method: 'POST', headers, body })
    t.equal(answer.status, 200, encoding)
  }
  t.equal(topic.produced.length, 3)
})

t.test('the time is corrected by sentAt against the clock of the service', async (t) => {
  const { topic, address } = await openDoors(t, OPTIONS)
  const hour = 3_600_000
  const at = (ms: number) => new Date(Date.now() + ms).toISOString()
  // A clock that is two hours ahead, and a call that waited for one.
  const call = { ...VIEW, timestamp: at(hour), sentAt: at(2 * hour) }
  const sentMs = Date.now()
  t.equal((await post(`${address}/v1/t`, call, HEADERS)).status, 200)
  const [event] = topic.produced
  const tookMs = Date.now() - sentMs
  t.ok(Math.abs(event!.at - (sentMs - hour)) <= tookMs + 5, `${event!.at - (sentMs - hour)} ms`)
})

t.test('the trace context of the request goes with each of its events; a wrong one does not', async (t) => {
  const { topic, address } = await openDoors(t, OPTIONS)
  const wrong = [
    '',
    TRACEPARENT.toUpperCase(),
    `${TRACEPARENT}-1`,
    TRACEPARENT.replace('00-', 'ff-'),
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`,
  ]
  for (const traceparent of [TRACEPARENT, ...wrong]) {
    const answer = await post(`${address}/v1/batch`, { batch: [VIEW] }, { ...HEADERS, traceparent })
    t.equal(answer.status, 200)
  }
  t.same(topic.traceparents, [TRACEPARENT, ...wrong.map(() => null)])
})

t.test('the settings of analytics-next: this address, and nothing else to load', async (t) => {
  const { address } = await openDoors(t, OPTIONS)
  const answer = await fetch(`${address}/v1/projects/${KEY}/settings`)
  t.equal(answer.headers.get('cache-control'), 'no-store')
  const segment = { apiKey: KEY, apiHost: `${new URL(address).host}/v1`, protocol: 'http' }
  t.same(await answer.json(), { integrations: { 'Segment.io': segment }, metrics: { sampleRate: 0 } })
})
