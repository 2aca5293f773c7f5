/** Events of one user that may still be overtaken by earlier ones. They are kept as they came and sorted when they are taken. */
import type { UserActivity } from '../../records/activity.js'
import { readActivity, writeActivity } from '../packed/activity-fields.js'
import { ByteReader, ByteWriter } from '../packed/packed-bytes.js'
import type { EventOrigin } from './step-cause.js'

/** An event that waited, and where it came from. */
export interface WaitingEvent {
  readonly activity: UserActivity
  readonly origin: EventOrigin
}

const out = new ByteWriter()
const HEAD_BYTES = 8

/** The earliest time among the waiting events, epoch milliseconds. */
export function earliestWaitingMs(waiting: Buffer): number {
  return waiting.readDoubleBE(0)
}

/** The events with one more. */
export function withWaiting(waiting: Buffer | undefined, activity: UserActivity, origin: EventOrigin): Buffer {
  out.reset()
  out.whole(origin.offset + 1)
  out.whole(origin.arrivedAt + 1)
  writeActivity(out, activity)
  const before = waiting?.length ?? HEAD_BYTES
  const grown = Buffer.allocUnsafe(before + out.length)
  if (waiting !== undefined) waiting.copy(grown)
  out.copyTo(grown, before)
  grown.writeDoubleBE(waiting === undefined ? activity.at : Math.min(earliestWaitingMs(waiting), activity.at), 0)
  return grown
}

/** The waiting events before `beforeMs`, sorted, and the rest; null: nothing is left. */
export function takeWaiting(
  waiting: Buffer,
  beforeMs: number,
): { readonly taken: readonly WaitingEvent[]; readonly rest: Buffer | null } {
  const taken: WaitingEvent[] = []
  const from = new ByteReader(waiting, HEAD_BYTES)
  out.reset()
  let earliestMs = Number.POSITIVE_INFINITY
  while (!from.done) {
    const start = from.position
    const offset = from.whole() - 1
    const arrivedAt = from.whole() - 1
    const activity = readActivity(from)
    if (activity.at < beforeMs) {
      taken.push({ activity, origin: { offset, arrivedAt } })
      continue
    }
    earliestMs = Math.min(earliestMs, activity.at)
    out.raw(waiting.subarray(start, from.position))
  }
  taken.sort(inTime)
  if (out.length === 0) return { taken, rest: null }
  const rest = Buffer.allocUnsafe(HEAD_BYTES + out.length)
  rest.writeDoubleBE(earliestMs, 0)
  out.copyTo(rest, HEAD_BYTES)
  return { taken, rest }
}

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
