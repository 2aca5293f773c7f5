import t from 'tap'
import { judge } from '../../../lib/personalization/around/index.js'
import { INITIAL_AROUND, mergeAround, observe } from '../../../lib/personalization/around/state.js'
import { activityOf } from '../../../lib/personalization/records/activity.js'
import { seededRandom } from '../../../lib/record/random.js'
import { DAY_MS, decision, NO_RULES, NOON_MS, word } from './decision.js'

const minuteOf = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))

function quiet(from: string, to: string, zone = 'Europe/Berlin') {
  const quietHours = { channels: ['push', 'sms'] as const, fromMinute: minuteOf(from), toMinute: minuteOf(to), zone }
  return { ...NO_RULES, quietHours }
}

const seen = (timeZone: string | null, at = NOON_MS) =>
  activityOf({ eventId: `${at}`, userId: 'ann', type: 'view', itemId: 'a', at, source: 'page', timeZone })
const inZone = (timeZone: string | null) => observe(INITIAL_AROUND, seen(timeZone), NO_RULES)

type Row = [what: string, from: string, to: string, zone: string, now: string, expected: string]

const rows: Row[] = [
  ['by day', '22:00', '07:00', 'Europe/Berlin', '2024-06-03T12:00:00.000Z', 'deliver'],
  ['a millisecond before', '22:00', '07:00', 'Europe/Berlin', '2024-06-03T19:59:59.999Z', 'deliver'],
  ['on the first instant', '22:00', '07:00', 'Europe/Berlin', '2024-06-03T20:00:00.000Z', '2024-06-04T05:00:00.000Z'],
  ['after midnight', '22:00', '07:00', 'Europe/Berlin', '2024-06-04T01:23:45.678Z', '2024-06-04T05:00:00.000Z'],
  [
    'a millisecond before the end',
    '22:00',
    '07:00',
    'Europe/Berlin',
    '2024-06-04T04:59:59.999Z',
    '2024-06-04T05:00:00.000Z',
  ],
  ['at the end', '22:00', '07:00', 'Europe/Berlin', '2024-06-04T05:00:00.000Z', 'deliver'],
  ['within one day', '13:00', '14:30', 'Europe/Berlin', '2024-06-03T11:30:00.000Z', '2024-06-03T12:30:00.000Z'],
  ['from midnight', '00:00', '06:00', 'UTC', '2024-06-03T00:00:00.000Z', '2024-06-03T06:00:00.000Z'],
  ['until midnight', '20:00', '00:00', 'UTC', '2024-06-03T21:00:00.000Z', '2024-06-04T00:00:00.000Z'],
  ['all but a minute', '00:00', '23:59', 'UTC', '2024-06-03T00:00:00.000Z', '2024-06-03T23:59:00.000Z'],
  [
    'a night with a day of 23 hours',
    '22:00',
    '07:00',
    'Europe/Berlin',
    '2024-03-30T21:00:00.000Z',
    '2024-03-31T05:00:00.000Z',
  ],
  [
    'a night with a day of 25 hours',
    '22:00',
    '07:00',
    'Europe/Berlin',
    '2024-10-26T20:00:00.000Z',
    '2024-10-27T06:00:00.000Z',
  ],
  [
    'an end that does not exist',
    '22:00',
    '02:30',
    'Europe/Berlin',
    '2024-03-30T23:00:00.000Z',
    '2024-03-31T01:00:00.000Z',
  ],
  ['hours that do not exist', '02:00', '03:00', 'Europe/Berlin', '2024-03-31T00:59:59.999Z', 'deliver'],
  ['hours that do not exist, after the gap', '02:00', '03:00', 'Europe/Berlin', '2024-03-31T01:00:00.000Z', 'deliver'],
  [
    'a beginning that does not exist',
    '02:30',
    '07:00',
    'Europe/Berlin',
    '2024-03-31T01:00:00.000Z',
    '2024-03-31T05:00:00.000Z',
  ],
  [
    'an end that exists twice, the first',
    '22:00',
    '02:30',
    'Europe/Berlin',
    '2024-10-27T00:10:00.000Z',
    '2024-10-27T00:30:00.000Z',
  ],
  ['an end that exists twice, between', '22:00', '02:30', 'Europe/Berlin', '2024-10-27T00:45:00.000Z', 'deliver'],
  [
    'an end that exists twice, the second',
    '22:00',
    '02:30',
    'Europe/Berlin',
    '2024-10-27T01:00:00.000Z',
    '2024-10-27T01:30:00.000Z',
  ],
  ['a beginning that exists twice, between', '02:30', '07:00', 'Europe/Berlin', '2024-10-27T01:10:00.000Z', 'deliver'],
  [
    'an hour that exists twice is quiet throughout',
    '02:00',
    '03:00',
    'Europe/Berlin',
    '2024-10-27T00:00:00.000Z',
    '2024-10-27T02:00:00.000Z',
  ],
  [
    'half an hour of daylight saving',
    '22:00',
    '02:15',
    'Australia/Lord_Howe',
    '2024-10-05T14:00:00.000Z',
    '2024-10-05T15:30:00.000Z',
  ],
  [
    'three quarters of an hour from UTC',
    '22:00',
    '07:00',
    'Asia/Kathmandu',
    '2024-06-03T17:00:00.000Z',
    '2024-06-04T01:15:00.000Z',
  ],
  [
    'a day that does not exist',
    '22:00',
    '07:00',
    'Pacific/Apia',
    '2011-12-30T09:00:00.000Z',
    '2011-12-30T17:00:00.000Z',
  ],
  [
    'west of Greenwich',
    '22:00',
    '07:00',
    'America/Los_Angeles',
    '2024-06-03T06:00:00.000Z',
    '2024-06-03T14:00:00.000Z',
  ],
  ['a name that is an alias', '22:00', '07:00', 'US/Pacific', '2024-06-03T06:00:00.000Z', '2024-06-03T14:00:00.000Z'],
]

