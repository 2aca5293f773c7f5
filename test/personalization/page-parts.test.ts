/** Parts of the page in a real browser: notices, impressions and clicks, items elsewhere, the search, the film, messages. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { PersonalizationServer } from '../../lib/personalization/doors/server.js'
import type { ActivityType } from '../../lib/personalization/records/activity.js'
import { clickProduct, openBrowser, openPage } from './page-browser.js'
import { MemoryTopic, memoryService } from './page-service.js'

t.setTimeout(120_000)
const USER = 'ada'
/** With a folder here, screenshots are kept in it. */
const { PAGE_SHOTS } = process.env

/** A page on a service in memory; null without Chromium. */
async function opened(t: Test) {
  const browser = await openBrowser(t)
  if (browser === null) return null
  const topic = new MemoryTopic()
  const service = memoryService(topic, { owns: [0, 1, 2, 3], answers: true })
  const server = new PersonalizationServer({ service, port: 0, ticketSecret: 'a secret that only tests have' })
  t.teardown(() => server.close())
  const watched = await openPage(browser, `${await server.listen()}/?user=${USER}`)
  const decide = (decided: Omit<Parameters<MemoryTopic['decide']>[0], 'userId' | 'at'>): string => {
    const { value } = topic.decide({ userId: USER, at: Date.now(), ...decided })
    return JSON.parse(value!.toString()).decisionId
  }
  return { ...watched, topic, decide }
}

/** The events of the types that the service got, once there are `count` of them. */
async function produced(page: Page, topic: MemoryTopic, types: readonly ActivityType[], count: number) {
  const found = () => topic.produced.filter(({ type }) => types.includes(type))
  const endMs = Date.now() + 10_000
  while (found().length < count && Date.now() < endMs) await page.waitForTimeout(20)
  return found()
}

async function shot(page: Page, name: string): Promise<void> {
  if (PAGE_SHOTS === undefined) return
  mkdirSync(PAGE_SHOTS, { recursive: true })
  for (const [width, colorScheme] of [
    [1440, 'light'],
    [390, 'dark'],
  ] as const) {
    await page.setViewportSize({ width, height: 900 })
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: join(PAGE_SHOTS, `${name}-${width}-${colorScheme}.png`) })
  }
}

t.test('a cart is told once, over nothing that one reads; each decision for the page says what it is', async (t) => {
  const open = await opened(t)
  if (open === null) return
  const { page, topic, decide, problems } = open
  const cart = { rule: 'cart-abandonment', subject: `${USER}/cart-1`, channel: 'page', items: ['p-001'] } as const
  const first = decide(cart)
  await page.waitForSelector(`.toast[data-decision="${first}"]`)
  decide({ ...cart, decisionId: 'f'.repeat(32) })
  const upsell = decide({ rule: 'upsell', subject: `${USER}/s/coffee`, items: ['p-001', 'p-002', 'p-003'] })
  decide({ rule: 'audience-sync', subject: 'nobody-sees-this', channel: 'none' })
  const own = decide({ rule: 'welcome', subject: USER, title: 'Good to see you', reason: 'a decision of your own' })
  await page.waitForSelector(`.toast[data-decision="${own}"]`)
  t.same(await page.locator('.toast b').allTextContents(), [
    'Good to see you',
    'Still comparing?',
    'Still in your cart',
  ])
  await shot(page, 'notices')
  const covered = await page.evaluate(`(() => {
    const notices = [...document.querySelectorAll('.toast')].map((one) => one.getBoundingClientRect())
    return [...document.querySelectorAll('main h2, main p, .item')].filter((one) => {
      if (one.closest('.toast')) return false
      const { top, bottom, left, right } = one.getBoundingClientRect()
      return notices.some((n) => n.top < bottom && n.bottom > top && n.left < right && n.right > left)
    }).length
  })()`)
  t.equal(covered, 0)
  const impressions = await produced(page, topic, ['impression'], 3)
  t.same(impressions.map(({ decisionId }) => decisionId).sort(), [first, upsell, own].sort())
  await page.evaluate('scrollTo(0, 3000)')
  await page.click('#notices-button')
  await page.click(`[data-decision="${upsell}"] [data-item=p-002]`)
  t.match((await produced(page, topic, ['click'], 1))[0], { decisionId: upsell, itemId: 'p-002' })
  await page.click(`[data-decision="${first}"] [aria-label=Close]`)
  t.equal(await page.locator('.toast').count(), 2)
  t.same(problems, [])
})

