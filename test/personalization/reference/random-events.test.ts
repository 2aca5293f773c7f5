/** The random histories are worth comparing on: valid, repeatable, and on both sides of every edge. */
import t from 'tap'
import { activityProblem, type UserActivity } from '../../../lib/personalization/records/activity.js'
import { referenceAudienceSync } from './audience-sync.js'
import { referenceCarousel } from './carousel.js'
import { referenceCartAbandonment } from './cart-abandonment.js'
import { referenceDailySegments } from './daily-segments.js'
import { referenceFlashSale } from './flash-sale.js'
import { DAY_MS, decisionLines, HOUR_MS, inTime, MINUTE_MS, type ReferenceDecision, SECOND_MS } from './plain.js'
import { referencePlayback } from './playback.js'
import { arrivals, RANDOM_CAMPAIGN, randomEvents } from './random-events.js'
import { referenceServiceRouting } from './service-routing.js'
import { referenceSpendingAlert } from './spending-alert.js'
import { referenceUpsell } from './upsell.js'

const SEEDS = Array.from({ length: 100 }, (_, i) => `history ${i}`)
const histories = SEEDS.map((seed) => randomEvents(seed))
const long = SEEDS.map((seed) => randomEvents(seed, { days: 45 }))

t.test('valid, in order, each id once, the same again', async (t) => {
  for (const [i, events] of histories.entries()) {
    t.same(events.map((event) => activityProblem(event)).filter(Boolean), [])
    t.same([...events].sort(inTime), events)
    t.equal(new Set(events.map(({ eventId }) => eventId)).size, events.length)
    t.same(randomEvents(SEEDS[i]!), events)
  }
  const beside = (event: UserActivity, before: UserActivity | undefined) => event.at === before?.at
  t.ok(histories.every((events) => events.some((event, i) => beside(event, events[i - 1]))))
})

t.test('arrivals hold every event, some twice, none later than grace', async (t) => {
  for (const [i, events] of histories.entries()) {
    const graceMs = 10 * MINUTE_MS
    const arrived = arrivals(SEEDS[i]!, events, graceMs)
    t.same([...new Set(arrived)].sort(inTime), events)
    t.ok(arrived.length > events.length)
    let latestMs = 0
    for (const { at } of arrived) {
      if (at < latestMs - graceMs) t.fail(`an event comes ${latestMs - at} ms late`)
      latestMs = Math.max(latestMs, at)
    }
    t.not(ids(arrived), ids(events))
  }
})

const ids = (events: readonly UserActivity[]) => events.map(({ eventId }) => eventId).join()

type Reference = (events: readonly UserActivity[]) => ReferenceDecision[]

/** Settings that differ from the real ones by the least that could be got wrong. */
const EDGES: readonly (readonly [what: string, right: Reference, wrong: Reference, histories?: typeof long])[] = [
  ['deadline of a cart', referenceCartAbandonment, (events) => referenceCartAbandonment(events, 5 * MINUTE_MS - 1)],
  ['deadline of a cart', referenceCartAbandonment, (events) => referenceCartAbandonment(events, 5 * MINUTE_MS + 1)],
  ['threshold of a day', referenceSpendingAlert, (events) => referenceSpendingAlert(events, 500_000_001)],
  ['items of a session', referenceUpsell, (events) => referenceUpsell(events, 4)],
  ['rewinds', referencePlayback, (events) => referencePlayback(events, { rewindsWithinMs: MINUTE_MS - 1 })],
  ['rewinds', referencePlayback, (events) => referencePlayback(events, { rewindsWithinMs: MINUTE_MS + 1 })],
  ['pause', referencePlayback, (events) => referencePlayback(events, { pauseMs: 3 * SECOND_MS + 1 })],
  ['pause', referencePlayback, (events) => referencePlayback(events, { pauseMs: 3 * SECOND_MS - 1 })],
  ['stretch', referencePlayback, (events) => referencePlayback(events, { stretchMs: 10 * SECOND_MS + 1 })],
  ['start of a campaign', sale(), sale({ startMs: RANDOM_CAMPAIGN.startMs - 1 })],
  ['start of a campaign', sale(), sale({ startMs: RANDOM_CAMPAIGN.startMs + 1 })],
  ['end of a campaign', sale(), sale({ endMs: RANDOM_CAMPAIGN.endMs + 1 })],
  ['end of a campaign', sale(), sale({ endMs: RANDOM_CAMPAIGN.endMs - 1 })],
  ['items of a campaign', sale(), sale({ items: [] })],
  ['interest', sale(), (events) => referenceFlashSale(events, RANDOM_CAMPAIGN, DAY_MS + 1)],
  ['interest', sale(), (events) => referenceFlashSale(events, RANDOM_CAMPAIGN, DAY_MS - 1)],
  ['amount of a week', weekly(), weekly({ thresholdMicros: 200_000_001 }), long],
  ['a week', weekly(), weekly({ trailingMs: 7 * DAY_MS + 1 }), long],
  ['a week', weekly(), weekly({ trailingMs: 7 * DAY_MS - 1 }), long],
  ['a month', repeating(), repeating({ lastDays: 31 }), long],
  [
    'errors',
    referenceServiceRouting,
    (events) => referenceServiceRouting(events, { errorsWithinMs: 10 * MINUTE_MS - 1 }),
  ],
  [
    'errors',
    referenceServiceRouting,
    (events) => referenceServiceRouting(events, { errorsWithinMs: 10 * MINUTE_MS + 1 }),
  ],
  [
    'priority',
    referenceServiceRouting,
    (events) => referenceServiceRouting(events, { priorityForMs: 30 * MINUTE_MS - 1 }),
  ],
  [
    'priority',
    referenceServiceRouting,
    (events) => referenceServiceRouting(events, { priorityForMs: 30 * MINUTE_MS + 1 }),
  ],
]

