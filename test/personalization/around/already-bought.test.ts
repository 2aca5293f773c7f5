import t from 'tap'
import { judge } from '../../../lib/personalization/around/index.js'
import { INITIAL_AROUND, mergeAround, observe } from '../../../lib/personalization/around/state.js'
import { type ActivityType, activityOf } from '../../../lib/personalization/records/activity.js'
import { seededRandom } from '../../../lib/record/random.js'
import { DAY_MS, decision, NO_RULES, NOON_MS } from './decision.js'

const config = { ...NO_RULES, excludeBought: { forDays: 30 } }
const event = (itemId: string | null, at: number, type: ActivityType = 'purchase') =>
  activityOf({ eventId: `${at}`, userId: 'ann', type, at, itemId, source: 'page', unitPriceMicros: 1 })
const after = (...events: ReturnType<typeof event>[]) =>
  events.reduce((held, one) => observe(held, one, config), INITIAL_AROUND)

t.test('bought items leave the list, in its order', async (t) => {
  const rows: [what: string, bought: [string, number][], items: string[], left: string[] | string][] = [
    ['nothing bought', [], ['a', 'b'], ['a', 'b']],
    ['one of them', [['a', 0]], ['a', 'b', 'c'], ['b', 'c']],
    ['another item', [['x', 0]], ['a', 'b'], ['a', 'b']],
    [
      'all of them',
      [
        ['a', 0],
        ['b', 1],
      ],
      ['b', 'a'],
      'already-bought',
    ],
    ['an empty list was empty before', [['a', 0]], [], []],
    ['30 days ago, to the millisecond', [['a', -30 * DAY_MS]], ['a', 'b'], ['b']],
    ['a millisecond more', [['a', -30 * DAY_MS - 1]], ['a', 'b'], ['a', 'b']],
    [
      'bought twice, the latest counts',
      [
        ['a', -5 * DAY_MS],
        ['a', -40 * DAY_MS],
      ],
      ['a', 'b'],
      ['b'],
    ],
    ['bought after the time of the decision, known before it', [['a', 5_000]], ['a', 'b'], ['b']],
  ]
  for (const [what, bought, items, left] of rows) {
    const state = after(...bought.map(([item, at]) => event(item, NOON_MS + at)))
    const verdict = judge(decision({ items }), state, config, NOON_MS)
    if (typeof left === 'string') t.match(verdict, { kind: 'suppress', reason: left }, what)
    else t.match(verdict, { kind: 'deliver', decision: { items: left } }, what)
  }
})

t.test('a list that may be empty is delivered empty', async (t) => {
  const state = after(event('a', NOON_MS))
  const given = decision({ items: ['a'] })
  t.same(judge(given, state, config, NOON_MS, true), {
    kind: 'deliver',
    decision: { ...given, items: [] },
    state,
    notes: [],
  })
  t.same(given.items, ['a'], 'the decision itself is not changed')
})

t.test('only purchases of items count, and only if the configuration says so', async (t) => {
  for (const type of ['view', 'cart', 'remove', 'cancellation', 'click'] as const) {
    t.equal(observe(INITIAL_AROUND, event('a', NOON_MS, type), config), INITIAL_AROUND, type)
  }
  t.equal(observe(INITIAL_AROUND, event(null, NOON_MS), config), INITIAL_AROUND)
  t.equal(observe(INITIAL_AROUND, event('a', NOON_MS), NO_RULES), INITIAL_AROUND)
  const state = after(event('a', NOON_MS))
  t.match(judge(decision({ items: ['a'] }), state, NO_RULES, NOON_MS), { kind: 'deliver' })
  for (const at of [NOON_MS - 1, NOON_MS]) t.equal(observe(state, event('a', at), config), state, 'no later purchase')
})

t.test('what is kept is bounded, and the same in any order of arrival and through a merge', async (t) => {
  const random = seededRandom(1)
  const events = Array.from({ length: 3_000 }, () =>
    event(`item-${random.int(1_500)}`, NOON_MS + random.int(40 * DAY_MS)),
  )
  const kept = after(...events)
  t.equal(kept.bought.length, 500)
  const shuffled = events
    .map((one) => [random.next(), one] as const)
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one)
  t.same(after(...shuffled), kept)
  const [some, others] = [after(...shuffled.slice(0, 1_000)), after(...shuffled.slice(1_000))]
  t.same(mergeAround(some, others, config), kept)
  t.same(mergeAround(others, some, config), kept)
  const old = after(event('old', NOON_MS), event('new', NOON_MS + 32 * DAY_MS))
  t.same(
    old.bought.map(({ itemId }) => itemId),
    ['new'],
  )
})
