/** What a decision carries about why it was made: its cause, the state it read, the rules it was asked about, and times. */
import t from 'tap'
import { defineDecision } from '../../../lib/personalization/frame/define-decision.js'
import type { ActivityFields } from '../../../lib/personalization/records/activity.js'
import { type RuleAnswers, stateText, type TraceOptions } from '../../../lib/personalization/records/decision-trace.js'
import type { Recommendation } from '../../../lib/personalization/records/recommendation.js'
import { json } from '../../../lib/serde/json.js'
import { event, START_MS, serdes, serviceDriver, topics } from '../service-driver.js'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** Counts views and says each; wakes up a minute after the latest. */
const counter = defineDecision({
  name: 'counter',
  title: 'Counter',
  within: '200ms',
  channel: 'push',
  validFor: '12h',
  reads: ['view'],
  subject: 'event',
  kinds: { quiet: 'Quiet' },
  state: { initial: { views: 0 }, serde: json<{ views: number }>() },
  onEvent({ views }, seen, turn) {
    turn.wakeAt(seen.at + MINUTE_MS)
    turn.decide({ subject: seen.eventId, items: [seen.itemId!] })
    return { views: views + 1 }
  },
  onTimer({ views }, atMs, turn) {
    turn.decide({ kind: 'quiet', subject: `${turn.userId}-${atMs}` })
    return { views }
  },
})

/** Keeps the items of the latest views, and says them. */
const keeper = defineDecision({
  name: 'keeper',
  title: 'Keeper',
  within: '200ms',
  channel: 'push',
  validFor: '12h',
  reads: ['view'],
  order: 'arrival',
  subject: 'event',
  state: { initial: [], serde: json<readonly string[]>() },
  onEvent(seen: readonly string[], { eventId, itemId, sessionId }, turn) {
    turn.decide({ subject: eventId, items: seen, becauseOf: itemId, sessionId })
    return [...seen, itemId!].slice(-20)
  },
})

const view = (eventId: string, atMs: number, more: Partial<ActivityFields> = {}) => event({ eventId, atMs, ...more })
const answersOf = ({ trace }: Recommendation) => (trace?.rules ? (JSON.parse(trace.rules) as RuleAnswers) : null)

t.test('event and timer: cause, place, state read and tier, in every tier', async (t) => {
  for (const within of ['200ms', '1m', '4h']) {
    const service = serviceDriver({ decisions: [counter], settings: { counter: { within } } })
    service.send(view('a', 0), view('b', 10))
    service.end(HOUR_MS)
    const [a, b, quiet] = service.decisions()
    const tier = within === '200ms' ? 'live' : within
    t.match(a!.trace, { cause: 'event', causeAt: START_MS, eventId: 'a', eventType: 'view', offset: 0, tier })
    t.match(b!.trace, { eventId: 'b', causeAt: START_MS + 10, offset: 1, state: '{"views":1}', written: null })
    t.match(quiet!.trace, { cause: 'timer', causeAt: START_MS + 10 + MINUTE_MS, eventId: null, offset: -1 })
    t.match(quiet!.trace, { state: '{"views":2}', tier })
    for (const { trace } of [a!, b!]) {
      t.ok(trace!.arrivedAt >= START_MS && trace!.decidedAt >= trace!.arrivedAt)
      t.ok(trace!.judgedAt >= trace!.decidedAt)
    }
    t.same(answersOf(a!), { consent: { answer: 'passed', purpose: 'marketing', granted: true, since: null } })
  }
})

t.test('the state after the decision, and states cut or left out, as configured', async (t) => {
  const states = (trace: TraceOptions) => {
    const service = serviceDriver({ decisions: [counter], trace })
    service.send(view('a', 0), view('b', 10))
    service.end(HOUR_MS)
    return service.decisions().map(({ trace }) => [trace!.state, trace!.written])
  }
  for (const stateLength of [100, null])
    t.same(states({ stateLength, written: true }), [
      ['{"views":0}', '{"views":1}'],
      ['{"views":1}', '{"views":2}'],
      ['{"views":2}', '{"views":2}'],
    ])
  t.same(states({ stateLength: 5, written: false })[0], ['{"vie', null])
  t.same(states({ stateLength: 0, written: true })[0], [null, null])
})

t.test('a state without JSON is no reason to fail', async (t) => {
  const options = { stateLength: 100, written: false }
  const loop: { self?: unknown } = {}
  loop.self = loop
  for (const state of [1n, loop, undefined]) t.equal(stateText(state, options), null)
  t.equal(stateText(null, options), 'null')
})

