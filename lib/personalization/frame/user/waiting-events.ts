/** Events of one user that may still be overtaken by earlier ones. They are kept as they came, and sorted when they are taken. */
import type { UserActivity } from '../../records/activity.js'
import { readActivity, writeActivity } from '../packed/activity-fields.js'
import { ByteReader, ByteWriter } from '../packed/packed-bytes.js'
import type { EventOrigin } from './step-cause.js'
import { CHUNK, type EntryPart, type UserEntry } from './user-entry.js'

/** An event that waited, and where it came from. */
export interface WaitingEvent {
  readonly activity: UserActivity
  readonly origin: EventOrigin
}

const out = new ByteWriter()
const HEAD_BYTES = 8

/** The waiting events of a user; at least one. */
export class WaitingEvents implements EntryPart {
  /** Events that nobody has looked at since they were stored; null: there are none. */
  #encoded: Buffer | null
  #events: WaitingEvent[] = []
  #earliestMs: number

  constructor(encoded: Buffer | null) {
    this.#encoded = encoded
    this.#earliestMs = encoded === null ? Number.POSITIVE_INFINITY : encoded.readDoubleBE(0)
  }

  /** Their earliest time, epoch milliseconds. */
  get earliestMs(): number {
    return this.#earliestMs
  }

  get isEmpty(): boolean {
    return this.#encoded === null && this.#events.length === 0
  }

  add(event: WaitingEvent): void {
    this.#events.push(event)
    this.#earliestMs = Math.min(this.#earliestMs, event.activity.at)
  }

  /** Removes the events before `beforeMs`, and returns them in their order. */
  take(beforeMs: number): readonly WaitingEvent[] {
    if (this.#encoded !== null) this.#events = [...decoded(this.#encoded), ...this.#events]
    this.#encoded = null
    const taken: WaitingEvent[] = []
    const rest: WaitingEvent[] = []
    this.#earliestMs = Number.POSITIVE_INFINITY
    for (const event of this.#events) {
      const { at } = event.activity
      if (at < beforeMs) taken.push(event)
      else {
        rest.push(event)
        this.#earliestMs = Math.min(this.#earliestMs, at)
      }
    }
    this.#events = rest
    return taken.sort(inTime)
  }

  encode(): Buffer {
    out.reset()
    out.raw(this.#encoded ?? NO_EVENTS)
    for (const { activity, origin } of this.#events) {
      out.whole(origin.partition + 1)
      out.whole(origin.offset + 1)
      out.whole(origin.arrivedAt + 1)
      writeActivity(out, activity)
    }
    const bytes = out.copy()
    bytes.writeDoubleBE(this.#earliestMs, 0)
    return bytes
  }
}

const NO_EVENTS = Buffer.alloc(HEAD_BYTES)

function decoded(bytes: Buffer): WaitingEvent[] {
  const events: WaitingEvent[] = []
  const from = new ByteReader(bytes, HEAD_BYTES)
  while (!from.done) {
    const origin = { partition: from.whole() - 1, offset: from.whole() - 1, arrivedAt: from.whole() - 1 }
    events.push({ activity: readActivity(from), origin })
  }
  return events
}

/** The waiting events of an entry; null: there are none. */
export function waitingIn(entry: UserEntry): WaitingEvents | null {
  const held = entry.part(CHUNK.waiting) as WaitingEvents | undefined
  if (held !== undefined) return held
  const bytes = entry.get(CHUNK.waiting)
  if (bytes === undefined) return null
  const waiting = new WaitingEvents(bytes)
  entry.use(CHUNK.waiting, waiting)
  return waiting
}

/** Lets an event wait. */
export function letWait(entry: UserEntry, event: WaitingEvent): void {
  const held = waitingIn(entry)
  const waiting = held ?? new WaitingEvents(null)
  waiting.add(event)
  if (held === null) entry.set(CHUNK.waiting, waiting)
  else entry.touch()
}

/** Takes the events before `beforeMs`, in their order. */
export function takeWaiting(entry: UserEntry, beforeMs: number): readonly WaitingEvent[] {
  const waiting = waitingIn(entry)
  if (waiting === null || waiting.earliestMs >= beforeMs) return NONE
  const taken = waiting.take(beforeMs)
  if (waiting.isEmpty) entry.set(CHUNK.waiting, null)
  else entry.touch()
  return taken
}

const NONE: readonly WaitingEvent[] = []

/** Order of events of one user: see {@link beforeInTime}. */
function inTime({ activity: a }: WaitingEvent, { activity: b }: WaitingEvent): number {
  return beforeInTime(a, b) ? -1 : beforeInTime(b, a) ? 1 : 0
}

/**
 * Order of events of one user: by time, then by id, where numbers count as numbers (shorter first), so that rows of one second stand
 * as in their file. A total order over distinct ids, whatever order they arrive in.
 */
function beforeInTime(
  a: { readonly at: number; readonly eventId: string },
  b: { readonly at: number; readonly eventId: string },
): boolean {
  if (a.at !== b.at) return a.at < b.at
  if (a.eventId.length !== b.eventId.length) return a.eventId.length < b.eventId.length
  return a.eventId < b.eventId
}
