/** The entry of a visitor who becomes a user: what of it moves to the user, and what says from then on where the visitor's events belong. */
import { isMerge, sessionOf, type UserActivity } from '../../records/activity.js'
import { ByteReader, ByteWriter } from '../packed/packed-bytes.js'
import { mergeArms } from '../user/arm.js'
import { CHUNK, UserEntry } from '../user/user-entry.js'
import { identityRecords, type VisitorRecord } from './identity-record.js'

const out = new ByteWriter()
/** What stays with the visitor: its timer, the arm, and who it is. */
const STAYS: readonly number[] = [CHUNK.timer, CHUNK.arms, CHUNK.identity]

/** The user that a visitor's events belong to; null: nobody has said so. */
export function mergedInto(entry: UserEntry): string | null {
  const userId = entry.get(CHUNK.identity)?.toString() ?? ''
  return userId === '' ? null : userId
}

/** From now on the visitor's events belong to the user. '': events wait that will say whom they belong to. */
export function setMergedInto(entry: UserEntry, userId: string): void {
  if (userId !== '' || !entry.has(CHUNK.identity)) entry.set(CHUNK.identity, Buffer.from(userId))
}

/**
 * Takes out of the visitor's entry what moves to the user, encoded. The arm is in both from now on. `isOrdered`: events that wait stay,
 * because another event may say that they are somebody else's.
 */
export function takeVisitor(entry: UserEntry, isOrdered: boolean): Buffer {
  const moved = UserEntry.empty()
  for (const chunk of entry.chunks()) {
    if (isOrdered && chunk === CHUNK.waiting) continue
    if (chunk === CHUNK.arms || !STAYS.includes(chunk)) moved.set(chunk, entry.get(chunk)!)
    if (!STAYS.includes(chunk)) entry.set(chunk, null)
  }
  return moved.encode()
}

/** A visitor's event as one of the user. It stays in the session it was in. */
export function asUser(activity: UserActivity, userId: string): UserActivity {
  if (isMerge(activity)) return activity
  return { ...activity, userId, sessionId: sessionOf(activity) }
}

/** Joins the chunks that are not of decisions, and those of decisions that the user has nothing of. */
export function mergeChunks(known: UserEntry, visitor: UserEntry): void {
  mergeArms(known, visitor)
  for (const chunk of visitor.chunks()) {
    if (chunk !== CHUNK.waiting && chunk !== CHUNK.timer && !known.has(chunk)) known.set(chunk, visitor.get(chunk)!)
  }
}

/** Keeps a visitor until the turn of its `identify` has come. */
export function addMerging(entry: UserEntry, record: VisitorRecord): void {
  out.reset()
  const held = entry.get(CHUNK.merging)
  if (held !== undefined) out.raw(held)
  out.block(identityRecords.serialize(record, ''))
  entry.set(CHUNK.merging, out.copy())
}

/** Takes the visitor that belongs to an `identify`; null: there is none. */
export function takeMerging(entry: UserEntry, { eventId, anonymousId }: UserActivity): VisitorRecord | null {
  const held = entry.get(CHUNK.merging)
  if (held === undefined) return null
  const from = new ByteReader(held)
  const records: VisitorRecord[] = []
  while (!from.done) records.push(identityRecords.deserialize(from.block(), '') as VisitorRecord)
  const found = records.find(({ activity }) => activity.eventId === eventId && activity.anonymousId === anonymousId)
  if (found === undefined) return null
  entry.set(CHUNK.merging, null)
  for (const record of records) if (record !== found) addMerging(entry, record)
  return found
}
