/** The arm of a user, dealt once and then kept in the entry, so that it stays through merges. */
import { type Arm, armOf } from '../../experiments/experiment.js'
import { CHUNK, type UserEntry } from './user-entry.js'

export function armIn(entry: UserEntry, userId: string): Arm {
  const kept = keptArm(entry)
  if (kept !== null) return kept
  const arm = armOf(userId)
  entry.set(CHUNK.arms, Buffer.from([arm === 'treatment' ? 1 : 0]))
  return arm
}

/** Null: the user has not been dealt one. */
export function keptArm(entry: UserEntry): Arm | null {
  const kept = entry.get(CHUNK.arms)
  return kept === undefined ? null : kept[0] === 1 ? 'treatment' : 'control'
}
