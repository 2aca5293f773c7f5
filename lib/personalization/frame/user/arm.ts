/** The arm of a user, dealt once and then kept in the entry, so that it stays through merges. */
import { type Arm, armOf } from '../../experiments/experiment.js'
import { CHUNK, type UserEntry } from './user-entry.js'

/** The arm, and after it the event time at which the user first got it. */
const ARM_BYTES = 7

/** `nowMs`: event time, epoch milliseconds. */
export function armIn(entry: UserEntry, userId: string, nowMs: number): Arm {
  const kept = keptArm(entry)
  if (kept !== null) return kept
  const arm = armOf(userId)
  const bytes = Buffer.alloc(ARM_BYTES)
  bytes[0] = arm === 'treatment' ? 1 : 0
  bytes.writeUIntBE(Math.max(0, nowMs), 1, 6)
  entry.set(CHUNK.arms, bytes)
  return arm
}

/** Null: the user has not been dealt one. */
export function keptArm(entry: UserEntry): Arm | null {
  const kept = entry.get(CHUNK.arms)
  return kept === undefined ? null : kept[0] === 1 ? 'treatment' : 'control'
}

/** The arm that was seen first is that of both; of two seen at one time, the known user's. */
export function mergeArms(known: UserEntry, visitor: UserEntry): void {
  const [own, other] = [known.get(CHUNK.arms), visitor.get(CHUNK.arms)]
  if (other !== undefined && (own === undefined || seenAtMs(other) < seenAtMs(own))) known.set(CHUNK.arms, other)
}

function seenAtMs(arm: Buffer): number {
  return arm.length === ARM_BYTES ? arm.readUIntBE(1, 6) : 0
}
