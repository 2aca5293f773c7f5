/** What the rules around decisions do to the decisions of a task: delivered, held, suppressed with a reason, and each exactly once. */
import t from 'tap'
import { defineDecision } from '../../../lib/personalization/frame/define-decision.js'
import type { ActivityFields } from '../../../lib/personalization/records/activity.js'
import { event, START_MS, serviceDriver } from '../service-driver.js'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** Says every view by push, in the tier it is asked to run in. */
const push = defineDecision({
  name: 'push',
  title: 'Push',
  within: '200ms',
  channel: 'push',
  validFor: '10h',
  reads: ['view'],
  order: 'arrival',
  subject: 'event',
  onEvent(_state, seen, turn) {
    turn.decide({ subject: seen.eventId, items: [seen.itemId!] })
    return undefined
  },
})

const view = (eventId: string, atMs: number, more: Partial<ActivityFields> = {}) => event({ eventId, atMs, ...more })
const said = (decisions: readonly { subject: string; suppressed: string | null }[]) =>
  decisions.map(({ subject, suppressed }) => (suppressed === null ? subject : `${subject} ${suppressed}`))

t.test('caps count across decisions of one channel, in the live tier and in slower ones', async (t) => {
  for (const within of ['200ms', '1m', '4h']) {
    const around = { caps: [{ channel: 'push', most: 2, perMs: HOUR_MS }] } as const
    const service = serviceDriver({ decisions: [push], settings: { push: { within } }, around })
    service.send(view('a', 0), view('b', 10), view('c', 20), view('e', 21, { userId: 'bob' }), view('d', HOUR_MS))
    service.end(HOUR_MS)
    t.same(said(service.decisions()), ['a', 'b', 'e', 'd'], within)
    t.same(said(service.suppressed()), ['c cap'], within)
  }
})

t.test('consent is checked at the decision; who is held out gets nothing', async (t) => {
  const consent = (eventId: string, atMs: number, marketing: boolean) =>
    event({ eventId, atMs, type: 'consent', itemId: null, consent: { marketing } })
  const service = serviceDriver({ decisions: [push] })
  service.send(view('a', 0), consent('no', 1, false), view('b', 2), consent('yes', 3, true), view('c', 4))
  t.same(said(service.decisions()), ['a', 'c'])
  t.same(said(service.suppressed()), ['b no-consent'])
  const held = serviceDriver({ decisions: [push], around: { holdOut: { share: 1, salt: 's' } } })
  held.send(view('a', 0))
  t.same(said(held.decisions()), [])
  t.same(said(held.suppressed()), ['a hold-out'])
})

t.test('quiet hours hold a decision until they end, if it is still valid then', async (t) => {
  // START_MS is midnight UTC.
  const quietHours = { channels: ['push'], fromMinute: 22 * 60, toMinute: 7 * 60, zone: 'UTC' } as const
  const service = serviceDriver({
    decisions: [push],
    around: { quietHours, caps: [{ channel: 'push', most: 1, perMs: HOUR_MS }] },
  })
  service.send(view('a', HOUR_MS), view('b', HOUR_MS + 1))
  t.same(said(service.decisions()), [])
  service.send(event({ eventId: 'later', atMs: 7 * HOUR_MS - 1, type: 'cart' }))
  t.same(said(service.decisions()), [])
  service.send(event({ eventId: 'end', atMs: 7 * HOUR_MS, type: 'cart' }))
  t.equal(service.decisions().length, 1, 'caps count what is delivered, at the time at which it is')
  t.match(service.suppressed(), [{ suppressed: 'cap' }])
  service.send(view('c', 24 * HOUR_MS))
  service.end(24 * HOUR_MS)
  t.same(said(service.decisions()), ['c'], 'the end of the input ends every hold')
  const short = serviceDriver({ decisions: [push], settings: { push: { validFor: '1h' } }, around: { quietHours } })
  short.send(view('a', HOUR_MS))
  t.same(said(short.suppressed()), ['a quiet-hours-expired'])
})

t.test('what was bought leaves the lists; a carousel may be empty, others are suppressed', async (t) => {
  const around = { excludeBought: { forDays: 30 } }
  const service = serviceDriver({ decisions: [push], around })
  const bought = event({ eventId: 'p', atMs: 0, type: 'purchase', unitPriceMicros: 1 })
  service.send(bought, view('a', 1), view('b', 2, { itemId: 'i2' }), view('c', 31 * 24 * HOUR_MS))
  t.same(said(service.decisions()), ['b', 'c'])
  t.same(said(service.suppressed()), ['a already-bought'])
})

t.test('a campaign tells at most so many users a second, the first interested first, and nobody twice', async (t) => {
  const campaign = {
    id: 'sale',
    title: 'Sale',
    categories: ['shoes'],
    items: [],
    startMs: START_MS + HOUR_MS,
    endMs: START_MS + 2 * HOUR_MS,
    perSecond: 2,
  }
  const service = serviceDriver({ campaigns: [campaign], graceMs: 0 })
  const users = ['e', 'd', 'c', 'b', 'a']
  for (const [i, userId] of users.entries()) {
    service.send(view(`v${i}`, i * MINUTE_MS, { userId, sessionId: userId, category: 'shoes' }))
  }
  service.decisions()
  const told = () =>
    service
      .decisions()
      .filter(({ rule }) => rule === 'flash-sale')
      .map(({ userId }) => userId)
  const tick = (atMs: number) =>
    service.send(event({ eventId: `t${atMs}`, atMs, type: 'search', itemId: null, query: 'x', userId: 'z' }))
  tick(HOUR_MS)
  t.same(told(), [], 'who is interested at the start includes those who come at that instant')
  tick(HOUR_MS + 1_000)
  t.same(told(), ['e', 'd'])
  tick(HOUR_MS + 2_000)
  t.same(told(), ['c', 'b'])
  service.end(HOUR_MS + 2_001)
  t.same(told(), ['a'], 'nothing is lost')
})
