/**
 * The part of an assignment that a member may run: only tasks whose sources are equal in its own plan and in the
 * assignment.
 */
import { formatTopicPartition, type TopicPartition } from '../../record/record.js'
import type { TaskId } from '../../record/task-id.js'

export interface Agreement {
  /** Every source partition of these is assigned. */
  readonly tasks: ReadonlySet<TaskId>
  /** Assigned partitions that belong to none of them: the leader runs another version of the topology. */
  readonly unused: readonly TopicPartition[]
}

/** @param sources the source partitions of each task of the member's plan */
export function agree(
  sources: ReadonlyMap<TaskId, readonly TopicPartition[]>,
  assigned: readonly TopicPartition[],
): Agreement {
  const unused = new Map(assigned.map((each) => [formatTopicPartition(each.topic, each.partition), each]))
  const tasks = new Set<TaskId>()
  const used: string[] = []
  for (const [taskId, partitions] of sources) {
    const names = partitions.map(({ topic, partition }) => formatTopicPartition(topic, partition))
    if (names.length === 0 || !names.every((name) => unused.has(name))) continue
    tasks.add(taskId)
    used.push(...names)
  }
  for (const name of used) unused.delete(name)
  return { tasks, unused: [...unused.values()] }
}