for (const [what, from, to, zone, now, expected] of rows) {
  t.test(what, async (t) => {
    const nowMs = Date.parse(now)
    const own = judge(decision(), inZone(zone), quiet(from, to, 'Asia/Tokyo'), nowMs)
    t.equal(word(own), expected, 'in the zone of the user')
    const configured = judge(decision(), INITIAL_AROUND, quiet(from, to, zone), nowMs)
    t.equal(word(configured), expected, 'in the configured zone')
  })
}

/** Zones of many kinds: north and south, whole and broken hours, set forward and back, and none of it. */
const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'America/Santiago',
  'Australia/Lord_Howe',
  'Australia/Adelaide',
  'Pacific/Chatham',
  'Africa/Casablanca',
  'Asia/Tehran',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Antarctica/Troll',
  'UTC',
]

/** The first minute at which a clock in the zone shows another time: each minute is asked. */
function walked(nowMs: number, from: string, to: string, timeZone: string): number {
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const isQuiet = (ms: number) => {
    const shown = clock.format(ms)
    return from < to ? shown >= from && shown < to : shown >= from || shown < to
  }
  if (!isQuiet(nowMs)) return nowMs
  let minute = Math.floor(nowMs / 60_000) + 1
  while (isQuiet(minute * 60_000)) minute++
  return minute * 60_000
}

/** The hours in which the offset of a zone changes between 2010 and 2040. */
function changesOf(timeZone: string): number[] {
  const clock = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  const offset = (ms: number) => clock.format(ms).split(', ')[1]
  const changes: number[] = []
  for (let ms = Date.UTC(2010, 0); ms < Date.UTC(2040, 0); ms += DAY_MS) {
    if (offset(ms) !== offset(ms + DAY_MS)) changes.push(ms)
  }
  return changes
}

t.test('the same as a walk from minute to minute, most of it where clocks change', async (t) => {
  const random = seededRandom('quiet')
  const time = () => `${String(random.int(24)).padStart(2, '0')}:${String(random.int(60)).padStart(2, '0')}`
  for (const zone of ZONES) {
    const changes = changesOf(zone)
    for (let i = 0; i < 60; i++) {
      const near = changes[random.int(changes.length)] ?? Date.UTC(2024, random.int(12))
      const nowMs = near + random.int(3 * DAY_MS) - DAY_MS
      const nearChange = i % 2 === 0
      const from = nearChange ? `0${random.int(4)}:${10 + random.int(50)}` : time()
      const to = nearChange ? `0${random.int(5)}:${10 + random.int(50)}` : time()
      if (from === to) continue
      const verdict = judge(decision(), inZone(zone), quiet(from, to), nowMs)
      const endMs = walked(nowMs, from, to, zone)
      const expected = endMs === nowMs ? 'deliver' : new Date(endMs).toISOString()
      if (!t.equal(word(verdict), expected, `${zone} ${from}-${to} at ${new Date(nowMs).toISOString()}`)) return
    }
  }
})

