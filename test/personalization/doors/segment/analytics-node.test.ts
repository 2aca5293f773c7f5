/** Segment's client for servers, unchanged, pointed here by `host`. */
import { Analytics } from '@segment/analytics-node'
import t from 'tap'
import { MillraceError } from '../../../../lib/errors.js'
import { activityKey } from '../../../../lib/personalization/records/activity.js'
import { openDoors } from '../provocation.js'

const KEY = 'demo-key'

function analytics(host: string, settings: object = {}) {
  const client = new Analytics({ writeKey: KEY, host, ...settings })
  const errors: unknown[] = []
  client.on('error', (error) => errors.push(error))
  return { client, errors }
}

t.test('its calls become activities, once each, with its ids and times', async (t) => {
  const { topic, address } = await openDoors(t, { writeKeys: [KEY] })
  const { client, errors } = analytics(address)
  const timestamp = new Date(Date.now() - 5_000)
  const user = { userId: 'ada', timestamp }
  const products = [
    { product_id: 'a', price: 18.99, quantity: 2 },
    { product_id: 'b', price: 166.67 },
  ]
  client.identify({ userId: 'ada', anonymousId: 'visitor-1', traits: { plan: 'plus' } })
  client.track({ ...user, event: 'Product Viewed', messageId: 'mine', properties: { product_id: 'a', price: 18.99 } })
  client.track({ ...user, event: 'Order Completed', properties: { currency: 'EUR', products } })
  client.track({
    anonymousId: 'visitor-2',
    event: 'Video Playback Seek Completed',
    properties: { content_asset_id: 'v', position: 334.2, seek_position: 273.4 },
  })
  client.page({ ...user, name: 'Home', context: { timezone: 'Europe/Berlin' } })
  client.screen({ ...user, name: 'Results', properties: { query: 'lamp' } })
  client.alias({ userId: 'ada', previousId: 'visitor-3' })
  client.group({ userId: 'ada', groupId: 'g', traits: { size: 3 } })
  await client.closeAndFlush({ timeout: 10_000 })
  t.same(errors, [])
  t.match(topic.produced, [
    { type: 'identify', userId: 'ada', anonymousId: 'visitor-1', properties: '{"plan":"plus"}' },
    { type: 'view', userId: 'ada', eventId: 'mine', itemId: 'a', unitPriceMicros: 18_990_000, source: 'api' },
    { type: 'purchase', eventId: /#0$/, itemId: 'a', quantity: 2, currency: 'EUR' },
    { type: 'purchase', eventId: /#1$/, itemId: 'b', unitPriceMicros: 166_670_000 },
    { type: 'video_seek', userId: null, videoId: 'v', positionMs: 334_200, seekToMs: 273_400 },
    { type: 'custom', name: 'Home', timeZone: 'Europe/Berlin' },
    { type: 'search', name: 'Results', query: 'lamp' },
    { type: 'alias', userId: 'ada', anonymousId: 'visitor-3' },
    { type: 'custom', name: 'group', properties: '{"size":3,"groupId":"g"}' },
  ])
  t.equal(topic.produced.length, 9)
  t.same(topic.produced.map(activityKey).slice(0, 5), [
    'anonymous:visitor-1',
    'ada',
    'ada',
    'ada',
    'anonymous:visitor-2',
  ])
  const driftMs = topic.produced[1]!.at - timestamp.getTime()
  t.ok(driftMs >= 0 && driftMs < 2_000, `moved by the way of the request only: ${driftMs} ms`)
})

t.test('a wrong key is told to its user, and nothing is taken', async (t) => {
  const { topic, address } = await openDoors(t, { writeKeys: ['another'] })
  const { client, errors } = analytics(address)
  client.track({ userId: 'ada', event: 'Product Viewed', properties: { product_id: 'a' } })
  await client.closeAndFlush({ timeout: 10_000 })
  t.match(errors, [{ code: 'delivery_failure', reason: { message: /401/ } }])
  t.equal(topic.produced.length, 0)
})

t.test('what the broker did not store is sent again under the same ids', async (t) => {
  const stored: string[] = []
  let isUp = false
  const { address } = await openDoors(
    t,
    { writeKeys: [KEY] },
    {
      async produceActivity({ eventId }) {
        stored.push(eventId)
        if (isUp) return
        isUp = true
        throw new MillraceError('CLIENT_UNREACHABLE', 'no broker')
      },
    },
  )
  const { client, errors } = analytics(address)
  client.track({ userId: 'ada', event: 'Product Viewed', properties: { product_id: 'a' } })
  await client.closeAndFlush({ timeout: 10_000 })
  t.same(errors, [])
  t.equal(stored.length, 2)
  t.equal(stored[0], stored[1])
})
