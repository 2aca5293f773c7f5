/**
 * A record of the topic `merges`: what the partition of an anonymous visitor sends to the partition of the user that the visitor turned
 * out to be. It is written in the transaction that takes it from the visitor.
 */
import type { Serde } from '../../../index.js'
import { ServiceError } from '../../errors.js'
import type { UserActivity } from '../../records/activity.js'
import type { Recommendation } from '../../records/recommendation.js'
import { readActivity, writeActivity } from '../packed/activity-fields.js'
import { ByteReader, ByteWriter } from '../packed/packed-bytes.js'
import type { EventOrigin } from '../user/step-cause.js'

/** All that a visitor has, with the `identify` or `alias` that says who it is. The activity is the user's. */
export interface VisitorRecord {
  readonly kind: 'visitor'
  /** The event that says who the visitor is. */
  readonly activity: UserActivity
  /** Where it came from. */
  readonly origin: EventOrigin
  /** The visitor's key. */
  readonly visitor: string
  /** The visitor's entry, encoded. */
  readonly entry: Buffer
  /** Whether it takes its place among the user's events by its time; else it counts at once. */
  readonly isOrdered: boolean
}

/** An event of the visitor after that. */
export interface EventRecord {
  readonly kind: 'event'
  /** The visitor's event. */
  readonly activity: UserActivity
  /** Where it came from. */
  readonly origin: EventOrigin
  /** As in {@link VisitorRecord}; then decisions about single events have had it where it arrived. */
  readonly isOrdered: boolean
}

/** A decision about the visitor that is to be delivered to the user. */
export interface DecisionRecord {
  readonly kind: 'decision'
  /** The user's. */
  readonly decision: Recommendation
  /** The subject without the visitor. */
  readonly subject: string
  /** When its hold ended, epoch milliseconds; null: it was not held. */
  readonly heldUntilMs: number | null
}

/** Goes to every partition: records with identities from before this time have been sent. */
export interface TimeRecord {
  readonly kind: 'time'
  /** Who says it. */
  readonly partition: number
  /** How many partitions there are. */
  readonly partitions: number
  /** Event time, epoch milliseconds. */
  readonly reachedMs: number
  /** The input is over at `reachedMs`, and everything has been sent. */
  readonly ends: boolean
}

/** A record of the topic that carries what visitors had to the users they became. */
export type IdentityRecord = VisitorRecord | EventRecord | DecisionRecord | TimeRecord

const VERSION = 1
/** The number of a kind is its place in this list. */
const KINDS = ['visitor', 'event', 'decision', 'time'] as const
const out = new ByteWriter()

/** The values of `merges`. */
export const identityRecords: Serde<IdentityRecord> = Object.freeze({
  name: 'identity-records',
  serialize(record: IdentityRecord): Buffer {
    out.reset()
    out.whole(VERSION)
    out.whole(KINDS.indexOf(record.kind))
    write(record)
    return out.copy()
  },
  deserialize(bytes: Buffer): IdentityRecord {
    const from = new ByteReader(bytes)
    const version = from.whole()
    if (version !== VERSION) {
      throw new ServiceError(
        'USER_ENTRY_VERSION',
        `a record of an identity has version ${version}; this service reads ${VERSION}`,
      )
    }
    return read(KINDS[from.whole()]!, from)
  },
})

function write(record: IdentityRecord): void {
  switch (record.kind) {
    case 'visitor':
      writeActivity(out, record.activity)
      writeOrigin(record.origin)
      out.text(record.visitor)
      out.block(record.entry)
      out.whole(record.isOrdered ? 1 : 0)
      return
    case 'event':
      writeActivity(out, record.activity)
      writeOrigin(record.origin)
      out.whole(record.isOrdered ? 1 : 0)
      return
    case 'decision':
      out.text(JSON.stringify(record.decision))
      out.text(record.subject)
      out.whole(record.heldUntilMs === null ? 0 : record.heldUntilMs + 1)
      return
    case 'time':
      out.whole(record.partition)
      out.whole(record.partitions)
      out.whole(record.reachedMs)
      out.whole(record.ends ? 1 : 0)
  }
}

function writeOrigin({ partition, offset, arrivedAt }: EventOrigin): void {
  out.whole(partition + 1)
  out.whole(offset + 1)
  out.whole(arrivedAt + 1)
}

function readOrigin(from: ByteReader): EventOrigin {
  return { partition: from.whole() - 1, offset: from.whole() - 1, arrivedAt: from.whole() - 1 }
}

function read(kind: IdentityRecord['kind'], from: ByteReader): IdentityRecord {
  switch (kind) {
    case 'visitor':
      return {
        kind,
        activity: readActivity(from),
        origin: readOrigin(from),
        visitor: from.text(),
        entry: Buffer.from(from.block()),
        isOrdered: from.whole() === 1,
      }
    case 'event':
      return { kind, activity: readActivity(from), origin: readOrigin(from), isOrdered: from.whole() === 1 }
    case 'decision': {
      const decision = JSON.parse(from.text()) as Recommendation
      const subject = from.text()
      const until = from.whole()
      return { kind, decision, subject, heldUntilMs: until === 0 ? null : until - 1 }
    }
    case 'time':
      return {
        kind,
        partition: from.whole(),
        partitions: from.whole(),
        reachedMs: from.whole(),
        ends: from.whole() === 1,
      }
  }
}
