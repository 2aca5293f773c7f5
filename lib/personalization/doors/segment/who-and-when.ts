/** The fields that a call has whatever its type: who, when, where, and its id. */
import { createHash } from 'node:crypto'
import type { ActivitySource, UserActivity } from '../../records/activity.js'
import { knownZone } from '../../records/known-zone.js'
import { InputProblem, isObject, type JsonObject, objectOf, wordOf } from '../../records/loose-values.js'
import { callTime } from './call-time.js'

/** The types of calls. */
export const CALL_TYPES = ['track', 'identify', 'page', 'screen', 'alias', 'group'] as const
export type CallType = (typeof CALL_TYPES)[number]

/** What is known of a call besides its text. */
export interface Receipt {
  readonly source: ActivitySource
  /** When it came, epoch milliseconds; null for a file. */
  readonly receivedMs: number | null
  /** Later events are rejected, epoch milliseconds. */
  readonly notAfterMs?: number
  /** The event id of a call without `messageId`. */
  readonly fallbackId: string
  /** The type that the path says; the call's own is not looked at then. */
  readonly type?: CallType
  /** The batch around it, whose `context` and `sentAt` hold for calls without their own. */
  readonly batch?: JsonObject
}

export type SharedFields = Pick<
  UserActivity,
  'eventId' | 'at' | 'source' | 'userId' | 'anonymousId' | 'sessionId' | 'timeZone' | 'country' | 'consent'
>

const COUNTRY = /^[A-Z]{2}$/

/** @throws InputProblem */
export function sharedFields(call: JsonObject, type: CallType, receipt: Receipt): SharedFields {
  const context = { ...objectOf(receipt.batch?.context, 'context'), ...objectOf(call.context, 'context') }
  const userId = wordOf(call.userId, 'userId')
  const anonymousId = wordOf(call.anonymousId, 'anonymousId')
  if (userId === null && anonymousId === null && type !== 'alias') {
    throw new InputProblem('neither userId nor anonymousId')
  }
  const messageId = wordOf(call.messageId, 'messageId')
  const country = isObject(context.location) ? context.location.country : undefined
  return {
    eventId: messageId === null ? receipt.fallbackId : shortId(messageId),
    userId,
    anonymousId,
    at: callTime(call, receipt.receivedMs, receipt.batch?.sentAt),
    source: receipt.source,
    sessionId: wordOf(context.sessionId ?? context.session_id, 'context.sessionId'),
    timeZone: knownZone(context.timezone),
    country: typeof country === 'string' && COUNTRY.test(country) ? country : null,
    consent: preferences(context),
  }
}

/** An event id has at most 80 bytes, with room for the index of a product. */
const MAX_MESSAGE_ID_BYTES = 70

function shortId(messageId: string): string {
  if (Buffer.byteLength(messageId) <= MAX_MESSAGE_ID_BYTES) return messageId
  return createHash('sha256').update(messageId).digest('hex').slice(0, 32)
}

/** The consent that the visitor's consent tool has put into the context; null if there is none. */
function preferences(context: JsonObject): UserActivity['consent'] {
  const categories = isObject(context.consent) ? context.consent.categoryPreferences : undefined
  return isObject(categories) ? booleansOf(Object.entries(categories)) : null
}

/** Those of `entries` that are true or false; null if none is. */
export function booleansOf(entries: readonly (readonly [string, unknown])[]): UserActivity['consent'] {
  const booleans = entries.filter((entry): entry is [string, boolean] => typeof entry[1] === 'boolean')
  return booleans.length === 0 ? null : Object.fromEntries(booleans)
}
