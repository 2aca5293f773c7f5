/** Events of a member of a group, in short. */
import type { MembershipEvent } from '../../../lib/runtime/membership/membership.js'
import { id, ids } from '../task-ids.js'

export const turn = (facts: Partial<Extract<MembershipEvent, { kind: 'turn' }>> = {}): MembershipEvent => ({
  kind: 'turn',
  inFlight: false,
  pending: false,
  busy: false,
  changed: [],
  ...facts,
})
export const assigned = (generationId: number, tasks: string[], memberId = 'm'): MembershipEvent => ({
  kind: 'assigned',
  generation: { groupId: 'g', memberId, generationId, groupInstanceId: null },
  tasks: ids(tasks),
})
export const opened = (taskId: string, number: number): MembershipEvent => ({
  kind: 'opened',
  tasks: [{ taskId: id(taskId), number }],
})
export const notOpened = (taskId: string, number: number): MembershipEvent => ({
  kind: 'notOpened',
  tasks: [{ taskId: id(taskId), number }],
})
export const closed = (taskId: string): MembershipEvent => ({ kind: 'closed', taskId: id(taskId) })
export const rebalance: MembershipEvent = { kind: 'rebalance' }
export const lost: MembershipEvent = { kind: 'sessionLost' }
export const stop: MembershipEvent = { kind: 'stop', leaves: false }
export const leave: MembershipEvent = { kind: 'stop', leaves: true }
/** How a commit ended that did not go through. */
export const failed = (
  next: 'rewind' | 'takeOver',
  facts: { stale?: boolean; count?: number; nowMs?: number } = {},
) => {
  const { stale = false, count = stale ? 0 : 1, nowMs = 0 } = facts
  const row = { count, sinceMs: null, rejected: 0 }
  return { kind: 'commitFailed', failed: row, next: { kind: next, pauseMs: 5 }, stale, nowMs } as const
}
export const stale: MembershipEvent = failed('rewind', { stale: true })
export const producerLost: MembershipEvent = failed('takeOver')
export const retryWanted: MembershipEvent = { kind: 'retryWanted', taskId: id('0_1'), attempt: 2 }
export const begins = (inFlight = false): MembershipEvent => ({ kind: 'turnBegins', inFlight })
export const broken = new Error('broken')
export const joinFailed: MembershipEvent = { kind: 'joinFailed', error: broken }
export const taskLost = (taskId: string): MembershipEvent => ({ kind: 'taskLost', taskId: id(taskId) })
