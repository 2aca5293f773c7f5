/** The example of the page about traces is what the service answers. `WRITE=1` writes it. */
import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { SHIPPED_DECISIONS } from '../../lib/personalization/decisions/index.js'
import { DecisionTable } from '../../lib/personalization/frame/decision-table.js'
import { explained } from '../../lib/personalization/trace/explanation.js'
import { event, serviceDriver } from '../personalization/service-driver.js'

const PAGE = 'docs/personalization/traces.md'
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

t.test('the example', async (t) => {
  const around = { caps: [{ channel: 'push', most: 1, perMs: 24 * HOUR_MS }] } as const
  const service = serviceDriver({ around })
  const cart = (eventId: string, atMs: number, itemId: string) => event({ eventId, atMs, type: 'cart', itemId })
  const [first, second] = [cart('e-1', 9 * HOUR_MS, 'p-012'), cart('e-2', 11 * HOUR_MS, 'p-025')]
  service.send(first, second)
  service.end(12 * HOUR_MS)
  const decision = service.suppressed().find(({ rule }) => rule === 'cart-abandonment')!
  const { trace } = decision
  const found = {
    ...{ decision, topic: 'suppressed', partition: 3, offset: 17, storedAt: trace!.judgedAt + 4, traceparent: null },
    ...{ event: second, shownAt: null, clickedAt: null },
  }
  const answer = explained(found, { rules: new DecisionTable(SHIPPED_DECISIONS).rules, sentAt: null, isWhole: true })
  t.equal(answer.times.decided, new Date(second.at + 5 * MINUTE_MS).toISOString())
  const shown = {
    ...answer,
    cause: { ...answer.cause, event: { ...answer.cause.event, activity: '...' } },
    decision: '...',
  }
  const block = `\`\`\`json\n${JSON.stringify(shown, null, 2)}\n\`\`\``
  const text = readFileSync(PAGE, 'utf8')
  const written = text.replace(/```json\n[\s\S]*?\n```/, () => block)
  if (process.env.WRITE === '1') writeFileSync(PAGE, written)
  t.equal(text.includes(block), true, `${PAGE} shows another answer: WRITE=1 node --import=tsx ${import.meta.filename}`)
})