t.test('every edge has events on it and beside it', async (t) => {
  for (const [what, right, wrong, over = histories] of EDGES) {
    const differ = over.filter((events) => subjects(right(events)) !== subjects(wrong(events))).length
    t.ok(differ >= 2, `${what}: ${differ} histories tell`)
  }
})

t.test('moved by a millisecond, midnight and the boundaries are somewhere else', async (t) => {
  for (const [reference, over] of [
    [referenceSpendingAlert, histories],
    [weekly(), long],
    [repeating(), long],
  ] as const) {
    for (const byMs of [-1, 1]) {
      const moved = (events: readonly UserActivity[]) => reference(events.map((one) => ({ ...one, at: one.at + byMs })))
      const differ = over.filter((events) => subjects(reference(events)) !== subjects(moved(events))).length
      t.ok(differ >= 2, `${reference.name} by ${byMs} ms: ${differ} histories tell`)
    }
  }
})

t.test('every decision is made often, and once', async (t) => {
  const all: readonly Reference[] = [
    referenceCarousel,
    referenceCartAbandonment,
    referenceSpendingAlert,
    referenceUpsell,
    referencePlayback,
    sale(),
    weekly(),
    repeating(),
    referenceServiceRouting,
  ]
  const made: Record<string, number> = {}
  for (const events of [...histories, ...long]) {
    const decisions = all.flatMap((reference) => reference(events))
    t.equal(new Set(decisions.map(({ rule, subject }) => `${rule} ${subject}`)).size, decisions.length)
    for (const { rule } of decisions) made[rule] = (made[rule] ?? 0) + 1
  }
  t.equal(Object.keys(made).length, 13)
  for (const [rule, count] of Object.entries(made)) t.ok(count >= 25, `${rule}: ${count}`)
})

function sale(changed: Partial<typeof RANDOM_CAMPAIGN> = {}): Reference {
  return (events) => referenceFlashSale(events, { ...RANDOM_CAMPAIGN, ...changed })
}

function weekly(changed: { trailingMs?: number; thresholdMicros?: number } = {}): Reference {
  const audience = { name: 'weekly-200', trailingMs: 7 * DAY_MS, thresholdMicros: 200_000_000, ...changed }
  return (events) => referenceAudienceSync(events, audience, 4 * HOUR_MS)
}

function repeating(changed: { lastDays?: number } = {}): Reference {
  return (events) =>
    referenceDailySegments(events, { name: 'repeat-customers', lastDays: 30, purchaseDays: 2, ...changed })
}

/** Without the times, which any other setting may move. */
function subjects(decisions: readonly ReferenceDecision[]): string {
  return decisionLines(decisions.map((decision) => ({ ...decision, at: 0 }))).join('\n')
}
