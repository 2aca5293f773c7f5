/**
 * Visitors who become users, in one task. With their `identify` or `alias` all that the visitor has is sent to the partition of the user,
 * and every later event of the visitor too. In an input whose partitions wait for each other, both happen in the order of event time.
 */
import { isLive, isMerge, type UserActivity } from '../../records/activity.js'
import type { TierDecisions } from '../decision-table.js'
import type { Outlet } from '../outlet.js'
import type { DecisionSteps } from '../user/decision-steps.js'
import type { EventOrigin } from '../user/step-cause.js'
import { CHUNK, UserEntry } from '../user/user-entry.js'
import { letWait, takeWaiting, type WaitingEvent } from '../user/waiting-events.js'
import type { AlignedTime } from './aligned-time.js'
import type { EventRecord, IdentityRecord, VisitorRecord } from './identity-record.js'
import {
  addMerging,
  asUser,
  mergeChunks,
  mergedInto,
  setMergedInto,
  takeMerging,
  takeVisitor,
} from './visitor-entry.js'

/** What {@link Identities} needs of the task. */
export interface IdentitiesParts {
  readonly decisions: TierDecisions
  readonly steps: DecisionSteps
  readonly outlet: Outlet
  readonly time: AlignedTime
  /** Sends a record to the partition of a user. */
  readonly send: (userId: string, record: IdentityRecord) => void
  /** Writes an entry whose steps are done. `triggeredAt`: as in {@link Leaving}. */
  readonly finish: (userId: string, entry: UserEntry, triggeredAt: number) => void
}

export class Identities {
  readonly #parts: IdentitiesParts

  constructor(parts: IdentitiesParts) {
    this.#parts = parts
  }

  /** An event of a visitor has come. True: it is dealt with; false: it is one as of any user. */
  arrived(visitor: string, entry: UserEntry, activity: UserActivity, origin: EventOrigin): boolean {
    const { steps, time } = this.#parts
    if (time.isAligned && !isLive(activity.source)) {
      if (!isMerge(activity)) return false
      steps.open(visitor, entry, 'visitor')
      letWait(entry, { activity, origin })
      setMergedInto(entry, '')
      this.#parts.finish(visitor, entry, -1)
      return true
    }
    if (isMerge(activity)) {
      this.#move(visitor, entry, { activity, origin }, false)
      steps.open(visitor, entry)
      this.#parts.finish(visitor, entry, -1)
      return true
    }
    const userId = mergedInto(entry)
    if (userId === null) return false
    this.#forward(userId, { activity, origin }, false)
    return true
  }

  /** The time of a visitor has come whose events say who it is: applies, in their order, those before `frontierMs`. */
  advance(visitor: string, entry: UserEntry, frontierMs: number): void {
    const { steps, finish } = this.#parts
    for (const waited of takeWaiting(entry, frontierMs)) {
      const { activity } = waited
      const userId = mergedInto(entry)
      if (isMerge(activity)) {
        steps.open(visitor, entry, 'visitor')
        steps.advance(activity.at)
        finish(visitor, entry, -1)
        this.#move(visitor, entry, waited, true)
      } else if (userId !== null) this.#forward(userId, waited, true)
      else {
        steps.open(visitor, entry, 'visitor')
        steps.inTurn(waited)
        finish(visitor, entry, -1)
      }
    }
  }

  /** A visitor has come who is the user. */
  visitor(userId: string, entry: UserEntry, record: VisitorRecord): void {
    const { steps, time, finish } = this.#parts
    steps.open(userId, entry)
    const isOrdered = record.isOrdered && time.isAligned
    if (isOrdered) addMerging(entry, record)
    else this.#join(entry, record, false)
    steps.arrived(record.activity, record.origin, isOrdered)
    finish(userId, entry, -1)
  }

  /** An event has come of a visitor who is the user. */
  event(userId: string, entry: UserEntry, { activity, origin, isOrdered }: EventRecord): void {
    const { steps, outlet, finish } = this.#parts
    if (outlet.observes(activity)) outlet.observe(activity, entry)
    steps.open(userId, entry, isOrdered && !isMerge(activity) ? 'user' : 'all')
    steps.arrived(activity, origin)
    finish(userId, entry, isOrdered ? -1 : origin.arrivedAt)
  }

  /** The turn of an `identify` has come: joins the visitor that waits for it. */
  identified(activity: UserActivity, entry: UserEntry): void {
    const record = takeMerging(entry, activity)
    if (record !== null) this.#join(entry, record, true)
  }

  /** The user to whom decisions about a visitor go by now; null: it is no such visitor. */
  receiver(entry: UserEntry): string | null {
    return entry.has(CHUNK.identity) ? mergedInto(entry) : null
  }

  #move(visitor: string, entry: UserEntry, identifies: WaitingEvent, isOrdered: boolean): void {
    const { activity, origin } = identifies
    const userId = activity.userId!
    if (mergedInto(entry) === userId) {
      this.#forward(userId, identifies, isOrdered)
      return
    }
    this.#parts.send(userId, {
      kind: 'visitor',
      activity,
      origin,
      visitor,
      entry: takeVisitor(entry, isOrdered),
      isOrdered,
    })
    setMergedInto(entry, userId)
  }

  #forward(userId: string, { activity, origin }: WaitingEvent, isOrdered: boolean): void {
    const { decisions, outlet, send } = this.#parts
    if (!decisions.read(activity.type) && !outlet.observes(activity)) return
    send(userId, { kind: 'event', activity: asUser(activity, userId), origin, isOrdered })
  }

  #join(entry: UserEntry, record: VisitorRecord, inTurn: boolean): void {
    const { steps, outlet } = this.#parts
    const visitor = UserEntry.decode(record.entry)
    const both = steps.merge(visitor, record.activity, inTurn)
    outlet.merge(entry, visitor, both)
    mergeChunks(entry, visitor)
    for (const { activity, origin } of takeWaiting(visitor, Number.POSITIVE_INFINITY)) {
      letWait(entry, { activity: asUser(activity, record.activity.userId!), origin })
    }
  }
}
