import { readdirSync, readFileSync } from 'node:fs'
import avro from 'avsc'
import t from 'tap'
import {
  ACTIVITY_TYPES,
  type ActivityFields,
  activityOf,
  endOfInput,
} from '../../lib/personalization/records/activity.js'
import { MAX_MICROS } from '../../lib/personalization/records/money.js'
import { type CustomerProfile, laterProfile } from '../../lib/personalization/records/profile.js'
import { decidedAs } from './service-driver.js'

const FOLDER = new URL('../../schemas/', import.meta.url)

interface Field {
  readonly name: string
  readonly type: unknown
  readonly default?: unknown
}

interface RecordSchema {
  readonly fields: readonly Field[]
}

function schema(name: string): RecordSchema {
  return JSON.parse(readFileSync(new URL(`${name}.avsc`, FOLDER), 'utf8'))
}

function typeOf(from: unknown): avro.Type {
  return avro.Type.forSchema(from as avro.Schema)
}

function roundTrip(name: string, value: object): object {
  const type = typeOf(schema(name))
  return { ...(type.fromBuffer(type.toBuffer(value)) as object) }
}

const ACTIVITY: ActivityFields = {
  eventId: '7',
  type: 'view',
  at: 1_700_000_000_000,
  itemId: 'i',
  userId: 'u',
  source: 'page',
}
const LONGEST = 'x'.repeat(80)

t.test('an activity survives Avro, with everything and with as little as can be', async (t) => {
  const bare = activityOf({ eventId: '', type: 'view', at: 1_700_000_000_000, source: 'page' })
  const full = activityOf({
    ...ACTIVITY,
    sessionId: 's',
    unitPriceMicros: MAX_MICROS,
    currency: 'EUR',
    quantity: -3,
    category: 'c',
    brand: 'b',
    query: 'q',
    country: 'DE',
    name: 'Video Playback Paused',
    anonymousId: 'a',
    videoId: 'v',
    positionMs: 0,
    seekToMs: 365 * 86_400_000,
    decisionId: 'd',
    timeZone: 'Europe/Berlin',
    consent: { marketing: true, analytics: false },
    properties: '{"page":1}',
  })
  for (const value of [bare, full, endOfInput(3, 1_700_000_000_000)]) t.same(roundTrip('user-activity', value), value)
  for (const type of ACTIVITY_TYPES) t.match(roundTrip('user-activity', activityOf({ ...ACTIVITY, type })), { type })
})

t.test('profile and dead letter survive Avro', async (t) => {
  const profile: CustomerProfile = {
    userId: 'u',
    name: 'Ada B.',
    country: null,
    interests: ['coffee'],
    tier: 'plus',
    updatedAt: 5,
    source: 'simulated',
  }
  t.same(roundTrip('customer-profile', profile), profile)
  t.equal(laterProfile(profile, { ...profile, updatedAt: 4 }), profile)
  const update = { ...profile, updatedAt: 5 }
  t.equal(laterProfile(profile, update), update)
  t.equal(laterProfile(undefined, update), update)
  const letter = {
    reason: 'r',
    topic: 't',
    partition: 1,
    offset: 2,
    row: -1,
    at: 3,
    key: Buffer.from('k'),
    value: null,
  }
  t.same(roundTrip('dead-letter', letter), letter)
})

t.test('the longest decision stays under 1 KB', async (t) => {
  const value = decidedAs({
    rule: 'spending-alert-withdrawn',
    userId: LONGEST,
    subject: `2010-12-01/${LONGEST}`,
    at: 1_700_000_000_000,
    sessionId: LONGEST,
    reason: 'cancellations took the day below the threshold',
    becauseOf: 'y'.repeat(500),
    items: Array.from({ length: 20 }, () => LONGEST),
    amountMicros: MAX_MICROS,
  })
  t.same(roundTrip('recommendation', value), value)
  const bytes = typeOf(schema('recommendation')).toBuffer(value).length
  const keyAndHeader = LONGEST.length + 'decision-id'.length + 32
  t.ok(bytes + keyAndHeader < 1_000, `${bytes} bytes`)
  t.equal(value.items.length, 4)
  for (const title of ['z'.repeat(500), '€'.repeat(500)]) {
    const titled = decidedAs({ ...value, title })
    t.same(roundTrip('recommendation', titled), titled)
    t.ok(typeOf(schema('recommendation')).toBuffer(titled).length + keyAndHeader < 1_000)
    t.equal(titled.title?.length, 80)
  }
  t.equal(decidedAs({ ...value, items: Array.from({ length: 20 }, (_, i) => `item-${i}`) }).items.length, 20)
})

t.test('a decision of an older instance is for the page', async (t) => {
  const decided = { userId: 'u', subject: 's', at: 1_700_000_000_000 }
  const now = typeOf(schema('recommendation'))
  const { fields } = schema('recommendation')
  const before = typeOf({
    ...schema('recommendation'),
    fields: fields.filter(({ name }) => name !== 'channel' && name !== 'title' && name !== 'suppressed'),
  })
  const {
    channel: _channel,
    title: _title,
    suppressed: _suppressed,
    ...older
  } = decidedAs({ ...decided, rule: 'carousel' })
  t.match(now.fromBuffer(before.toBuffer(older), now.createResolver(before)), {
    channel: 'page',
    title: null,
    suppressed: null,
  })
})

t.test('old and new readers understand each other', async (t) => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.avsc'))
  t.ok(names.length >= 4)
  for (const name of names.map((file) => file.replace('.avsc', ''))) {
    const now = schema(name)
    const more = { ...now, fields: [...now.fields, { name: 'later', type: 'string', default: 'd' }] }
    t.doesNotThrow(
      () => typeOf(now).createResolver(typeOf(more)),
      `${name}: a new field does not trouble an old reader`,
    )
    t.doesNotThrow(() => typeOf(more).createResolver(typeOf(now)), `${name}: nor its absence a new reader`)
  }
  const now = schema('user-activity')
  const wider = structuredClone(now) as { fields: { name: string; type: { symbols: string[] } }[] }
  wider.fields.find(({ name }) => name === 'type')!.type.symbols.push('pause')
  const [older, newer] = [typeOf(now), typeOf(wider)]
  const bytes = newer.toBuffer({ ...activityOf(ACTIVITY), type: 'pause' })
  const read = older.fromBuffer(bytes, older.createResolver(newer)) as { type: string }
  t.equal(read.type, 'unknown', 'a newer activity type')
})

t.test('an activity of the first edition is read with null for what it lacks', async (t) => {
  const now = schema('user-activity')
  const fields = structuredClone(now.fields.slice(0, 14)) as { name: string; type: unknown }[]
  const type = fields.find(({ name }) => name === 'type')!.type as { symbols: string[] }
  type.symbols = type.symbols.slice(0, 9)
  t.equal(type.symbols.at(-1), 'unknown')
  const first = typeOf({ ...now, fields })
  const activity = activityOf({ ...ACTIVITY, type: 'cart' })
  const reader = typeOf(now)
  const read = reader.fromBuffer(first.toBuffer(activity), reader.createResolver(first)) as object
  t.same({ ...read }, activity)
})
