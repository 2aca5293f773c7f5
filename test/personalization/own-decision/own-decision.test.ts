/** A decision added in one file, and the one of the README in a configuration file, appear everywhere without another edit. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../../lib/personalization/config/load-config.js'
import { SHIPPED_DECISIONS } from '../../../lib/personalization/decisions/index.js'
import { DecisionTable } from '../../../lib/personalization/frame/decision-table.js'
import type { Decision } from '../../../lib/personalization/frame/define-decision.js'
import { decisionId } from '../../../lib/personalization/records/decision-id.js'
import { DecisionCount } from '../../../lib/personalization/report/decision-count.js'
import { LiveFigures } from '../../../lib/personalization/report/live/live.js'
import { ManualClock } from '../../../lib/testing/manual-clock.js'
import { decisionTable } from '../../../scripts/shipped-decisions.js'
import { MemoryTopic, memoryService } from '../page-service.js'
import { type DriverOptions, event, only, START_MS, serviceDriver } from '../service-driver.js'
import { bigBasket } from './big-basket.js'

const DECISIONS: readonly Decision[] = [...SHIPPED_DECISIONS, bigBasket as Decision]
const KINDS = ['big-basket', 'big-basket-bought']

/** What Ann's basket of three items, which she buys, makes the decision say. */
function basketOf(options: DriverOptions = {}) {
  const service = serviceDriver({ decisions: DECISIONS, ...options })
  for (const [i, type] of (['cart', 'cart', 'cart', 'purchase'] as const).entries()) {
    service.send(
      event({ eventId: `e${i}`, type, itemId: `i${i}`, atMs: i * 1_000, unitPriceMicros: 1_000_000, quantity: 1 }),
    )
  }
  service.end(4_000)
  return only(service.decisions(), ...KINDS)
}

t.test('it decides, with ids of its own', async (t) => {
  t.match(basketOf(), [
    {
      decisionId: decisionId('big-basket', 's1/ann'),
      rule: 'big-basket',
      subject: 's1/ann',
      userId: 'ann',
      at: START_MS + 2_000,
      validUntil: START_MS + 2_000 + 86_400_000,
      channel: 'email',
      reason: 'a big basket',
    },
    { decisionId: decisionId('big-basket-bought', 's1/ann'), rule: 'big-basket-bought', at: START_MS + 3_000 },
  ])
})

t.test('its tier is the one that it asks for, or that the configuration gives it', async (t) => {
  const table = new DecisionTable(DECISIONS)
  t.equal(table.ofRule('big-basket-bought')?.tier, '15m')
  t.same(table.tiers, ['live', '1m', '15m', '4h', '1d'])
  t.same(
    table.tier('15m').all.map(({ decision }) => decision.name),
    ['big-basket'],
  )
  const settings = { 'big-basket': { within: '200ms', channel: 'push' } } as const
  const changed = new DecisionTable(DECISIONS, settings)
  t.match(changed.ofRule('big-basket'), { tier: 'live', channel: 'push' })
  const ids = (decided: ReturnType<typeof basketOf>) => decided.map(({ decisionId }) => decisionId)
  t.same(ids(basketOf({ settings })), ids(basketOf()))
  t.same(basketOf({ settings: { 'big-basket': { items: 4 } } }), [], 'its own setting')
  t.same(basketOf({ settings: { 'big-basket': { enabled: false } } }), [])
})

t.test('its rows are in the summary', async (t) => {
  const count = new DecisionCount(new DecisionTable(DECISIONS))
  for (const decided of basketOf()) count.add(decided.decisionId, decided)
  const { recommendations, decisions } = count.result()
  t.match(recommendations, { bigBasket: 1, bought: 1, carousel: 0 })
  const row = { decision: 'big-basket', tier: '15m', channel: 'email', decided: 1, delivered: 1, suppressed: {} }
  t.same(decisions.slice(-2), [
    { ...row, rule: 'big-basket', title: 'Big basket' },
    { ...row, rule: 'big-basket-bought', title: 'Big basket: bought' },
  ])
})

t.test('and in the metrics, from which the page makes its rows', async (t) => {
  const service = memoryService(new MemoryTopic(), { owns: [0] })
  const live = new LiveFigures({
    rules: new DecisionTable(DECISIONS).rules,
    clock: new ManualClock(START_MS),
    figures: () => service.figures(),
    delivery: () => ({ connections: 0, sent: 0, dropped: 0, expired: 0 }),
    doorErrors: () => ({}),
  })
  t.match(live.snapshot.byRule, { 'big-basket': 0, 'big-basket-bought': 0 })
  t.match(live.snapshot.rules.slice(-2), [
    { rule: 'big-basket', title: 'Big basket' },
    { rule: 'big-basket-bought', title: 'Big basket: bought' },
  ])
  for (const decided of basketOf()) live.decided(decided, null)
  live.sample()
  t.match(live.snapshot.byRule, { 'big-basket': 1, 'big-basket-bought': 1, carousel: 0 })
})

t.test('and in the table of the documentation', async (t) => {
  const row =
    '| `big-basket` | `big-basket`, `big-basket-bought` | cart, purchase | event time | 15m | 15m | email | 1d | `items: 3` |'
  t.ok(decisionTable(DECISIONS).endsWith(`${row}\n`))
})

t.test('the table in docs/personalization/decisions.md is current (npm run docs writes it)', async (t) => {
  t.ok(readFileSync('docs/personalization/decisions.md', 'utf8').includes(decisionTable()))
})

t.test('the decision of the README, loaded from a configuration file', async (t) => {
  const [, code] = /```mjs\n([\s\S]*?)```/.exec(readFileSync('README.md', 'utf8'))!
  const lines = /^const searchHelp = [\s\S]*?^\}\)$/m.exec(code!)![0].split('\n')
  t.ok(lines.length <= 11, 'it stays short')
  const library = (entry: string) => JSON.stringify(new URL(`../../../lib/${entry}`, import.meta.url).href)
  const folder = t.testdir({
    'own.mjs': code!
      .replace("'millrace/personalization'", library('personalization/index.ts'))
      .replace("'millrace'", library('index.ts')),
  })
  const { decisions, settings } = await loadConfig(join(folder, 'own.mjs'))
  const service = serviceDriver({ decisions: [...SHIPPED_DECISIONS, ...decisions], settings })
  const search = (eventId: string, atMs: number, query: string) =>
    service.send(event({ eventId, type: 'search', itemId: null, query, atMs }))
  search('e1', 0, 'lamp')
  search('e2', 1_000, 'lamps')
  service.send(event({ eventId: 'e3', atMs: 2_000 }))
  search('e4', 3_000, 'light')
  search('e5', 4_000, 'lights')
  search('e6', 5_000, 'desk light')
  search('e7', 6_000, 'desk lights')
  service.end(7_000)
  t.match(only(service.decisions(), 'search-help'), [
    { decisionId: decisionId('search-help', 'desk light/ann'), at: START_MS + 5_000, channel: 'page' },
  ])
})
