/** The phase of a member in its group between two assignments: a value and its transitions. */
import type { GroupIdentity } from '../../client/commit.js'
import type { TaskId } from '../../record/task-id.js'

/** What speaks against our tasks and our work, until the next assignment is in force. */
interface Doubts {
  /** The session ended: others may have run our tasks, whatever the generation says. */
  readonly lost: boolean
  /** A commit was rejected because its generation is over: work would be thrown away. */
  readonly stale: boolean
}

/** The answer to a join. */
export interface Arrived {
  readonly generation: GroupIdentity
  readonly tasks: readonly TaskId[]
}

export type GroupPhase =
  /** Our tasks are known, and nobody asks for a join. */
  | { readonly phase: 'settled' }
  /** Join as soon as no commit is in flight. */
  | ({ readonly phase: 'wanted' } & Doubts)
  /** The one commit before the join was begun. */
  | { readonly phase: 'flushing'; readonly lost: boolean }
  /** The group has been asked. `again`: another join was asked for meanwhile. */
  | ({ readonly phase: 'joining'; readonly again: boolean } & Doubts)
  /** It has answered, and the outcome of the commit in flight is not handled yet. */
  | ({ readonly phase: 'arrived'; readonly again: boolean } & Arrived & Doubts)

export const WANTED: GroupPhase = { phase: 'wanted', lost: false, stale: false }
export const SETTLED: GroupPhase = { phase: 'settled' }

/** The group, other topics or another plan ask for a join. */
export function wantJoin(group: GroupPhase): GroupPhase {
  if (group.phase === 'settled') return WANTED
  return isAsked(group) ? { ...group, again: true } : group
}

export function sessionLost(group: GroupPhase): GroupPhase {
  const next = wantJoin(group)
  return next.phase === 'settled' ? next : { ...next, lost: true }
}

/** A commit was rejected because its generation is over. A join that is in progress brings the next one. */
export function generationOver(group: GroupPhase): GroupPhase {
  if (isAsked(group)) return { ...group, stale: true }
  return { phase: 'wanted', lost: isLost(group), stale: true }
}

/** At most one commit precedes a join, however much there is to process. */
export function towardsJoin(group: GroupPhase, pending: boolean): GroupPhase {
  if (group.phase !== 'wanted' && group.phase !== 'flushing') return group
  const flush = group.phase === 'wanted' && pending && !group.stale
  if (flush) return { phase: 'flushing', lost: group.lost }
  return { phase: 'joining', again: false, lost: group.lost, stale: isStale(group) }
}

/** An answer that nothing waits for is none. */
export function answered(group: GroupPhase, { generation, tasks }: Arrived): GroupPhase {
  if (!isAsked(group)) return group
  const { again, lost, stale } = group
  return { phase: 'arrived', generation, tasks, again, lost, stale }
}

/** A join is in progress, or its answer has come. */
export function isAsked(group: GroupPhase): group is Extract<GroupPhase, { readonly again: boolean }> {
  return group.phase === 'joining' || group.phase === 'arrived'
}

export function isLost(group: GroupPhase): boolean {
  return group.phase !== 'settled' && group.lost
}

/** The group has moved on and we do not know our tasks: work would be thrown away. */
export function isStale(group: GroupPhase): boolean {
  return 'stale' in group && group.stale
}
