/** The timers of the rules: one for each subject, at round times, and none left for what is over. */
import t from 'tap'
import type { TimerStore } from '../../lib/index.js'
import { roundedUp } from '../../lib/personalization/decisions/timer-times.js'
import { DEFAULT_RULES } from '../../lib/personalization/topology.js'
import { event, only, START_MS, serviceDriver } from './service-driver.js'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

t.test('round times', async (t) => {
  for (const [dueMs, exactlyMs, expected] of [
    [0, 1_000, 0],
    [1, 1_000, 1_000],
    [1_000, 1_000, 1_000],
    [1_001, 1_000, 2_000],
    [START_MS + 0.5, 1_000, START_MS + 1_000],
    [START_MS + 1, 3_600_000, START_MS + 3_600_000],
  ] as const)
    t.equal(roundedUp(dueMs, exactlyMs), expected, `${dueMs}`)
})

t.test('a cart', async (t) => {
  const service = serviceDriver()
  const timers = service.driver.store<TimerStore<string>>('cart-timers')
  const { abandonAfterMs, graceMs } = DEFAULT_RULES
  const cart = (eventId: string, atMs: number) => event({ eventId, atMs, type: 'cart' })
  service.send(cart('e1', 0))
  const firstMs = roundedUp(START_MS + abandonAfterMs + graceMs + 1, 1_000)
  t.equal(timers.scheduledAtMs('ann'), firstMs)
  service.send(cart('e2', 2 * MINUTE_MS))
  t.equal(timers.scheduledAtMs('ann'), firstMs, 'a later event writes no timer')
  service.send(event({ eventId: 'e3', atMs: firstMs - START_MS, userId: 'bob' }))
  t.equal(timers.scheduledAtMs('ann'), firstMs + 2 * MINUTE_MS, 'it came too early and is set again')
  t.same(only(service.decisions(), 'cart-abandonment'), [])
  service.send(event({ eventId: 'e4', atMs: firstMs - START_MS + 2 * MINUTE_MS, userId: 'bob' }))
  t.match(only(service.decisions(), 'cart-abandonment'), [
    { userId: 'ann', at: START_MS + 2 * MINUTE_MS + abandonAfterMs },
  ])
  t.equal(timers.scheduledAtMs('ann'), null)
  service.send(cart('e5', firstMs - START_MS + 3 * MINUTE_MS))
  service.end(firstMs - START_MS + 3 * MINUTE_MS)
  t.match(only(service.decisions(), 'cart-abandonment'), [{ userId: 'ann', subject: 'e5' }], 'the end of the input')
  t.equal(timers.takeDue(Number.POSITIVE_INFINITY).length, 0, 'none is left')
})

t.test('a day and a session', async (t) => {
  const service = serviceDriver()
  const days = service.driver.store<TimerStore<string>>('spending-timers')
  const sessions = service.driver.store<TimerStore<string>>('session-timers')
  const day = `${START_MS / DAY_MS}/ann`
  service.send(
    event({ eventId: 'e1', atMs: 0 }),
    event({ eventId: 'e2', atMs: 1, type: 'purchase', unitPriceMicros: 600_000_000, quantity: 1 }),
    event({ eventId: 'e3', atMs: 2, type: 'cancellation', unitPriceMicros: 600_000_000, quantity: 1 }),
  )
  const closesMs = START_MS + DAY_MS + DEFAULT_RULES.graceMs
  t.equal(days.scheduledAtMs(day), closesMs)
  t.equal(sessions.scheduledAtMs('ann'), START_MS + DAY_MS)
  service.end(10)
  t.equal(only(service.decisions(), 'spending-alert-withdrawn').length, 1)
  t.equal(days.scheduledAtMs(day), closesMs, 'judged by the end of the input, it waits for its own close')
  t.equal(sessions.scheduledAtMs('ann'), START_MS + DAY_MS, 'the end of the input forgets nobody')
  service.send(event({ eventId: 'e4', atMs: DAY_MS + DEFAULT_RULES.graceMs, userId: 'bob' }))
  t.same(only(service.decisions(), 'spending-alert-withdrawn'), [], 'judged once')
  t.equal(days.scheduledAtMs(day), null)
  t.equal(sessions.scheduledAtMs('ann'), null)
})
