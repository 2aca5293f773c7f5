import t from 'tap'
import { json } from '../../../lib/index.js'
import type { DecisionSettings } from '../../../lib/personalization/config/service-config.js'
import { SHIPPED_DECISIONS } from '../../../lib/personalization/decisions/index.js'
import { DecisionTable } from '../../../lib/personalization/frame/decision-table.js'
import { type DecisionOptions, defineDecision } from '../../../lib/personalization/frame/define-decision.js'

const GOOD = {
  name: 'big-basket',
  title: 'Big basket',
  within: '200ms',
  channel: 'page',
  validFor: '1h',
  reads: ['cart'],
  onEvent: () => undefined,
} as const

t.test('what is omitted has a default', async (t) => {
  const decision = defineDecision(GOOD)
  t.match(decision, {
    withinMs: 200,
    validForMs: 3_600_000,
    keepForMs: 31 * 86_400_000,
    order: 'eventTime',
    subject: 'user',
    kinds: {},
    onlyKinds: false,
    boundary: { everyMs: 86_400_000, included: false },
    settings: {},
  })
  t.ok(Object.isFrozen(decision))
  t.notOk(defineDecision({ ...GOOD, reads: 'all' }).reads.includes('end_of_input'))
  t.notOk(defineDecision({ ...GOOD, reads: 'all' }).reads.includes('input_progress'))
})

t.test('what is wrong is named', async (t) => {
  const rows: [object, string][] = [
    [{ name: 'Big Basket' }, 'decision Big Basket: name must be'],
    [{ name: 'x'.repeat(41) }, 'name must be'],
    [{ name: undefined }, 'name must be'],
    [{ title: '' }, 'decision big-basket: title must be a text'],
    [{ within: 'soon' }, 'within is soon; write a time'],
    [{ within: 0 }, 'within is 0'],
    [{ channel: 'fax' }, 'channel must be one of page, push, email, sms, none'],
    [{ validFor: undefined }, 'validFor is undefined'],
    [{ reads: 'carts' }, 'reads must be a list of activity types, or all'],
    [{ reads: ['basket'] }, 'reads lists basket; known are view'],
    [{ order: 'sorted' }, "order must be 'arrival' or 'eventTime'"],
    [{ subject: 'item' }, "subject must be 'user' or 'event'"],
    [{ kinds: { 'Not A Kind': '' } }, 'kinds.Not A Kind must be'],
    [{ state: { initial: 0 } }, 'state must have initial and serde'],
    [{ onEvent: 'f' }, 'onEvent must be a function'],
    [{ onTimer: 1 }, 'onTimer must be a function'],
    [{ onEvent: undefined }, 'onEvent is missing: the decision reads events'],
    [{ onEvent: undefined, reads: [] }, 'onEvent is missing'],
    [{ onevent: () => undefined }, 'onevent is not known; known are name'],
    [{ boundary: { every: 'x', included: true } }, 'boundary.every is x'],
    [{ keepFor: -1 }, 'keepFor is -1'],
  ]
  for (const [wrong, message] of rows) {
    const given = { ...GOOD, ...wrong } as unknown as DecisionOptions<unknown>
    t.throws(() => defineDecision(given), { code: 'DECISION_INVALID', message: new RegExp(escaped(message)) }, message)
  }
})

t.test('the table takes settings, and names what is wrong with them', async (t) => {
  const own = defineDecision({
    ...GOOD,
    settings: { items: 3, wait: '1m', words: ['a'] },
    prepare(settings) {
      if (settings.items > 9) throw new RangeError('items must be at most 9')
      return settings
    },
    state: { initial: 0, serde: json<number>() },
  })
  const table = new DecisionTable([own], { 'big-basket': { within: '5m', channel: 'push', items: 4, wait: '2m' } })
  t.match(table.all[0], { withinMs: 300_000, channel: 'push', settings: { items: 4, wait: '120000ms' }, tier: '5m' })
  t.same(table.tiers, ['live', '5m'])
  t.same(new DecisionTable([own], { 'big-basket': { enabled: false } }).all, [])
  const rows: [Record<string, object>, string][] = [
    [{ 'big-baskets': {} }, 'big-baskets'],
    [{ 'big-basket': { item: 3 } }, 'item'],
    [{ 'big-basket': { items: '3' } }, 'items'],
    [{ 'big-basket': { words: 'a' } }, 'words'],
    [{ 'big-basket': { wait: 'long' } }, 'wait'],
    [{ 'big-basket': { items: 10 } }, 'items must be at most 9'],
  ]
  for (const [settings, message] of rows) {
    const make = () => new DecisionTable([own], settings as Record<string, DecisionSettings>)
    t.throws(make, { code: 'CONFIG_FILE_INVALID', message: new RegExp(escaped(message)) }, message)
  }
  t.throws(() => new DecisionTable([own, own]), { code: 'CONFIG_FILE_INVALID' })
  t.throws(() => new DecisionTable([{ ...own }]), { message: /must be made by defineDecision/ })
  const clash = defineDecision({ ...GOOD, name: 'big', kinds: { basket: 'Basket' } })
  t.throws(() => new DecisionTable([own, clash]), { message: /collide/ })
})

t.test('every shipped rule has a name of its own in the summary', async (t) => {
  const { rules } = new DecisionTable(SHIPPED_DECISIONS)
  t.equal(new Set(rules.map(({ key }) => key)).size, rules.length)
  t.equal(new Set(rules.map(({ rule }) => rule)).size, rules.length)
  t.same(
    rules.slice(0, 5).map(({ key }) => key),
    ['carousel', 'cartAbandonment', 'spendingAlert', 'withdrawn', 'upsell'],
  )
})

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
