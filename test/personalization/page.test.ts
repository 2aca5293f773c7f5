/** The page in a real browser, over services in memory; `page-live.test.ts` has the real one. */
import t, { type Test } from 'tap'
import { type HttpOptions, PersonalizationServer } from '../../lib/personalization/doors/server.js'
import { partitionForKey } from '../../lib/record/partitioner.js'
import { anotherCarousel, balancer, clickProduct, isLive, openBrowser, openPage } from './page-browser.js'
import { MemoryTopic, memoryService, PARTITIONS } from './page-service.js'

t.setTimeout(120_000)

async function instance(
  t: Test,
  topic: MemoryTopic,
  owns: readonly number[],
  options: Partial<HttpOptions> = {},
): Promise<string> {
  const service = memoryService(topic, { owns, answers: true })
  const server = new PersonalizationServer({
    service,
    port: 0,
    ticketSecret: 'a secret that only tests have',
    ...options,
  })
  t.teardown(() => server.close())
  return server.listen()
}

t.test('a click changes the carousel; so does a search; the cart takes and buys', async (t) => {
  const browser = await openBrowser(t)
  if (browser === null) return
  const topic = new MemoryTopic()
  const { page, ids, problems } = await openPage(browser, `${await instance(t, topic, [0, 1, 2, 3])}/?user=ada`)
  t.equal(await page.locator('#grid > li').count(), topic.catalogue.products.length)
  const first = await clickProduct(page, 'p-025')
  t.match(await page.textContent('#picks-reason'), topic.catalogue.byId.get('p-025')!.name)
  await page.waitForSelector('#picks-speed:not([hidden])')
  t.match(await page.textContent('#picks-speed'), /Answered in \d+ ms/)
  const items = await page.locator('#carousel .item').evaluateAll((found) => found.map((el) => el.dataset.item))
  t.same(items.slice(0, 3), topic.catalogue.byId.get('p-025')!.companions)
  const second = await clickProduct(page, 'p-028')
  t.not(first, second)
  await page.fill('#search input', 'tent')
  await page.press('#search input', 'Enter')
  t.ok(await anotherCarousel(page, second))
  t.equal(await page.locator('#grid > li').count(), 1)
  await page.click('#grid .item')
  await page.click('#add')
  t.equal(await page.textContent('#cart-count'), '1')
  await page.click('#buy')
  await page.waitForSelector('.toast')
  await page.waitForSelector('#cart-count', { state: 'hidden' })
  const types = () => topic.produced.map(({ type }) => type).filter((type) => type !== 'impression')
  const endMs = Date.now() + 10_000
  while (types().length < 6 && Date.now() < endMs) await page.waitForTimeout(20)
  t.same(types(), ['view', 'view', 'search', 'view', 'cart', 'purchase'])
  t.equal(new Set(ids).size, ids.length)
  t.same(problems, [])
})

t.test('another instance serves the user; the connection is cut, the instance changes: each id once', async (t) => {
  const browser = await openBrowser(t)
  if (browser === null) return
  const topic = new MemoryTopic()
  const user = 'ada'
  const owner = [partitionForKey(Buffer.from(user), PARTITIONS)]
  const others = [0, 1, 2, 3].filter((partition) => partition !== owner[0])
  const front = await balancer([await instance(t, topic, owner), await instance(t, topic, others)])
  t.teardown(() => front.close())
  front.socketsTo = 1
  const { page, ids, problems } = await openPage(browser, `${front.address}/?user=${user}`)
  const shown = [await clickProduct(page, 'p-001')]
  shown.push(await clickProduct(page, 'p-014'))
  for (const socketsTo of [0, 1]) {
    front.socketsTo = socketsTo
    front.cut()
    await page.waitForSelector('#connection:not([data-state=live])')
    // Decided while the browser is away: it comes with the resume.
    topic.decide({
      rule: 'cart-abandonment',
      userId: user,
      subject: `away ${socketsTo}`,
      channel: 'page',
      at: Date.now(),
      items: ['p-001'],
    })
    await isLive(page)
    await page.locator('.toast.warm').nth(socketsTo).waitFor({ state: 'attached' })
    shown.push(await clickProduct(page, `p-03${socketsTo}`))
  }
  const wanted = topic.partitions.flat().map(({ value }) => JSON.parse(value!.toString()).decisionId)
  t.equal(new Set(shown).size, shown.length)
  t.same([...ids].sort(), wanted.sort(), 'every decision came in one frame')
  t.same(problems, [])
})

t.test('a reload keeps the carousel and asks for nothing twice', async (t) => {
  const browser = await openBrowser(t)
  if (browser === null) return
  const topic = new MemoryTopic()
  const { page, ids } = await openPage(browser, `${await instance(t, topic, [0, 1, 2, 3])}/?user=ada`)
  const shown = await clickProduct(page, 'p-025')
  await page.reload()
  await isLive(page)
  t.equal(await page.getAttribute('#carousel', 'data-decision'), shown)
  t.same(ids, [shown])
})

t.test('the page says whether any visitor may be any user; without login its figures go on', async (t) => {
  const browser = await openBrowser(t)
  if (browser === null) return
  const open = async (demoLogin: boolean) => {
    const topic = new MemoryTopic()
    const page = await browser.newPage()
    await page.goto(await instance(t, topic, [0, 1, 2, 3], { demoLogin }))
    return page
  }
  const demo = await open(true)
  await demo.waitForSelector('#connection[data-state="live"]')
  t.match(await demo.textContent('#login-note'), /any visitor may be any user/)
  const closed = await open(false)
  await closed.waitForSelector('#connection[data-state="closed"]')
  t.match(await closed.textContent('#connection'), /No login/)
  t.match(await closed.textContent('#login-note'), /--demo-login/)
  await closed.locator('#rejected', { hasText: /^1$/ }).waitFor()
  t.pass('the rejected request for a ticket is in the panel')
})
