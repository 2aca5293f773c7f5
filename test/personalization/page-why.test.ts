/** A click on a decision in the panel says why it was made, on a desk and on a phone. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { PersonalizationServer } from '../../lib/personalization/doors/server.js'
import type { DecisionTrace } from '../../lib/personalization/records/decision-trace.js'
import type { Recommendation } from '../../lib/personalization/records/recommendation.js'
import type { ServicePort } from '../../lib/personalization/service-port.js'
import { clickProduct, openBrowser, openPage } from './page-browser.js'
import { MemoryTopic, memoryService } from './page-service.js'

t.setTimeout(120_000)
const { PAGE_SHOTS } = process.env
/** The stages of each decision begin here. */
const START_MS = Date.now() - 5_000

/** Finds what is on the topic. */
function tracesOf(topic: MemoryTopic): ServicePort['traces'] {
  return {
    async find(decisionId) {
      const records = topic.partitions.flat()
      const record = records.find(({ value }) => JSON.parse(value!.toString()).decisionId === decisionId)
      if (record === undefined) return null
      const read = JSON.parse(record.value!.toString()) as Recommendation
      const trace: DecisionTrace = {
        ...{ cause: 'event' as const, causeAt: read.at, eventId: 'e-1', eventType: 'view', partition: 0, offset: 0 },
        ...{ arrivedAt: START_MS, tier: 'live', decidedAt: START_MS + 10, state: null, written: null },
        ...{ judgedAt: START_MS + 11 },
        ...{ heldAt: -1, heldUntil: -1, rules: null },
      }
      return {
        ...{ decision: { ...read, trace }, topic: 'recommendations', partition: 0, offset: 0, storedAt: START_MS + 20 },
        ...{ traceparent: null, event: null, shownAt: START_MS + 100_000, clickedAt: null },
      }
    },
    ofUser: async () => ({ decisions: [], before: null }),
  }
}

for (const width of [1440, 390]) {
  for (const colorScheme of ['light', 'dark'] as const) {
    t.test(`${width} px, ${colorScheme}`, async (t) => {
      const browser = await openBrowser(t)
      if (browser === null) return
      const topic = new MemoryTopic()
      const service = { ...memoryService(topic, { owns: [0, 1, 2, 3], answers: true }), traces: tracesOf(topic) }
      const server = new PersonalizationServer({ service, port: 0, ticketSecret: 'shared' })
      t.teardown(() => server.close())
      const { page, problems } = await openPage(browser, `${await server.listen()}/?user=ada`)
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.setViewportSize({ width, height: 844 })
      const decisionId = await clickProduct(page, 'p-025')
      if (width < 1080) await page.click('#panel-button')
      t.notOk(await page.locator('#no-decisions').isVisible())
      await page.click(`.own-decision[data-decision="${decisionId}"]`)
      await page.waitForSelector('#why[open]')
      t.equal(await page.textContent('#why-title'), 'Carousel')
      const words = await page.locator('#why-words li').allTextContents()
      t.match(words[0], /^Carousel: the event e-1 \(view\) at .* led to it\.$/)
      t.equal(words.at(-1), 'It was delivered on the page.')
      const stages = await page.locator('#why-times div').allTextContents()
      const names = stages.map((text) => /^[A-Za-z ]+?(?=\d)/.exec(text)![0])
      t.same(names, ['Event stored', 'Decided', 'Rules asked', 'Decision stored', 'Sent', 'Shown'])
      const waits = stages.slice(1, 4).map((text) => /\+\d+ ms$/.exec(text)![0])
      t.same(waits, ['+10 ms', '+1 ms', '+9 ms'])
      const right = await page.evaluate(`document.querySelector('#why').getBoundingClientRect().right`)
      t.ok((right as number) <= width, 'not wider than the screen')
      const wider = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
      t.equal(wider, 0)
      if (PAGE_SHOTS !== undefined) {
        mkdirSync(PAGE_SHOTS, { recursive: true })
        await page.screenshot({ path: join(PAGE_SHOTS, `why-${width}-${colorScheme}.png`) })
      }
      await page.click('#why .primary')
      t.notOk(await page.locator('#why').isVisible())
      t.same(problems, [])
    })
  }
}
