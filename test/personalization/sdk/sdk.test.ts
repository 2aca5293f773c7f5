/** The SDK for browsers in Chromium, on a page of another origin, against a real service. */
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import t from 'tap'
import { openBrowser } from '../page-browser.js'
import { decisionIds, errorsOf, openSite, openTab, type SdkPage, type Site, startSdk, until } from './sdk-site.js'

const MAX_GZIPPED_BYTES = 6 * 1024

t.setTimeout(180_000)

const view = (page: Page, itemId: string) =>
  page.evaluate((product_id) => {
    ;(globalThis as unknown as SdkPage).sdk.track('Product Viewed', { product_id })
  }, itemId)
const queued = (page: Page) => page.evaluate(() => (globalThis as unknown as SdkPage).sdk.queued)
const isSent = (page: Page) => until(async () => (await queued(page)) === 0)
const viewsOf = ({ taken }: Site) => taken.filter(({ type }) => type === 'view').map(({ itemId }) => itemId)
const shownIds = ({ taken }: Site) =>
  taken.flatMap(({ type, decisionId }) => (type === 'impression' ? [decisionId] : []))

t.test('one file under 6 KB gzipped that imports nothing', async (t) => {
  const text = readFileSync('lib/personalization/sdk/sdk.js')
  t.ok(gzipSync(text, { level: 6 }).length < MAX_GZIPPED_BYTES, `${gzipSync(text, { level: 6 }).length} bytes`)
  t.notMatch(text.toString(), /^\s*import\b|\bimport\(|\brequire\(/m)
})

t.test('calls become activities of a visitor, then of the user', async (t) => {
  const browser = await openBrowser(t)
  if (browser === null) return
  const site = await openSite(t)
  const { page, problems } = await openTab(browser, site)
  const anonymousId = await page.evaluate(() => {
    const { sdk } = globalThis as unknown as SdkPage
    const before = sdk.anonymousId
    sdk.page('Home')
    sdk.track('Product Viewed', { product_id: 'p-025', price: 4.5, currency: 'EUR' })
    sdk.consent({ marketing: true, analytics: false })
    sdk.identify('ada', { plan: 'plus' })
    sdk.track('Products Searched', { query: 'tea' })
    sdk.reset()
    sdk.track('Product Viewed', { product_id: 'p-001' })
    return before
  })
  await isSent(page)
  t.match(site.taken, [
    {
      type: 'custom',
      name: 'Home',
      userId: null,
      anonymousId,
      source: 'api',
      timeZone: /\w/,
      sessionId: /^[0-9a-f]{32}$/,
    },
    { type: 'view', itemId: 'p-025', unitPriceMicros: 4_500_000, userId: null, anonymousId },
    { type: 'consent', consent: { marketing: true, analytics: false }, anonymousId },
    { type: 'identify', userId: 'ada', anonymousId, properties: '{"plan":"plus"}' },
    { type: 'search', query: 'tea', userId: 'ada', anonymousId },
    { type: 'view', itemId: 'p-001', userId: null },
  ])
  const last = site.taken.at(-1)!
  t.not(last.anonymousId, anonymousId, 'after reset another visitor')
  t.equal(new Set(site.taken.slice(0, 5).map(({ sessionId }) => sessionId)).size, 1, 'one session')
  t.not(last.sessionId, site.taken[0]!.sessionId)
  t.same(await errorsOf(page), [])
  t.same(problems, [])
})

t.test('who shares a browser with another user is not merged with them', async (t) => {
  const browser = await openBrowser(t)
  if (browser === null) return
  const site = await openSite(t)
  const { page } = await openTab(browser, site)
  await page.evaluate(() => {
    const { sdk } = globalThis as unknown as SdkPage
    for (const user of ['ada', 'ada', 'bob']) sdk.identify(user)
  })
  await isSent(page)
  const [first, second, third] = site.taken
  t.equal(second!.anonymousId, first!.anonymousId)
  t.not(third!.anonymousId, first!.anonymousId)
})

t.test('a network that is cut and comes back: nothing lost, nothing doubled, over a page load', async (t) => {
  const browser = await openBrowser(t)
  if (browser === null) return
  const site = await openSite(t)
  const { page, problems } = await openTab(browser, site)
  const network = await page.context().newCDPSession(page)
  const cut = (offline: boolean) =>
    network.send('Network.emulateNetworkConditions', {
      offline,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
    })
  await network.send('Network.enable')
  await view(page, 'p-001')
  await isSent(page)
  await cut(true)
  const offline = Array.from({ length: 30 }, (_, i) => `p-${String(i + 2).padStart(3, '0')}`)
  for (const itemId of offline) await view(page, itemId)
  await until(async () => (await errorsOf(page)).some((error) => error.startsWith('SEND_FAILED')))
  t.equal(await queued(page), 30)
  await cut(false)
  await isSent(page)
  t.same(viewsOf(site), ['p-001', ...offline])
  // Cut again, and a new page sends what the old one could not.
  await page.route('**/v1/batch', (route) => route.abort())
  await view(page, 'p-040')
  await until(async () => (await queued(page)) === 1)
  await page.goto('about:blank')
  await page.unroute('**/v1/batch')
  await page.goto(site.origin)
  await startSdk(page, site)
  await isSent(page)
  const ids = new Set(site.taken.map(({ eventId }) => eventId))
  t.equal(ids.size, 32)
  t.ok(viewsOf(site).includes('p-040'))
  // A beacon may have brought the last one too.
  const counted = async () => {
    const { events, duplicateInputs } = await site.service.summary()
    return events - duplicateInputs
  }
  await until(async () => (await site.service.summary()).events >= site.taken.length)
  t.equal(await counted(), 32, 'each counts once')
  t.same(problems, [])
})

t.test('an answer that is lost: the same events again, under the same ids', async (t) => {
  const browser = await openBrowser(t)
  if (browser === null) return
  const site = await openSite(t)
  const { page } = await openTab(browser, site)
  let lost = 0
  await page.route('**/v1/batch', async (route) => {
    if (lost++ > 0) return route.continue()
    await route.fetch()
    return route.abort()
  })
  await view(page, 'p-001')
  await isSent(page)
  t.same(viewsOf(site), ['p-001', 'p-001'])
  t.equal(new Set(site.taken.map(({ eventId }) => eventId)).size, 1)
})

t.test(
  'answers: retry-after is kept, a rejected event is dropped and reported, a wrong key keeps the events',
  async (t) => {
    const browser = await openBrowser(t)
    if (browser === null) return
    const site = await openSite(t)
    const { page, problems } = await openTab(browser, site)
    const headers = {
      'retry-after': '1',
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'retry-after',
    }
    const times: number[] = []
    await page.route('**/v1/batch', async (route) => {
      times.push(performance.now())
      if (times.length > 1) return route.continue()
      return route.fulfill({ status: 503, headers, json: { error: 'BROKER_UNAVAILABLE', message: 'no broker' } })
    })
    await page.evaluate(() => {
      const { sdk } = globalThis as unknown as SdkPage
      sdk.track('Product Viewed', { product_id: 'p-001' })
      sdk.track('Product Viewed', {})
      sdk.track('huge', { text: 'x'.repeat(40_000) })
      const itself: Record<string, unknown> = {}
      itself.itself = itself
      sdk.track('circular', itself)
    })
    await isSent(page)
    t.ok(times[1]! - times[0]! >= 1_000, `${times[1]! - times[0]!} ms`)
    t.same(viewsOf(site), ['p-001'])
    const codes = (await errorsOf(page)).map((error) => error.split(':')[0])
    t.same(codes.sort(), ['BROKER_UNAVAILABLE', 'EVENT_REJECTED', 'EVENT_TOO_LARGE', 'SDK_FAILED'])
    const other = await openTab(browser, site, { writeKey: 'wrong' })
    await view(other.page, 'p-002')
    await until(async () => (await errorsOf(other.page)).length > 0)
    t.match(await errorsOf(other.page), [/^WRITE_KEY_INVALID/])
    t.equal(await queued(other.page), 1)
    t.same([...problems, ...other.problems], [])
  },
)

t.test('the queue is bounded: the oldest are dropped and counted', async (t) => {
  const browser = await openBrowser(t)
  if (browser === null) return
  const site = await openSite(t)
  const { page } = await openTab(browser, site, {
    prepare: (page) => page.route('**/v1/batch', (route) => route.abort()),
  })
  const dropped = await page.evaluate(() => {
    const { sdk } = globalThis as unknown as SdkPage
    for (let i = 0; i < 1_003; i++) sdk.track('Step', { i })
    return sdk.dropped
  })
  t.equal(dropped, 3)
  t.equal(await queued(page), 1_000)
  t.match((await errorsOf(page))[0], /^QUEUE_FULL/)
  await page.unroute('**/v1/batch')
  await page.evaluate(() => (globalThis as unknown as EventTarget).dispatchEvent(new Event('online')))
  await isSent(page)
  t.match(site.taken[0], { properties: '{"i":3}' })
  t.equal(site.taken.length, 1_000)
})

t.test('a page that goes away hands its events to a beacon', async (t) => {
  const browser = await openBrowser(t)
  if (browser === null) return
  const site = await openSite(t)
  const { page } = await openTab(browser, site)
  await page.evaluate(() => {
    const { sdk } = globalThis as unknown as SdkPage
    sdk.track('Product Viewed', { product_id: 'p-001' })
    ;(globalThis as unknown as { location: { href: string } }).location.href = 'about:blank'
  })
  await until(() => site.taken.length > 0)
  t.same(viewsOf(site), ['p-001'])
})

t.test('without localStorage, and without locks', async (t) => {
  const browser = await openBrowser(t)
  if (browser === null) return
  const site = await openSite(t)
  const prepare = (page: Page) =>
    page.addInitScript(() => {
      Object.defineProperty(globalThis, 'localStorage', {
        get() {
          throw new Error('denied')
        },
      })
      Object.defineProperty(navigator, 'locks', { value: undefined })
    })
  const { page, problems } = await openTab(browser, site, { user: 'ada', prepare })
  await page.evaluate(() => (globalThis as unknown as SdkPage).sdk.identify('ada'))
  await view(page, 'p-025')
  await until(async () => (await decisionIds(page)).length === 1)
  await isSent(page)
  t.same(viewsOf(site), ['p-025'])
  t.match(site.taken, [{ anonymousId: site.taken[1]!.anonymousId }, { userId: 'ada' }])
  t.same(problems, [])
})

/** What a tab has shown is seen half a second later, as tabs in two processes on a busy machine see it. */
const lateStore = (page: Page) =>
  page.addInitScript(() => {
    const { keys } = Object
    const seenMs = new Map(keys(localStorage).map((key) => [key, Number.NEGATIVE_INFINITY]))
    Object.keys = (value: object) => {
      if (value !== localStorage) return keys(value)
      const nowMs = performance.now()
      return keys(value).filter((key) => {
        if (!seenMs.has(key)) seenMs.set(key, nowMs)
        return !key.startsWith('millrace.shown.') || nowMs - seenMs.get(key)! > 500
      })
    }
  })

t.test('decisions: each once over page loads and tabs, acknowledged when shown, and again if not', async (t) => {
  const browser = await openBrowser(t)
  if (browser === null) return
  const site = await openSite(t)
  const { page, context, problems } = await openTab(browser, site, { user: 'ada', failing: true })
  await page.evaluate(() => (globalThis as unknown as SdkPage).sdk.identify('ada'))
  await view(page, 'p-025')
  await until(async () => (await errorsOf(page)).some((error) => error.startsWith('CALLBACK_FAILED')))
  t.same(shownIds(site), [], 'not acknowledged')
  // The next page shows it.
  await page.reload()
  await startSdk(page, site, { user: 'ada' })
  await until(async () => (await decisionIds(page)).length === 1)
  const [first] = await decisionIds(page)
  await isSent(page)
  await until(() => shownIds(site).length === 1)
  t.same(shownIds(site), [first], 'acknowledged')
  // The page after it has shown it already, and so has a second tab.
  await lateStore(page)
  await page.reload()
  await startSdk(page, site, { user: 'ada' })
  const other = await openTab(browser, site, { user: 'ada', context, prepare: lateStore })
  await view(page, 'p-030')
  const shown = async () => [...(await decisionIds(page)), ...(await decisionIds(other.page))]
  await until(async () => (await shown()).length > 0)
  const [second] = await shown()
  t.not(second, first)
  await until(() => shownIds(site).length === 2)
  t.same(await shown(), [second], 'in one of the tabs')
  t.same(shownIds(site), [first, second])
  t.same([...problems, ...other.problems], [])
})

t.test('a network without WebSockets: server-sent events, resumed over a page load', async (t) => {
  const browser = await openBrowser(t)
  if (browser === null) return
  const site = await openSite(t)
  const streams: string[] = []
  const prepare = async (page: Page) => {
    await page.routeWebSocket(/\/live/, (socket) => void socket.close())
    page.on('request', (request) => request.url().includes('/events?') && streams.push(request.url()))
  }
  const { page, problems } = await openTab(browser, site, { user: 'ada', prepare })
  await page.evaluate(() => (globalThis as unknown as SdkPage).sdk.identify('ada'))
  await view(page, 'p-025')
  await until(async () => (await decisionIds(page)).length === 1)
  const first = await decisionIds(page)
  await until(() => shownIds(site).length === 1)
  await page.reload()
  await startSdk(page, site, { user: 'ada' })
  await view(page, 'p-030')
  await until(async () => (await decisionIds(page)).length === 1)
  t.not((await decisionIds(page))[0], first[0])
  t.match(streams.at(-1), /position=\d+%3A\d+&have=[0-9a-f]{32}/)
  t.same(problems, [])
})
