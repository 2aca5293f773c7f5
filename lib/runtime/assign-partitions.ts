/** The leader's work: what members said becomes partitions per member. */
import type { JoinedMember } from '../client/group-member.js'
import type { TopicPartition } from '../record/record.js'
import { assignTasks } from './assignment.js'
import { decodeMemberData, planMark, SHUTDOWN } from './member-data.js'
import type { Plan } from './plan.js'

/** Every source partition of every task goes to the member that runs the task. */
export function assignPartitions(
  plan: Plan,
  members: readonly JoinedMember[],
): Map<string, { readonly partitions: readonly TopicPartition[]; readonly userData: Buffer }> {
  const facts = members.map(({ memberId, userData }) => ({ memberId, ...decodeMemberData(userData, memberId) }))
  const userData = facts.some(({ shutdown }) => shutdown) ? SHUTDOWN : planMark(plan.fingerprint())
  const assigned = assignTasks(plan.taskIds, facts)
  return new Map(
    [...assigned].map(([memberId, taskIds]) => [
      memberId,
      { partitions: taskIds.flatMap((taskId) => plan.sources(taskId)), userData },
    ]),
  )
}
