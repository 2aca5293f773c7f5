/** How a producer writes about a user: the key and partition of the record, and what has to be stored before its value is sealed. */
import { activityKey, isInputMark, isMerge, type UserActivity } from '../records/activity.js'
import type { UserKeys } from './user-keys.js'

/** The key of the user's records, and their partition; no partition: the key's hash chooses it. */
export interface UserRecordPlace {
  readonly key: Buffer
  readonly partition?: number
}

/** `partitions`: of the topic. */
export function userPlace(user: string, keys: UserKeys | null, partitions: number): UserRecordPlace {
  if (keys === null) return { key: Buffer.from(user) }
  return { key: Buffer.from(keys.keyText(user), 'latin1'), partition: keys.partitionOf(user, partitions) }
}

/** Before the activity is serialized: null if it can be at once. Rejects with CLIENT_*. */
export function readyFor(activity: UserActivity, keys: UserKeys | null): Promise<void> | null {
  if (keys === null || isInputMark(activity.type)) return null
  const user = activityKey(activity)
  const waits = [keys.ready(user), ...(isMerge(activity) ? readyToMerge(activity, keys) : [])]
  return waits.every((one) => one === null) ? null : Promise.all(waits).then(() => undefined)
}

/** What the visitor has is sealed for the user, and goes with the user. */
export function readyToMerge(activity: UserActivity, keys: UserKeys): (Promise<void> | null)[] {
  const { userId } = activity
  return [keys.ready(userId!), keys.linked(userId!, activityKey(activity))]
}
