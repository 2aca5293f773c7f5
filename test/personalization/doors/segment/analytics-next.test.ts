/** Segment's client for browsers, unchanged, in Chromium on a page of another origin; its page knows `cdnURL` and no more, or the host. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { activityKey } from '../../../../lib/personalization/records/activity.js'
import { openBrowser } from '../../page-browser.js'
import { type OpenDoors, openDoors } from '../provocation.js'

const KEY = 'demo-key'
const CLIENT = readFileSync('node_modules/@segment/analytics-next/dist/umd/index.js')

/** A site with one page that loads the client and nothing else. */
async function site(t: Test): Promise<string> {
  const server = createServer((request, response) => {
    const isClient = request.url === '/analytics.js'
    response.setHeader('content-type', isClient ? 'text/javascript' : 'text/html')
    response.end(isClient ? CLIENT : '<!doctype html><title>Shop</title><script src="/analytics.js"></script>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.closeAllConnections())
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What the page has of the client. */
interface Client {
  ready(): Promise<unknown>
  track(event: string, properties?: object): Promise<unknown>
  identify(userId: string, traits?: object): Promise<unknown>
  alias(to: string, from: string): Promise<unknown>
  page(name: string, properties?: object): Promise<unknown>
  user(): Promise<{ anonymousId(): string }> | { anonymousId(): string }
}
type Shop = {
  AnalyticsNext: { AnalyticsBrowser: { load(settings: object, options?: object): Client } }
  client: Client
}

async function opened(
  t: Test,
  options: object = {},
  settings: (address: string) => object = (cdnURL) => ({ cdnURL }),
): Promise<{ doors: OpenDoors; page: Page; problems: string[] } | null> {
  const browser = await openBrowser(t)
  if (browser === null) return null
  const origin = await site(t)
  const doors = await openDoors(t, { writeKeys: [KEY], origins: [origin] })
  const page = await browser.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('requestfailed', (request) => problems.push(`${request.url()} ${request.failure()?.errorText}`))
  await page.goto(origin)
  await page.evaluate(
    async ([writeKey, from, more]) => {
      const shop = globalThis as unknown as Shop
      shop.client = shop.AnalyticsNext.AnalyticsBrowser.load({ writeKey, ...from }, more as object)
      await shop.client.ready()
    },
    [KEY, settings(doors.address), options] as const,
  )
  return { doors, page, problems }
}

async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 15_000
  while (!condition() && performance.now() < endMs) await new Promise((resolve) => setImmediate(resolve))
}

t.setTimeout(90_000)

t.test('its calls become activities of one visitor, who is then known', async (t) => {
  const shop = await opened(t)
  if (shop === null) return
  const { doors, page, problems } = shop
  const anonymousId = await page.evaluate(async () => {
    const { client } = globalThis as unknown as Shop
    await client.page('Home')
    await client.track('Product Viewed', { product_id: 'a', price: 18.99, currency: 'EUR' })
    await client.identify('ada', { plan: 'plus' })
    await client.track('Order Completed', {
      products: [
        { product_id: 'a', price: 18.99 },
        { product_id: 'b', price: 3 },
      ],
    })
    await client.alias('ada', 'visitor-2')
    return (await client.user()).anonymousId()
  })
  await until(() => doors.topic.produced.length >= 6)
  t.same(problems, [])
  t.match(doors.topic.produced, [
    { type: 'custom', name: 'Home', userId: null, anonymousId, source: 'api', timeZone: /\w/ },
    { type: 'view', itemId: 'a', unitPriceMicros: 18_990_000, currency: 'EUR', eventId: /^ajs-next-/ },
    { type: 'identify', userId: 'ada', anonymousId, properties: '{"plan":"plus"}' },
    { type: 'purchase', itemId: 'a', userId: 'ada' },
    { type: 'purchase', itemId: 'b', userId: 'ada' },
    { type: 'alias', userId: 'ada', anonymousId: 'visitor-2' },
  ])
  const keys = [`anonymous:${anonymousId}`, `anonymous:${anonymousId}`, `anonymous:${anonymousId}`, 'ada', 'ada']
  t.same(doors.topic.produced.slice(0, 5).map(activityKey), keys)
})

t.test('in batches, the last of them sent when the page goes away', async (t) => {
  const batching = { deliveryStrategy: { strategy: 'batching', config: { size: 2, timeout: 60_000 } } }
  const shop = await opened(t, { integrations: { 'Segment.io': batching } })
  if (shop === null) return
  const { doors, page } = shop
  await page.evaluate(async () => {
    const { client } = globalThis as unknown as Shop
    for (const product_id of ['a', 'b', 'c']) await client.track('Product Viewed', { product_id })
  })
  await until(() => doors.topic.produced.length >= 2)
  t.equal(doors.topic.produced.length, 2)
  await page.goto('about:blank')
  await until(() => doors.topic.produced.length >= 3)
  t.same(
    doors.topic.produced.map(({ itemId }) => itemId),
    ['a', 'b', 'c'],
  )
})

t.test('pointed here by host, without settings from anywhere', async (t) => {
  const settings = (address: string) => {
    const apiHost = `${new URL(address).host}/v1`
    const integrations = { 'Segment.io': { apiKey: KEY, apiHost, protocol: 'http' } }
    return { cdnSettings: { integrations, metrics: { sampleRate: 0 } } }
  }
  const shop = await opened(t, {}, settings)
  if (shop === null) return
  const { doors, page, problems } = shop
  await page.evaluate(async () => {
    const { client } = globalThis as unknown as Shop
    await client.track('Product Viewed', { product_id: 'a' })
  })
  await until(() => doors.topic.produced.length >= 1)
  t.same(problems, [])
  t.match(doors.topic.produced, [{ type: 'view', itemId: 'a', userId: null }])
})
