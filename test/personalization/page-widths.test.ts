/** The page at the widths of a phone and of a desk, light and dark: nothing is wider than the screen, everything is reachable. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { PersonalizationServer } from '../../lib/personalization/doors/server.js'
import { clickProduct, openBrowser, openPage } from './page-browser.js'
import { MemoryTopic, memoryService } from './page-service.js'

/** A small phone, a phone, a tablet, a desk. */
const WIDTHS = [320, 390, 768, 1440]
t.setTimeout(120_000)
const SCHEMES = ['light', 'dark'] as const
/** With a folder here, screenshots are kept in it. */
const { PAGE_SHOTS } = process.env

/** Runs in the page. The carousel and the categories scroll sideways by themselves. */
const OVERFLOW = `(() => {
  const { scrollWidth, clientWidth } = document.documentElement
  const wide = [...document.querySelectorAll('body *')].filter(
    (element) => !element.closest('.carousel, .chips') && element.getBoundingClientRect().right > clientWidth + 1,
  )
  return { pixels: scrollWidth - clientWidth, wide: wide.map((element) => element.outerHTML.slice(0, 80)) }
})()`

/** How many pixels the page is wider than the screen, and what is too wide. */
async function overflow(page: Page): Promise<{ pixels: number; wide: string[] }> {
  return page.evaluate(OVERFLOW)
}

async function shot(page: Page, name: string): Promise<void> {
  if (PAGE_SHOTS === undefined) return
  mkdirSync(PAGE_SHOTS, { recursive: true })
  await page.screenshot({ path: join(PAGE_SHOTS, `${name}.png`) })
}

const NOTHING = { pixels: 0, wide: [] }

for (const colorScheme of SCHEMES) {
  t.test(`${colorScheme}: no part is wider than the screen, and the panel is reachable`, async (t) => {
    const browser = await openBrowser(t)
    if (browser === null) return
    const topic = new MemoryTopic()
    const service = memoryService(topic, { owns: [0, 1, 2, 3], answers: true })
    const server = new PersonalizationServer({ service, port: 0, ticketSecret: 'a secret that only tests have' })
    t.teardown(() => server.close())
    const { page, problems } = await openPage(browser, `${await server.listen()}/?user=a-shopper-with-a-long-name`)
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await clickProduct(page, 'p-025')
    await page.click('#add')
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 844 })
      t.same(await overflow(page), NOTHING, `${width} px, the cart`)
      await shot(page, `${width}-${colorScheme}-cart`)
    }
    await page.click('#cart .icon')
    for (const width of WIDTHS) await atWidth(t, page, width, colorScheme)
    t.same(problems, [])
  })
}

async function atWidth(t: Test, page: Page, width: number, colorScheme: string): Promise<void> {
  await page.setViewportSize({ width, height: 844 })
  for (const [name, hash] of [
    ['product', '#/p/p-025'],
    ['shop', '#/'],
  ] as const) {
    await page.evaluate(`location.hash = '${hash}'; scrollTo(0, 0)`)
    t.same(await overflow(page), NOTHING, `${width} px, ${name}`)
    await shot(page, `${width}-${colorScheme}-${name}`)
  }
  const button = page.locator('#panel-button')
  t.equal(await button.isVisible(), width <= 1080, 'beside the shop the panel needs no button')
  if (width <= 1080) await button.click()
  t.ok(await page.locator('#click-p50').isVisible())
  await page.waitForFunction(`document.querySelector('#latency-chart canvas').clientWidth > 100`)
  t.ok((await page.locator('#panel-title').boundingBox())!.y < 844)
  t.same(await overflow(page), NOTHING, `${width} px, the panel`)
  await shot(page, `${width}-${colorScheme}-panel`)
  if (width > 1080) return
  await button.click()
  t.ok(await page.locator('#picks').isVisible(), 'back in the shop')
}
