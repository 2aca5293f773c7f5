/** One user action as a record of the `user-activity` topic, and the checks of every record. */

import { timesQuantity } from './money.js'

/**
 * All activity types. `end_of_input` is the last record of the loader in a partition; `input_progress` says how far its input has come.
 * `unknown` stands for a type of a newer version.
 */
export const ACTIVITY_TYPES = [
  'view',
  'search',
  'cart',
  'remove',
  'purchase',
  'cancellation',
  'adjustment',
  'end_of_input',
  'unknown',
  'video_play',
  'video_pause',
  'video_resume',
  'video_seek',
  'video_progress',
  'video_complete',
  'error',
  'impression',
  'click',
  'identify',
  'alias',
  'consent',
  'custom',
  'input_progress',
] as const

/** What a user did. */
export type ActivityType = (typeof ACTIVITY_TYPES)[number]

/**
 * Where an event came from: a file, the shop simulator, a person on the page, or a client of an API. Those of `page` and
 * `api` are live: their event time is near the wall clock. With `replay` and `simulated` only event time moves timers.
 */
export type ActivitySource = 'replay' | 'simulated' | 'page' | 'api'

/** The value of a `user-activity` record; `schemas/user-activity.avsc` is the same in Avro. */
export interface UserActivity {
  /** Row number in a replay, running number of the simulator, client id for a click; '' if the producer gave none. */
  readonly eventId: string
  /** Null for a visitor nobody knows: counted as anonymous, subject of no spending alert. */
  readonly userId: string | null
  /** What the user did. */
  readonly type: ActivityType
  /** Event time, epoch milliseconds. */
  readonly at: number
  /** The item it is about. */
  readonly itemId: string | null
  /** The session of the visitor. */
  readonly sessionId: string | null
  /** Exact price of one piece in micro-units (2.55 is 2550000). */
  readonly unitPriceMicros: number | null
  /** ISO 4217. */
  readonly currency: string | null
  /** Pieces, positive; a cancellation's too. Only an adjustment of stock may be negative. */
  readonly quantity: number
  /** Category of the item. */
  readonly category: string | null
  /** Brand of the item. */
  readonly brand: string | null
  /** What was searched for. */
  readonly query: string | null
  /** Country of the user, ISO 3166. */
  readonly country: string | null
  /** Where the event comes from. */
  readonly source: ActivitySource
  /** The name that the producer gave the event; of an `error` its code. */
  readonly name: string | null
  /** The visitor before a login. `identify` and `alias` say that this visitor is the user `userId`. */
  readonly anonymousId: string | null
  /** The video that is played. */
  readonly videoId: string | null
  /** Position in the video, whole milliseconds; of a seek the position that the user left. */
  readonly positionMs: number | null
  /** Position that a seek leads to, whole milliseconds. */
  readonly seekToMs: number | null
  /** The decision that was shown (`impression`) or clicked (`click`). */
  readonly decisionId: string | null
  /** Time zone of the user, an IANA name such as `Europe/Berlin`. */
  readonly timeZone: string | null
  /** Purpose to whether the user agrees to it. */
  readonly consent: Readonly<Record<string, boolean>> | null
  /** What else the producer said, traits included: a JSON object as text, at most 2 KB. */
  readonly properties: string | null
}

/** The fields of an event for {@link activityOf}. Fields that are omitted become null. */
export type ActivityFields = Pick<UserActivity, 'eventId' | 'type' | 'at' | 'source'> & Partial<UserActivity>

/** A complete event from its fields; `quantity` is 1 by default. */
export function activityOf(fields: ActivityFields): UserActivity {
  return {
    eventId: fields.eventId,
    userId: fields.userId ?? null,
    type: fields.type,
    at: fields.at,
    itemId: fields.itemId ?? null,
    sessionId: fields.sessionId ?? null,
    unitPriceMicros: fields.unitPriceMicros ?? null,
    currency: fields.currency ?? null,
    quantity: fields.quantity ?? 1,
    category: fields.category ?? null,
    brand: fields.brand ?? null,
    query: fields.query ?? null,
    country: fields.country ?? null,
    source: fields.source,
    name: fields.name ?? null,
    anonymousId: fields.anonymousId ?? null,
    videoId: fields.videoId ?? null,
    positionMs: fields.positionMs ?? null,
    seekToMs: fields.seekToMs ?? null,
    decisionId: fields.decisionId ?? null,
    timeZone: fields.timeZone ?? null,
    consent: fields.consent ?? null,
    properties: fields.properties ?? null,
  }
}

