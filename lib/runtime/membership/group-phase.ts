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

export type Group =
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

export const WANTED: Group = { phase: 'wanted', lost: false, stale: false }
export const SETTLED: Group = { phase: 'settled' }

/** The group, other topics or another plan ask for a join. */
export function wantJoin(group: Group): Group {
  if (group.phase === 'settled') return WANTED
  return isAsked(group) ? { ...group, again: true } : group
}

export function sessionLost(group: Group): Group {
  const next = wantJoin(group)
  return next.phase === 'settled' ? next : { ...next, lost: true }
}

/** A commit was rejected because its generation is over. A join that is in progress brings the next one. */
export function generationOver(group: Group): Group {
  if (isAsked(group)) return { ...group, stale: true }
  return { phase: 'wanted', lost: isLost(group), stale: true }
}

/** At most one commit precedes a join, however much there is to process. */
export function towardsJoin(group: Group, pending: boolean): Group {
  if (group.phase !== 'wanted' && group.phase !== 'flushing') return group
  const flush = group.phase === 'wanted' && pending && !group.stale
  if (flush) return { phase: 'flushing', lost: group.lost }
  return { phase: 'joining', again: false, lost: group.lost, stale: isStale(group) }
}

/** An answer that nothing waits for is none. */
export function answered(group: Group, { generation, tasks }: Arrived): Group {
  if (!isAsked(group)) return group
  const { again, lost, stale } = group
  return { phase: 'arrived', generation, tasks, again, lost, stale }
}

/** A join is in progress, or its answer has come. */
export function isAsked(group: Group): group is Extract<Group, { readonly again: boolean }> {
  return group.phase === 'joining' || group.phase === 'arrived'
}

export function isLost(group: Group): boolean {
  return group.phase !== 'settled' && group.lost
}

/** The group has moved on and we do not know our tasks: work would be thrown away. */
export function isStale(group: Group): boolean {
  return 'stale' in group && group.stale
}