t.test('each rule that applies says its figures; those after the one that suppresses are not asked', async (t) => {
  const around = {
    holdOut: { share: 0.5, salt: 'of-this-test' },
    excludeBought: { forDays: 30 },
    quietHours: { channels: ['push'], fromMinute: 22 * 60, toMinute: 7 * 60, zone: 'Europe/Berlin' },
    caps: [
      { channel: 'push', most: 1, perMs: 24 * HOUR_MS },
      { channel: 'email', most: 1, perMs: HOUR_MS },
    ],
  } as const
  const users = Array.from({ length: 20 }, (_, i) => `user-${i}`)
  const service = serviceDriver({ decisions: [counter], around })
  const noonMs = 12 * HOUR_MS
  for (const userId of users) {
    const purchase = { userId, type: 'purchase', itemId: 'i1', unitPriceMicros: 1_000_000 } as const
    service.send(event({ eventId: `bought-${userId}`, atMs: noonMs, ...purchase }))
    const consent = { userId, type: 'consent', itemId: null, consent: { marketing: true } } as const
    service.send(event({ eventId: `consent-${userId}`, atMs: noonMs + 1, ...consent }))
    service.send(view(`first-${userId}`, noonMs + 2, { userId, itemId: 'i2', timeZone: 'Asia/Tokyo' }))
    service.send(view(`second-${userId}`, noonMs + 3, { userId, itemId: 'i1' }))
  }
  service.end(40 * HOUR_MS)
  const suppressed = service.suppressed()
  const held = suppressed.find(({ suppressed }) => suppressed === 'hold-out')!
  t.same(Object.keys(answersOf(held)!), ['hold-out'], 'the rest is not asked')
  t.match(answersOf(held), { 'hold-out': { answer: 'hold-out', share: 0.5 } })
  t.ok((answersOf(held)!['hold-out']!.place as number) < 0.5)
  const bought = suppressed.find(({ suppressed }) => suppressed === 'already-bought')!
  t.match(answersOf(bought), {
    'hold-out': { answer: 'passed' },
    consent: { answer: 'passed', purpose: 'marketing', granted: true, since: START_MS + noonMs + 1 },
    'already-bought': { answer: 'already-bought', forDays: 30, bought: 1, removed: ['i1'] },
  })
  // 12:00 UTC is 21:00 in Tokyo: not quiet yet.
  const first = service.decisions().find(({ subject }) => subject.startsWith('first'))!
  t.same(Object.keys(answersOf(first)!), ['hold-out', 'consent', 'already-bought', 'quiet-hours', 'frequency-caps'])
  t.match(answersOf(first), {
    'quiet-hours': { answer: 'passed', zone: 'Asia/Tokyo', known: true, clock: '21:00', from: '22:00', to: '07:00' },
    'frequency-caps': { answer: 'passed', caps: [{ most: 1, perMs: 24 * HOUR_MS, delivered: 0 }] },
  })
})

t.test('a hold stays visible after it', async (t) => {
  const around = {
    quietHours: { channels: ['push'], fromMinute: 0, toMinute: 420, zone: 'UTC' },
    caps: [{ channel: 'push', most: 1, perMs: HOUR_MS }],
  } as const
  const service = serviceDriver({ decisions: [counter], around })
  service.send(
    view('a', 1_000),
    view('b', 2_000),
    event({ eventId: 'c', atMs: 8 * HOUR_MS, type: 'custom', itemId: null }),
  )
  const [a] = service.decisions()
  const [b] = service.suppressed()
  for (const { trace, at } of [a!, b!]) t.match(trace, { heldAt: at, heldUntil: START_MS + 7 * HOUR_MS })
  t.match(answersOf(a!), { 'quiet-hours': { answer: 'passed', clock: '07:00', known: false, zone: 'UTC' } })
  t.match(answersOf(b!), { 'frequency-caps': { answer: 'cap', caps: [{ most: 1, perMs: HOUR_MS, delivered: 1 }] } })
})

t.test('with its trace a record stays under 1 KB: the state gives way, then the figures of the rules', async (t) => {
  const around = {
    holdOut: { share: 0.01, salt: 's' },
    excludeBought: { forDays: 30 },
    quietHours: { channels: ['push'], fromMinute: 0, toMinute: 1, zone: 'America/Argentina/Buenos_Aires' },
    caps: [100, 200, 300].map((most) => ({ channel: 'push', most, perMs: HOUR_MS * most }) as const),
  } as const
  const lengths = new Map<string, number>()
  for (const idLength of [8, 40, 80]) {
    const long = (name: string) => `${name}${'é'.repeat(40)}`.slice(0, idLength / (idLength === 80 ? 2 : 1))
    const service = serviceDriver({ decisions: [keeper], around })
    for (let i = 0; i < 40; i++) {
      service.send(
        view(long(`${i}-`), HOUR_MS + i, { userId: long('user'), itemId: long(`item-${i}-`), sessionId: long('s') }),
      )
    }
    for (const { key, value, headers } of service.records()) {
      const bytes = serdes.recommendation.serialize(value!, topics.recommendations).length + Buffer.byteLength(key!)
      const ofHeaders = headers.reduce((sum, header) => sum + header.key.length + (header.value?.length ?? 0), 0)
      t.ok(bytes + ofHeaders < 1_024, `${bytes} and ${ofHeaders} bytes with ids of ${idLength}`)
      t.ok(value!.trace!.decidedAt > 0 && value!.trace!.eventId !== null)
      lengths.set(String(idLength), value!.trace!.state?.length ?? 0)
    }
  }
  t.ok(lengths.get('8')! > lengths.get('40')!, JSON.stringify([...lengths]))
})
