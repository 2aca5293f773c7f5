import t from 'tap'
import { armOf } from '../../lib/personalization/experiments/experiment.js'
import { decisionId } from '../../lib/personalization/records/decision-id.js'
import { seededRandom } from '../../lib/record/random.js'
import { event, only, START_MS, serdes, serviceDriver, topics } from './service-driver.js'

const MINUTE = 60_000
const DAY = 86_400_000
const buy = (eventId: string, atMs: number, units: number, more: object = {}) =>
  event({ eventId, atMs, type: 'purchase', unitPriceMicros: units * 1_000_000, currency: 'EUR', ...more })

t.test('one carousel per view or search, an empty one with its reason', async (t) => {
  const service = serviceDriver()
  service.send(event({ eventId: '1', atMs: 0 }))
  const [first] = service.decisions()
  t.match(first, {
    rule: 'carousel',
    subject: '1',
    items: [],
    reason: 'nothing-learned',
    userId: 'ann',
    sessionId: 's1',
  })
  t.equal(first!.decisionId, decisionId('carousel', '1'))
  service.send(event({ eventId: '2', atMs: 1, itemId: 'i2' }), event({ eventId: '3', atMs: 2, type: 'cart' }))
  service.send(event({ eventId: '4', atMs: 3, type: 'search', itemId: null, query: 'red shoes' }))
  const rest = service.decisions()
  t.same(
    rest.map(({ subject }) => subject),
    ['2', '4'],
  )
  t.equal(rest[1]!.becauseOf, 'red shoes')
  t.ok(rest[1]!.items.length > 0)
})

t.test('a decision carries id and validity in headers and stays under 1 KB', async (t) => {
  const service = serviceDriver()
  for (let i = 0; i < 60; i++) {
    service.send(
      event({ eventId: `v${i}`, atMs: i, userId: `u${i % 7}`, sessionId: `s${i % 7}`, itemId: 'x'.repeat(78) + i }),
    )
  }
  for (const { key, value, headers } of service.records()) {
    const header = (name: string) => headers.find((one) => one.key === name)?.value?.toString()
    t.equal(key, value!.userId)
    t.equal(header('decision-id'), value!.decisionId)
    t.equal(header('valid-until'), String(value!.validUntil))
    t.ok(serdes.recommendation.serialize(value!, topics.recommendations).length < 1_024)
  }
})

t.test('the arm is sticky and about one user in ten is in the treatment', async (t) => {
  const users = Array.from({ length: 10_000 }, (_, i) => `u-${i}`)
  const treated = users.filter((user) => armOf(user) === 'treatment').length
  t.ok(treated > 900 && treated < 1_100, `${treated}`)
  t.same(users.map(armOf), users.map(armOf))
})

t.test('carts: who is told, at which deadline', async (t) => {
  const cart = (eventId: string, atMs: number) => event({ eventId, atMs, type: 'cart' })
  const rows: [string, ReturnType<typeof event>[], [subject: string, atMs: number][]][] = [
    ['left', [cart('c', 0)], [['c', 5 * MINUTE]]],
    ['bought', [cart('c', 0), buy('p', MINUTE, 1)], []],
    ['emptied', [cart('c', 0), event({ eventId: 'r', atMs: 1, type: 'remove' })], []],
    ['a view moves the deadline', [cart('c', 0), event({ eventId: 'v', atMs: 4 * MINUTE })], [['c', 9 * MINUTE]]],
    ['bought exactly on the deadline', [cart('c', 0), buy('p', 5 * MINUTE, 1)], []],
    ['bought just after', [cart('c', 0), buy('p', 5 * MINUTE + 1, 1)], [['c', 5 * MINUTE]]],
    ['opened again', [cart('c', 0), buy('p', 1, 1), cart('d', 2)], [['d', 5 * MINUTE + 2]]],
    [
      'two lives',
      [cart('c', 0), cart('d', 6 * MINUTE)],
      [
        ['c', 5 * MINUTE],
        ['d', 11 * MINUTE],
      ],
    ],
  ]
  for (const [name, events, expected] of rows) {
    const service = serviceDriver()
    service.send(...events)
    service.end(6 * MINUTE)
    const found = only(service.decisions(), 'cart-abandonment').map(({ subject, at }) => [subject, at - START_MS])
    t.same(found, expected, name)
  }
})

