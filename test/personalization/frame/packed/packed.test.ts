import t from 'tap'
import { readActivity, writeActivity } from '../../../../lib/personalization/frame/packed/activity-fields.js'
import {
  fields,
  flag,
  integer,
  list,
  nullable,
  packed,
  text,
  unsigned,
} from '../../../../lib/personalization/frame/packed/packed.js'
import { ByteReader, ByteWriter } from '../../../../lib/personalization/frame/packed/packed-bytes.js'
import { CHUNK, UserEntry } from '../../../../lib/personalization/frame/user/user-entry.js'
import { letWait, takeWaiting } from '../../../../lib/personalization/frame/user/waiting-events.js'
import { activityOf, type UserActivity } from '../../../../lib/personalization/records/activity.js'
import { arrivals, randomEvents } from '../../reference/random-events.js'

t.test('every value comes back as it was', async (t) => {
  const wholes = [0, 1, 127, 128, 300, 2 ** 31, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER]
  for (const value of wholes) t.equal(roundTrip(unsigned, value), value)
  for (const value of [0, -1, 63, -64, -65, 2 ** 40, -(2 ** 40), 2 ** 52 - 1, -(2 ** 52 - 1)]) {
    t.equal(roundTrip(integer, value), value)
  }
  for (const value of ['', 'a', 'x'.repeat(42), 'x'.repeat(43), 'é'.repeat(42), '€'.repeat(500), '𝄞\n\0']) {
    t.equal(roundTrip(text, value), value)
  }
  for (const value of [true, false]) t.equal(roundTrip(flag, value), value)
  const field = fields<{ a: string | null; b: readonly number[] }>({ a: nullable(text), b: list(unsigned) })
  for (const value of [
    { a: null, b: [] },
    { a: 'é', b: [1, 2 ** 40] },
  ])
    t.same(roundTrip(field, value), value)
})

t.test('a value that ends too early is an error, not another value', async (t) => {
  t.throws(() => new ByteReader(Buffer.from([0x80])).whole(), { message: /ends too early/ })
  t.throws(() => new ByteReader(Buffer.alloc(0)).whole(), { message: /ends too early/ })
})

t.test('an activity with every field, and with none, comes back as it was', async (t) => {
  const full = activityOf({
    eventId: 'e',
    type: 'consent',
    at: 1_800_000_000_000,
    source: 'api',
    userId: 'u',
    itemId: 'i',
    sessionId: 's',
    unitPriceMicros: -5,
    currency: 'EUR',
    quantity: -7,
    category: 'c',
    brand: 'b',
    query: 'q',
    country: 'NL',
    name: 'n',
    anonymousId: 'a',
    videoId: 'v',
    positionMs: 0,
    seekToMs: 2 ** 40,
    decisionId: 'd',
    timeZone: 'Europe/Berlin',
    consent: { marketing: false },
    properties: '{"x":1}',
  })
  t.notOk(Object.values(full).includes(null), 'a new field needs its row here and its place in the form')
  const none = activityOf({ eventId: '', type: 'view', at: 0, source: 'replay' })
  for (const activity of [full, none]) {
    const out = new ByteWriter()
    writeActivity(out, activity)
    t.same(readActivity(new ByteReader(out.copy())), activity)
  }
})

t.test('waiting events come out in order, each once, whatever order they came in', async (t) => {
  for (let i = 0; i < 20; i++) {
    const seed = `waiting ${i}`
    const events = randomEvents(seed, { events: 60 })
    let entry = UserEntry.empty()
    for (const activity of arrivals(seed, events, 3_600_000)) {
      letWait(entry, { activity, origin: { partition: 2, offset: activity.at, arrivedAt: -1 } })
      // A commit comes in between.
      if (activity.at % 5 === 0) entry = UserEntry.decode(entry.encode())
    }
    const taken: UserActivity[] = []
    const middleMs = events[Math.floor(events.length / 2)]!.at
    for (const beforeMs of [0, middleMs, middleMs + 1, Number.POSITIVE_INFINITY]) {
      const step = takeWaiting(entry, beforeMs)
      t.ok(step.every(({ activity, origin }) => activity.at < beforeMs && origin.offset === activity.at))
      t.ok(step.every(({ origin }) => origin.arrivedAt === -1))
      taken.push(...step.map(({ activity }) => activity))
      if (Number(seed) % 2 === 0) entry = UserEntry.decode(entry.encode())
    }
    t.notOk(entry.has(CHUNK.waiting))
    t.ok(taken.every((event, place) => place === 0 || event.at >= taken[place - 1]!.at))
    t.same(new Set(taken.map(({ eventId }) => eventId)), new Set(events.map(({ eventId }) => eventId)))
  }
})

function roundTrip<T>(field: Parameters<typeof packed<T>>[0], value: T): T {
  const serde = packed(field)
  return serde.deserialize(serde.serialize(value, ''), '')
}