t.test('a pick: an impression when shown, a click with the decision besides the view', async (t) => {
  const open = await opened(t)
  if (open === null) return
  const { page, topic, decide, problems } = open
  const shown = await clickProduct(page, 'p-025')
  t.match(await produced(page, topic, ['impression'], 1), [{ decisionId: shown, itemId: null }])
  await page.locator('#carousel .item').first().click()
  const [click] = await produced(page, topic, ['click'], 1)
  const views = await produced(page, topic, ['view'], 2)
  t.match(click, { decisionId: shown, itemId: views[1]!.itemId })
  await page.reload()
  await page.waitForSelector('#carousel[data-decision]')
  const elsewhere = ['5100816', 'SKU 1/ä']
  const foreign = decide({ rule: 'carousel', subject: `${USER}/other`, algorithm: 'trending', items: elsewhere })
  await page.waitForSelector(`#carousel[data-decision="${foreign}"]`)
  const items = page.locator('#carousel .item')
  t.same(await items.locator('.name').allTextContents(), ['Item 5100816', 'Item SKU 1/ä'])
  t.equal(await items.locator('.picture svg').count(), 2)
  await shot(page, 'elsewhere')
  await items.nth(1).click()
  await page.locator('#product h1', { hasText: 'Item SKU 1/ä' }).waitFor()
  t.ok(await page.locator('#add').isDisabled())
  t.notMatch(await page.textContent('#product'), /invented|€/)
  const impressions = (await produced(page, topic, ['impression'], 3)).map(({ decisionId }) => decisionId)
  t.equal(new Set(impressions).size, impressions.length, 'a reload is no impression')
  t.same(problems, [])
})

t.test('a search is answered by the list of products, in any case and accent, or says that it is not', async (t) => {
  const open = await opened(t)
  if (open === null) return
  const { page, topic, problems } = open
  const rows: readonly [query: string, found: (count: number) => boolean][] = [
    ['TENT', (count) => count === 1],
    ['tént!', (count) => count === 1],
    ['coffee', (count) => count > 1],
    ['p-025', (count) => count === 1],
    ['zeppelin', (count) => count === 0],
    ['tent zeppelin', (count) => count === 0],
  ]
  for (const [query, found] of rows) {
    await page.fill('#search input', query)
    await page.press('#search input', 'Enter')
    await page.locator('#grid-title', { hasText: query }).waitFor()
    const count = await page.locator('#grid .item').count()
    t.ok(found(count), `${query}: ${count}`)
    if (count === 0) t.match(await page.textContent('#grid'), /^No product of this shop has/)
    await page.locator('#picks-reason', { hasText: `does not look at the words “${query}”` }).waitFor()
  }
  t.equal((await produced(page, topic, ['search'], rows.length)).length, rows.length)
  t.same(problems, [])
})

