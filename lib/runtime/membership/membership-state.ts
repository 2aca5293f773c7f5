/** The membership state of an instance as one value, with queries on it. Only `decideMembership` changes it. */
import type { GroupIdentity } from '../../client/commit.js'
import type { TaskId } from '../../record/task-id.js'
import { type FailedCommits, NO_FAILED_COMMITS } from '../commit/failed-commit.js'
import { type GroupPhase, isAsked, isLost, WANTED } from './group-phase.js'
import { NOTHING_OWNED, type Ownership, ownsTask } from './ownership.js'

export type Life =
  | { readonly kind: 'working' }
  /** It takes no new record, and commits what it has. `leaves`: the group, too; otherwise its tasks wait for its next life. */
  | { readonly kind: 'finishing'; readonly leaves: boolean }
  /** Its last commit is through: it has given its tasks up. */
  | { readonly kind: 'retired'; readonly leaves: boolean }

export interface MembershipState {
  readonly group: GroupPhase
  readonly life: Life
  /** Of the assignment in force; null before the first. */
  readonly generation: GroupIdentity | null
  readonly producer: 'ready' | 'initialising'
  readonly owned: Ownership
  /** A handler wants a record of this task retried: back to the last commit as soon as none is in flight. */
  readonly retry: { readonly taskId: TaskId; readonly attempt: number } | null
  readonly failedCommits: FailedCommits
  /** Monotonic time before which no record is processed: a commit was rejected, and may be again. */
  readonly pausedUntilMs: number
}

export const OUTSIDE: MembershipState = {
  group: WANTED,
  life: { kind: 'working' },
  generation: null,
  producer: 'ready',
  owned: NOTHING_OWNED,
  retry: null,
  failedCommits: NO_FAILED_COMMITS,
  pausedUntilMs: Number.NEGATIVE_INFINITY,
}

export function isStopping({ life }: MembershipState): boolean {
  return life.kind !== 'working'
}

/** Whether a take-over of `taskId` under `number` is still of use. */
export function wants(state: MembershipState, taskId: TaskId, number: number): boolean {
  return !isStopping(state) && ownsTask(state.owned, taskId, number)
}

/** The task does not stay here: the instance stops, or another has it. */
export function givesUp(state: MembershipState, taskId: TaskId): boolean {
  return isStopping(state) || !state.owned.tasks.has(taskId)
}

/** Everything is committed, and no store is open. */
export function isOver({ life, producer, owned }: MembershipState): boolean {
  return life.kind === 'retired' && producer === 'ready' && owned.occupied.size === 0
}

/** Every task that we own runs. */
export function isComplete({ owned, group }: MembershipState): boolean {
  return !isAsked(group) && [...owned.tasks.values()].every(({ phase }) => phase === 'running')
}

/** Whether a member that stops still joins when the others agree again: it keeps its place, so they would wait for it. */
export function mayFollow({ life, group, generation }: MembershipState): boolean {
  return life.kind === 'retired' && !life.leaves && !isLost(group) && generation !== null
}