t.test('held to the end if it is valid then, else dropped', async (t) => {
  const nowMs = Date.parse('2024-06-03T20:00:00.000Z')
  const endMs = Date.parse('2024-06-04T05:00:00.000Z')
  const config = quiet('22:00', '07:00')
  for (const [validUntil, expected] of [
    [endMs + 1, 'hold'],
    [endMs, 'hold'],
    [endMs - 1, 'quiet-hours-expired'],
    [nowMs, 'quiet-hours-expired'],
    [nowMs - 1, 'expired'],
  ] as const) {
    const verdict = judge(decision({ validUntil }), INITIAL_AROUND, config, nowMs)
    t.equal(verdict.kind === 'suppress' ? verdict.reason : verdict.kind, expected)
    if (verdict.kind === 'hold')
      t.match(judge(decision({ validUntil }), INITIAL_AROUND, config, endMs), { kind: 'deliver' })
  }
})

t.test('at the end of the hold every rule is asked again', async (t) => {
  const nowMs = Date.parse('2024-06-03T20:00:00.000Z')
  const endMs = Date.parse('2024-06-04T05:00:00.000Z')
  const config = { ...quiet('22:00', '07:00'), caps: [{ channel: 'push' as const, most: 1, perMs: DAY_MS }] }
  t.match(judge(decision(), INITIAL_AROUND, config, nowMs), { kind: 'hold', untilMs: endMs })
  const first = judge(decision(), INITIAL_AROUND, config, endMs)
  t.match(first, { kind: 'deliver' })
  if (first.kind !== 'deliver') return
  t.equal(word(judge(decision(), first.state, config, endMs)), 'cap', 'the second of two that were held')
  const moved = observe(INITIAL_AROUND, seen('America/New_York', endMs), config)
  t.equal(word(judge(decision(), moved, config, endMs)), '2024-06-04T11:00:00.000Z', 'the user is elsewhere now')
})

t.test('only the listed channels are quiet', async (t) => {
  const nowMs = Date.parse('2024-06-03T20:00:00.000Z')
  for (const [channel, expected] of [
    ['push', 'hold'],
    ['sms', 'hold'],
    ['page', 'deliver'],
    ['email', 'deliver'],
    ['none', 'deliver'],
  ] as const) {
    t.equal(judge(decision({ channel }), INITIAL_AROUND, quiet('22:00', '07:00'), nowMs).kind, expected, channel)
  }
})

t.test('a zone that does not exist: the configured one, and a note', async (t) => {
  const nowMs = Date.parse('2024-06-03T20:00:00.000Z')
  for (const name of ['Mars/Phobos', '+02:00', '-05', '', 'Europe/', 'x'.repeat(500), 'Europe/Berlin\n']) {
    const state = inZone(name)
    const config = quiet('21:00', '22:00', 'UTC')
    t.equal(word(judge(decision(), state, config, nowMs)), 'deliver', name)
    t.match(judge(decision(), state, config, nowMs), { notes: ['unknown-zone'] }, name)
    t.match(judge(decision(), state, config, nowMs + 3_600_000), { kind: 'hold' })
    t.match(judge(decision({ channel: 'page' }), state, config, nowMs), { notes: [] }, 'if the zone is not asked for')
  }
  t.match(judge(decision(), inZone(null), quiet('21:00', '22:00'), nowMs), { notes: [] }, 'no zone is not a wrong one')
})

t.test('the zone of the latest activity counts, in any order of arrival and through a merge', async (t) => {
  const events = [seen('Asia/Tokyo', NOON_MS), seen('Europe/Berlin', NOON_MS + 1), seen(null, NOON_MS + 2)]
  const after = (order: typeof events) => order.reduce((held, one) => observe(held, one, NO_RULES), INITIAL_AROUND)
  const latest = { name: 'Europe/Berlin', at: NOON_MS + 1 }
  t.same(after(events).zone, latest)
  t.same(after([...events].reverse()).zone, latest)
  const [tokyo, berlin] = [after([events[0]!]), after([events[1]!])]
  t.same(mergeAround(tokyo, berlin, NO_RULES).zone, latest)
  t.same(mergeAround(berlin, tokyo, NO_RULES).zone, latest)
  t.same(mergeAround(berlin, INITIAL_AROUND, NO_RULES).zone, latest)
  t.same(mergeAround(INITIAL_AROUND, berlin, NO_RULES).zone, latest)
  const same = [seen('Asia/Tokyo'), seen('Europe/Berlin')]
  t.same(after(same).zone, after([...same].reverse()).zone, 'of two at one time always the same')
})