t.test('the film: play, pause, resume and seek are activities; the decision comes as its card', async (t) => {
  const open = await opened(t)
  if (open === null) return
  const { page, topic, decide, problems } = open
  await clickProduct(page, 'p-025')
  const toggle = page.locator('.film-toggle')
  await toggle.click()
  await page.locator('.film .time', { hasText: /^0:01/ }).waitFor()
  await toggle.click()
  await toggle.click()
  await page.locator('.film input').fill('35000')
  await page.click('.film-back')
  await toggle.click()
  const types = ['video_play', 'video_pause', 'video_resume', 'video_seek'] as const
  const events = await produced(page, topic, types, 6)
  t.same(events.map(({ type }) => type).sort(), [
    'video_pause',
    'video_pause',
    'video_play',
    'video_resume',
    'video_seek',
    'video_seek',
  ])
  t.ok(events.every(({ videoId, positionMs }) => videoId === 'film-p-025' && Number.isInteger(positionMs)))
  t.match(events[0], { type: 'video_play', positionMs: 0 })
  const seeks = events.filter(({ type }) => type === 'video_seek')
  const back = seeks.find(({ positionMs, seekToMs }) => seekToMs! < positionMs!)!
  t.equal(back.positionMs! - back.seekToMs!, 10_000)
  t.ok(seeks.some(({ seekToMs }) => seekToMs === 35_000))
  await shot(page, 'film')
  const decided = decide({
    rule: 'playback',
    subject: `film-p-025/2/${USER}`,
    becauseOf: 'film-p-025',
    reason: 'paused',
  })
  const card = page.locator(`.film-card[data-decision="${decided}"]`)
  await card.waitFor()
  await shot(page, 'film-card')
  await card.locator('.primary').click()
  t.match(await produced(page, topic, ['click'], 1), [{ decisionId: decided, itemId: 'p-025' }])
  t.match(await produced(page, topic, ['cart'], 1), [{ itemId: 'p-025' }])
  // A film that is not open: the decision is a notice.
  const other = decide({
    rule: 'playback',
    subject: 'film-p-001/0/x',
    becauseOf: 'film-p-001',
    reason: 'rewound twice',
  })
  await page.waitForSelector(`.toast[data-decision="${other}"]`, { state: 'attached' })
  t.same(problems, [])
})

t.test('messages of other channels look like a notification, a text and a mail, also after a reload', async (t) => {
  const open = await opened(t)
  if (open === null) return
  const { page, topic, decide, problems } = open
  t.notOk(await page.locator('#messages').isVisible())
  const push = decide({ rule: 'cart-abandonment', subject: 'c-1', items: ['p-025'] })
  const email = decide({
    rule: 'flash-sale',
    subject: `sale/${USER}`,
    title: 'Coffee week',
    becauseOf: 'p-002',
    items: ['p-002'],
  })
  const sms = decide({ rule: 'welcome', subject: USER, channel: 'sms', title: 'Hello <b>you</b>', reason: null })
  for (const [channel, id] of [
    ['push', push],
    ['email', email],
    ['sms', sms],
  ]) {
    await page.waitForSelector(`#messages-${channel} .${channel}[data-decision="${id}"]`)
  }
  t.match(await page.textContent('.push'), /Still in your cart/)
  t.match(await page.textContent('.email'), /Coffee week/)
  t.match(await page.textContent('.sms'), /Hello <b>you<\/b>/)
  t.equal(await page.locator('.toast').count(), 0)
  await page.locator('#messages').scrollIntoViewIfNeeded()
  await shot(page, 'messages')
  await page.reload()
  await page.waitForSelector(`.email[data-decision="${email}"]`)
  await page.click('.push')
  t.match(await produced(page, topic, ['click'], 1), [{ decisionId: push, itemId: 'p-025' }])
  t.match(await produced(page, topic, ['view'], 1), [{ itemId: 'p-025' }])
  t.same(problems, [])
})

t.test('a flash sale starts from the panel, says until when, and why it does not start', async (t) => {
  const open = await opened(t)
  if (open === null) return
  const { page, problems } = open
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.selectOption('#campaign-form select', 'coffee')
  await page.click('#campaign-form button')
  await page.waitForSelector('#campaign-note:text("until")')
  t.equal(
    await page.textContent('#campaign-note'),
    'Flash sale: coffee, until 12:10 PM UTC in the time of the events. Shoppers who viewed the category are told by mail within minutes.',
  )
  await page.locator('#campaign').scrollIntoViewIfNeeded()
  await shot(page, 'campaign')
  await page.route('**/api/demo/flash-sale', (route) => route.abort())
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.click('#campaign-form button')
  await page.waitForSelector('#campaign-note:text("not started")')
  t.same(problems, [])
})