/** The prefix of the keys of anonymous visitors; no user id has it. */
export const ANONYMOUS = 'anonymous:'

/**
 * The record key: the user, or the visitor or session under the prefix {@link ANONYMOUS}. An `identify` or `alias` has the
 * visitor's key, because the visitor's state is moved from there to the user.
 */
export function activityKey(activity: UserActivity): string {
  const { userId, anonymousId } = activity
  if (userId !== null && !isMerge(activity)) return userId
  return `${ANONYMOUS}${anonymousId ?? activity.sessionId ?? activity.eventId}`
}

/** Whether the event says that a visitor is a user. */
export function isMerge({ type, userId, anonymousId }: UserActivity): boolean {
  return (type === 'identify' || type === 'alias') && userId !== null && anonymousId !== null
}

/** Whether an event's time is near the wall clock; that of a replay or simulation may be any. */
export function isLive(source: ActivitySource): boolean {
  return source === 'page' || source === 'api'
}

/** The session an event belongs to for the recommender; a user without session ids has one session. */
export function sessionOf(activity: UserActivity): string {
  return activity.sessionId ?? activityKey(activity)
}

/** The loader's last record on a partition. `at` is the latest event time of the input; timers fire regardless of it. */
export function endOfInput(partition: number, atMs: number, source: ActivitySource = 'replay'): UserActivity {
  return activityOf({ eventId: `end-of-input-${partition}`, type: 'end_of_input', at: atMs, source })
}

/**
 * How far the input has come, in each partition, for an input in which visitors become users. It may move the time of a partition that
 * has few events. `quantity` is the number of partitions.
 */
export function inputProgress(partitions: number, atMs: number, source: ActivitySource): UserActivity {
  return activityOf({ eventId: 'input-progress', type: 'input_progress', at: atMs, source, quantity: partitions })
}

/** Whether records of this type come from the loader alone: they say something of the input, not of a user. */
export function isInputMark(type: ActivityType): boolean {
  return type === 'end_of_input' || type === 'input_progress'
}

/** Times before 2000 or after 2100 are units or clocks gone wrong. */
const EARLIEST_MS = 946_684_800_000
const LATEST_MS = 4_102_444_800_000
/** The longest id accepted: a decision, which carries up to four of them and its items, stays under 1 KB. */
const MAX_ID_BYTES = 80
const MAX_NAME_BYTES = 200
/** The longest `properties`, in bytes of UTF-8. */
export const MAX_PROPERTIES_BYTES = 2_048
const MAX_PURPOSES = 64
const MAX_POSITION_MS = 365 * 86_400_000
const MAX_QUANTITY = 1_000_000

export interface ActivityLimits {
  /** Events later than this are rejected as clock skew (epoch milliseconds); live input passes now plus a tolerance. */
  readonly notAfterMs?: number
}

/** Why the activity must go to the dead letters, or null if it is valid. Words for a reader, never a payload. */
export function activityProblem(activity: UserActivity, limits: ActivityLimits = {}): string | null {
  if (activity.type === 'unknown') return 'unknown activity type'
  if (!Number.isSafeInteger(activity.at)) return 'time is not a whole number of milliseconds'
  if (activity.at < EARLIEST_MS || activity.at >= LATEST_MS) return 'time outside 2000 to 2100'
  if (isInputMark(activity.type)) return null
  if (limits.notAfterMs !== undefined && activity.at > limits.notAfterMs) return 'time ahead of the clock'
  return textProblem(activity) ?? missing(activity) ?? quantityProblem(activity) ?? priceProblem(activity)
}

