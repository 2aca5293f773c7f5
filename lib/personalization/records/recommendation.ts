/** One decision as a record of the `recommendations` topic. */
import type { DecisionTrace } from './decision-trace.js'

/** Where a decision is to be said: on the page, by a message of the embedding service, or nowhere. */
export const CHANNELS = ['page', 'push', 'email', 'sms', 'none'] as const

/** How a decision reaches the user. `none`: it is only recorded. */
export type Channel = (typeof CHANNELS)[number]

/** `schemas/recommendation.avsc` is the same in Avro; the encoded value stays under 1 KB. */
export interface Recommendation {
  /** The id of the decision, see {@link decisionId}: equal for equal decisions. */
  readonly decisionId: string
  /** The name of the decision, with its kind if it has one. */
  readonly rule: string
  /** The user it is for. */
  readonly userId: string
  /** What the id was hashed from, see `decisionId`. */
  readonly subject: string
  /** Event time of the decision, epoch milliseconds. */
  readonly at: number
  /** After this time (epoch milliseconds) it is dropped and counted, not shown. */
  readonly validUntil: number
  /** The session it belongs to. */
  readonly sessionId: string | null
  /** The arm of the experiment the user is in. */
  readonly arm: 'control' | 'treatment'
  /** Name and version of what chose the items. */
  readonly algorithm: string
  /** Why `items` is empty, or why it was decided. */
  readonly reason: string | null
  /** The item or query (its first 80 characters) that led here. */
  readonly becauseOf: string | null
  /** Ranked item ids, at most 20. */
  readonly items: readonly string[]
  /** Spending alert and withdrawal: the day's amount when decided, in micro-units. */
  readonly amountMicros: number | null
  /** Whether a profile was there to decide with. */
  readonly profileKnown: boolean
  /** Where it is to be said. */
  readonly channel: Channel
  /** The words of the message, its first 80 characters; null: the receiver finds its own. */
  readonly title: string | null
  /** Why it was not delivered; null: it was. */
  readonly suppressed: string | null
  /** Why it was made. Those who show or deliver decisions get none. */
  readonly trace?: DecisionTrace | null
}

/** Bytes that the items and the title of one decision may take in all, so that the whole record stays under 1 KB. */
const ITEM_AND_TITLE_BYTES = 340
/** An item id passes whole; a long query is cut. */
const MAX_CAUSE_LENGTH = 80
const MAX_TITLE_LENGTH = 80

/** What a rule fills in; everything else has a value that says "does not apply". */
export type DecidedRecord = Pick<
  Recommendation,
  'decisionId' | 'rule' | 'userId' | 'subject' | 'at' | 'validUntil' | 'channel'
> &
  Partial<Recommendation>

/** The complete decision, its items cut to what fits. */
export function recommendation(decided: DecidedRecord): Recommendation {
  const title = decided.title?.slice(0, MAX_TITLE_LENGTH) ?? null
  return {
    decisionId: decided.decisionId,
    rule: decided.rule,
    userId: decided.userId,
    subject: decided.subject,
    at: decided.at,
    validUntil: decided.validUntil,
    sessionId: decided.sessionId ?? null,
    arm: decided.arm ?? 'control',
    algorithm: decided.algorithm ?? 'none',
    reason: decided.reason ?? null,
    becauseOf: decided.becauseOf?.slice(0, MAX_CAUSE_LENGTH) ?? null,
    items: fitting(decided.items ?? [], ITEM_AND_TITLE_BYTES - (title === null ? 0 : Buffer.byteLength(title))),
    amountMicros: decided.amountMicros ?? null,
    profileKnown: decided.profileKnown ?? false,
    channel: decided.channel,
    title,
    suppressed: decided.suppressed ?? null,
    trace: decided.trace ?? null,
  }
}

/** A UTF-16 unit takes at most three bytes, so that short lists need no closer look. */
const BYTES_OF_UNIT = 3

function fitting(items: readonly string[], maxBytes: number): readonly string[] {
  let most = 0
  for (let i = 0; i < items.length; i++) most += items[i]!.length * BYTES_OF_UNIT + 1
  if (most <= maxBytes || Buffer.byteLength(items.join(' ')) < maxBytes) return items
  let bytes = 0
  for (let i = 0; i < items.length; i++) {
    bytes += Buffer.byteLength(items[i]!) + 1
    if (bytes > maxBytes) return items.slice(0, i)
  }
  return items
}
