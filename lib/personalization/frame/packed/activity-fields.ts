/** An activity in the packed form: a bit for each field that is there, then those fields. */
import { ACTIVITY_TYPES, type UserActivity } from '../../records/activity.js'
import type { ByteReader, ByteWriter } from './packed-bytes.js'

const SOURCES = ['replay', 'simulated', 'page', 'api'] as const

/** The bit of each field, in the order in which the fields are written. */
const BIT = {
  userId: 1 << 0,
  itemId: 1 << 1,
  sessionId: 1 << 2,
  currency: 1 << 3,
  category: 1 << 4,
  brand: 1 << 5,
  query: 1 << 6,
  country: 1 << 7,
  name: 1 << 8,
  anonymousId: 1 << 9,
  videoId: 1 << 10,
  decisionId: 1 << 11,
  timeZone: 1 << 12,
  properties: 1 << 13,
  unitPriceMicros: 1 << 14,
  positionMs: 1 << 15,
  seekToMs: 1 << 16,
  quantity: 1 << 17,
  consent: 1 << 18,
} as const
/** From here on fields are rare. */
const RARE = -1 << 8

/** Appends the activity. */
export function writeActivity(out: ByteWriter, activity: UserActivity): void {
  const { userId, itemId, sessionId, currency, category, brand, query, country } = activity
  const { unitPriceMicros, positionMs, seekToMs, quantity, consent } = activity
  const bits = presentFields(activity)
  out.text(activity.eventId)
  out.whole(activity.at)
  out.whole(ACTIVITY_TYPES.indexOf(activity.type))
  out.whole(SOURCES.indexOf(activity.source))
  out.whole(bits)
  if (userId !== null) out.text(userId)
  if (itemId !== null) out.text(itemId)
  if (sessionId !== null) out.text(sessionId)
  if (currency !== null) out.text(currency)
  if (category !== null) out.text(category)
  if (brand !== null) out.text(brand)
  if (query !== null) out.text(query)
  if (country !== null) out.text(country)
  if ((bits & RARE) === 0) return
  writeRareTexts(out, activity)
  if (unitPriceMicros !== null) out.signed(unitPriceMicros)
  if (positionMs !== null) out.signed(positionMs)
  if (seekToMs !== null) out.signed(seekToMs)
  if (quantity !== 1) out.signed(quantity)
  if (consent !== null) out.text(JSON.stringify(consent))
}

function writeRareTexts(out: ByteWriter, activity: UserActivity): void {
  const { name, anonymousId, videoId, decisionId, timeZone, properties } = activity
  if (name !== null) out.text(name)
  if (anonymousId !== null) out.text(anonymousId)
  if (videoId !== null) out.text(videoId)
  if (decisionId !== null) out.text(decisionId)
  if (timeZone !== null) out.text(timeZone)
  if (properties !== null) out.text(properties)
}

function presentFields(activity: UserActivity): number {
  return (
    (activity.userId === null ? 0 : BIT.userId) |
    (activity.itemId === null ? 0 : BIT.itemId) |
    (activity.sessionId === null ? 0 : BIT.sessionId) |
    (activity.currency === null ? 0 : BIT.currency) |
    (activity.category === null ? 0 : BIT.category) |
    (activity.brand === null ? 0 : BIT.brand) |
    (activity.query === null ? 0 : BIT.query) |
    (activity.country === null ? 0 : BIT.country) |
    (activity.name === null ? 0 : BIT.name) |
    (activity.anonymousId === null ? 0 : BIT.anonymousId) |
    (activity.videoId === null ? 0 : BIT.videoId) |
    (activity.decisionId === null ? 0 : BIT.decisionId) |
    (activity.timeZone === null ? 0 : BIT.timeZone) |
    (activity.properties === null ? 0 : BIT.properties) |
    (activity.unitPriceMicros === null ? 0 : BIT.unitPriceMicros) |
    (activity.positionMs === null ? 0 : BIT.positionMs) |
    (activity.seekToMs === null ? 0 : BIT.seekToMs) |
    (activity.quantity === 1 ? 0 : BIT.quantity) |
    (activity.consent === null ? 0 : BIT.consent)
  )
}

/** Reads what {@link writeActivity} appended. The fields are read in the order in which they stand here. */
export function readActivity(from: ByteReader): UserActivity {
  const eventId = from.text()
  const at = from.whole()
  const type = ACTIVITY_TYPES[from.whole()]!
  const source = SOURCES[from.whole()]!
  const bits = from.whole()
  const userId = bits & BIT.userId ? from.text() : null
  const itemId = bits & BIT.itemId ? from.text() : null
  const sessionId = bits & BIT.sessionId ? from.text() : null
  const currency = bits & BIT.currency ? from.text() : null
  const category = bits & BIT.category ? from.text() : null
  const brand = bits & BIT.brand ? from.text() : null
  const query = bits & BIT.query ? from.text() : null
  const country = bits & BIT.country ? from.text() : null
  const name = bits & BIT.name ? from.text() : null
  const anonymousId = bits & BIT.anonymousId ? from.text() : null
  const videoId = bits & BIT.videoId ? from.text() : null
  const decisionId = bits & BIT.decisionId ? from.text() : null
  const timeZone = bits & BIT.timeZone ? from.text() : null
  const properties = bits & BIT.properties ? from.text() : null
  const unitPriceMicros = bits & BIT.unitPriceMicros ? from.signed() : null
  const positionMs = bits & BIT.positionMs ? from.signed() : null
  const seekToMs = bits & BIT.seekToMs ? from.signed() : null
  const quantity = bits & BIT.quantity ? from.signed() : 1
  const consent = bits & BIT.consent ? (JSON.parse(from.text()) as Record<string, boolean>) : null
  // biome-ignore format: as many lines again
  return {
    eventId, userId, type, at, itemId, sessionId, unitPriceMicros, currency, quantity, category, brand, query, country, source,
    name, anonymousId, videoId, positionMs, seekToMs, decisionId, timeZone, consent, properties,
  }
}
