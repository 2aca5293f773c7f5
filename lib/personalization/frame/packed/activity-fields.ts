/** An activity in the packed form: a bit for each field that is there, then those fields. */
import { ACTIVITY_TYPES, activityOf, type UserActivity } from '../../records/activity.js'
import type { ByteReader, ByteWriter } from './packed-bytes.js'

const TEXTS = [
  'userId',
  'itemId',
  'sessionId',
  'currency',
  'category',
  'brand',
  'query',
  'country',
  'name',
  'anonymousId',
  'videoId',
  'decisionId',
  'timeZone',
  'properties',
] as const
const NUMBERS = ['unitPriceMicros', 'positionMs', 'seekToMs'] as const
const SOURCES = ['replay', 'simulated', 'page', 'api'] as const
const FIRST_NUMBER = TEXTS.length
const QUANTITY = FIRST_NUMBER + NUMBERS.length
const CONSENT = QUANTITY + 1

/** Appends the activity. */
export function writeActivity(out: ByteWriter, activity: UserActivity): void {
  out.text(activity.eventId)
  out.whole(activity.at)
  out.whole(ACTIVITY_TYPES.indexOf(activity.type))
  out.whole(SOURCES.indexOf(activity.source))
  out.whole(presentFields(activity))
  for (const name of TEXTS) {
    const value = activity[name]
    if (value !== null) out.text(value)
  }
  for (const name of NUMBERS) {
    const value = activity[name]
    if (value !== null) out.signed(value)
  }
  if (activity.quantity !== 1) out.signed(activity.quantity)
  if (activity.consent !== null) out.text(JSON.stringify(activity.consent))
}

function presentFields(activity: UserActivity): number {
  let bits = 0
  for (let i = 0; i < TEXTS.length; i++) if (activity[TEXTS[i]!] !== null) bits |= 1 << i
  for (let i = 0; i < NUMBERS.length; i++) if (activity[NUMBERS[i]!] !== null) bits |= 1 << (FIRST_NUMBER + i)
  if (activity.quantity !== 1) bits |= 1 << QUANTITY
  if (activity.consent !== null) bits |= 1 << CONSENT
  return bits
}

/** Reads what {@link writeActivity} appended. */
export function readActivity(from: ByteReader): UserActivity {
  const eventId = from.text()
  const at = from.whole()
  const type = ACTIVITY_TYPES[from.whole()]!
  const source = SOURCES[from.whole()]!
  const bits = from.whole()
  const activity = activityOf({ eventId, at, type, source }) as { -readonly [P in keyof UserActivity]: UserActivity[P] }
  for (let i = 0; i < TEXTS.length; i++) if (bits & (1 << i)) activity[TEXTS[i]!] = from.text()
  for (let i = 0; i < NUMBERS.length; i++) if (bits & (1 << (FIRST_NUMBER + i))) activity[NUMBERS[i]!] = from.signed()
  if (bits & (1 << QUANTITY)) activity.quantity = from.signed()
  if (bits & (1 << CONSENT)) activity.consent = JSON.parse(from.text()) as Record<string, boolean>
  return activity
}