t.test('an abandonment fires by event time, before the end of the input', async (t) => {
  const service = serviceDriver({ graceMs: MINUTE })
  service.send(event({ eventId: 'c', atMs: 0, type: 'cart' }))
  service.send(event({ eventId: 'v', atMs: 6 * MINUTE, userId: 'bob', sessionId: 's2' }))
  t.same(only(service.decisions(), 'cart-abandonment'), [])
  service.send(event({ eventId: 'w', atMs: 6 * MINUTE + 2_000, userId: 'bob', sessionId: 's2' }))
  t.equal(only(service.decisions(), 'cart-abandonment').length, 1)
  service.end(7 * MINUTE)
  t.same(only(service.decisions(), 'cart-abandonment'), [])
})

t.test('spending: what fires, what is withdrawn', async (t) => {
  const cancel = (eventId: string, atMs: number, units: number) => ({
    ...buy(eventId, atMs, units),
    type: 'cancellation' as const,
  })
  const third = (eventId: string, micros: number) => ({ ...buy(eventId, 0, 0), unitPriceMicros: micros })
  const rows: [string, ReturnType<typeof event>[], string[]][] = [
    ['one big purchase', [buy('1', 0, 500)], ['spending-alert']],
    ['just below', [third('1', 499_999_999)], []],
    ['three thirds', [third('1', 166_670_000), third('2', 166_670_000), third('3', 166_660_000)], ['spending-alert']],
    ['two days', [buy('1', DAY - 1, 300), buy('2', DAY, 300)], []],
    ['fires once', [buy('1', 0, 600), buy('2', 1, 600)], ['spending-alert']],
    ['cancelled below', [buy('1', 0, 600), cancel('2', 1, 200)], ['spending-alert', 'spending-alert-withdrawn']],
    ['cancelled, still there', [buy('1', 0, 600), cancel('2', 1, 100)], ['spending-alert']],
    ['cancelled first', [cancel('1', 0, 200), buy('2', 1, 600)], ['spending-alert', 'spending-alert-withdrawn']],
    ['nobody known', [{ ...buy('1', 0, 900), userId: null }], []],
  ]
  for (const [name, events, expected] of rows) {
    const service = serviceDriver()
    service.send(...events)
    service.end(DAY)
    const found = only(service.decisions(), 'spending-alert', 'spending-alert-withdrawn')
    t.same(
      found.map(({ rule }) => rule),
      expected,
      name,
    )
  }
})

t.test('the end of the input closes a day for good', async (t) => {
  const service = serviceDriver()
  service.send(buy('1', 0, 600))
  service.end(1_000)
  service.send({ ...buy('2', 2_000, 600), source: 'page' })
  t.equal(only(service.decisions(), 'spending-alert').length, 1)
})

t.test('ids do not depend on the order inside the grace period, nor on copies', async (t) => {
  const ids = (events: readonly ReturnType<typeof event>[]) => {
    const service = serviceDriver({ graceMs: 2 * MINUTE })
    service.send(...events)
    service.end(60 * MINUTE)
    t.same(service.deadLetters(), [])
    const found = service.decisions().map((decision) => decision.decisionId)
    t.equal(new Set(found).size, found.length)
    return found.sort()
  }
  for (let seed = 1; seed <= 15; seed++) {
    const random = seededRandom(`order ${seed}`)
    let atMs = 0
    const events = Array.from({ length: 150 }, (_, i) => {
      atMs += random.int(4) * 10_000
      const user = `u${random.int(4)}`
      const kind = random.next()
      const type =
        kind < 0.4 ? 'view' : kind < 0.7 ? 'cart' : kind < 0.85 ? 'purchase' : kind < 0.93 ? 'remove' : 'cancellation'
      const unitPriceMicros = (100 + random.int(300)) * 1_000_000
      return event({
        eventId: String(i),
        atMs,
        userId: user,
        sessionId: `s-${user}`,
        type,
        itemId: `i${random.int(9)}`,
        unitPriceMicros,
      })
    })
    const shuffled = events
      .flatMap((one) => [one, ...(random.next() < 0.3 ? [one] : [])])
      .map((one) => ({ one, dueMs: one.at + random.int(2 * MINUTE) }))
      .sort((a, b) => a.dueMs - b.dueMs)
      .map(({ one }) => one)
    t.same(ids(shuffled), ids(events), `seed ${seed}`)
  }
})