/** Field by field, because this runs for every event. */
function textProblem(activity: UserActivity): string | null {
  const { userId, anonymousId } = activity
  if (isTooLong(activity.eventId, MAX_ID_BYTES)) return tooLong('eventId', MAX_ID_BYTES)
  if (isTooLong(userId, MAX_ID_BYTES)) return tooLong('userId', MAX_ID_BYTES)
  if (isTooLong(activity.itemId, MAX_ID_BYTES)) return tooLong('itemId', MAX_ID_BYTES)
  if (isTooLong(activity.sessionId, MAX_ID_BYTES)) return tooLong('sessionId', MAX_ID_BYTES)
  if (isTooLong(anonymousId, MAX_ID_BYTES)) return tooLong('anonymousId', MAX_ID_BYTES)
  if (isTooLong(activity.videoId, MAX_ID_BYTES)) return tooLong('videoId', MAX_ID_BYTES)
  if (isTooLong(activity.decisionId, MAX_ID_BYTES)) return tooLong('decisionId', MAX_ID_BYTES)
  if (isTooLong(activity.timeZone, MAX_ID_BYTES)) return tooLong('timeZone', MAX_ID_BYTES)
  if (isTooLong(activity.name, MAX_NAME_BYTES)) return tooLong('name', MAX_NAME_BYTES)
  if (isTooLong(activity.properties, MAX_PROPERTIES_BYTES)) return tooLong('properties', MAX_PROPERTIES_BYTES)
  if (userId === '') return 'userId is empty'
  if (anonymousId === '') return 'anonymousId is empty'
  if (userId?.startsWith(ANONYMOUS)) return `userId starts with ${ANONYMOUS}`
  return activity.consent === null ? null : consentProblem(activity.consent)
}

/** A UTF-16 unit takes at most three bytes, so short texts are not counted byte by byte. */
function isTooLong(text: string | null, mostBytes: number): boolean {
  return text !== null && text.length * 3 > mostBytes && Buffer.byteLength(text) > mostBytes
}

function tooLong(field: string, mostBytes: number): string {
  return `${field} longer than ${mostBytes} bytes`
}

function consentProblem(consent: Readonly<Record<string, boolean>>): string | null {
  const purposes = Object.keys(consent)
  if (purposes.length > MAX_PURPOSES) return `consent with more than ${MAX_PURPOSES} purposes`
  if (purposes.some((purpose) => purpose === '' || isTooLong(purpose, MAX_ID_BYTES))) {
    return `consent with a purpose that is empty or longer than ${MAX_ID_BYTES} bytes`
  }
  return purposes.every((purpose) => typeof consent[purpose] === 'boolean') ? null : 'consent is not true or false'
}

/** What an event of its type needs and this one lacks. */
function missing(activity: UserActivity): string | null {
  const { type } = activity
  switch (type) {
    case 'view':
    case 'cart':
    case 'remove':
    case 'purchase':
    case 'cancellation':
    case 'adjustment':
      return activity.itemId ? null : `${type} without itemId`
    case 'search':
      return activity.query ? null : 'search without query'
    case 'impression':
    case 'click':
      return activity.itemId || activity.decisionId ? null : `${type} without itemId or decisionId`
    case 'video_play':
    case 'video_pause':
    case 'video_resume':
    case 'video_seek':
    case 'video_progress':
    case 'video_complete':
      return videoProblem(activity)
    case 'identify':
    case 'alias':
      if (activity.anonymousId === null) return `${type} without anonymousId`
      return activity.userId === null ? `${type} without userId` : null
    case 'consent':
      return activity.consent === null || Object.keys(activity.consent).length === 0 ? 'consent without purposes' : null
    default:
      return null
  }
}

function videoProblem({ type, videoId, positionMs, seekToMs }: UserActivity): string | null {
  if (!videoId) return `${type} without videoId`
  if (positionMs === null) return `${type} without positionMs`
  if (!isPosition(positionMs)) return 'positionMs is not a whole number of milliseconds from 0 to a year'
  if (type !== 'video_seek') return null
  if (seekToMs === null) return 'video_seek without seekToMs'
  return isPosition(seekToMs) ? null : 'seekToMs is not a whole number of milliseconds from 0 to a year'
}

function isPosition(ms: number): boolean {
  return Number.isSafeInteger(ms) && ms >= 0 && ms <= MAX_POSITION_MS
}

function quantityProblem(activity: UserActivity): string | null {
  const { quantity, type } = activity
  if (!Number.isSafeInteger(quantity) || Math.abs(quantity) > MAX_QUANTITY) return `quantity not within ${MAX_QUANTITY}`
  return type === 'adjustment' || quantity > 0 ? null : 'quantity not positive'
}

function priceProblem(activity: UserActivity): string | null {
  const { unitPriceMicros, quantity, type } = activity
  if (unitPriceMicros === null) {
    return type === 'purchase' || type === 'cancellation' ? `${type} without price` : null
  }
  if (!Number.isSafeInteger(unitPriceMicros)) return 'price is not in whole micro-units'
  if (timesQuantity(unitPriceMicros, quantity) === undefined) return 'amount too large'
  return type === 'adjustment' || unitPriceMicros >= 0 ? null : 'price is negative'
}
