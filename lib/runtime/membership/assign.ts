/**
 * The leader's work: what the members said becomes partitions for each.
 *
 * Members may run different versions of the topology. Sub-topologies that are equal (same source partitions, same
 * changelogs) are shared by all members that have them. Two that differ and touch a common source topic or changelog exclude each
 * other: the one that runs now continues, the other is held until no member has the first.
 */
import type { JoinedMember } from '../../client/group-member.js'
import type { TopicPartition } from '../../record/record.js'
import { type TaskId, taskIdOf } from '../../record/task-id.js'
import { encodeAssignmentData, type HeldSubTopology, SHUTDOWN } from './assignment-data.js'
import { assignTasks } from './assignor.js'
import {
  decodeMemberData,
  fingerprintOf,
  type MemberData,
  type PlannedSubTopology,
  type TaskOfMember,
} from './subscription-data.js'

export interface PartitionsOfMember {
  readonly partitions: readonly TopicPartition[]
  readonly userData: Buffer
}

interface Member extends MemberData {
  readonly memberId: string
  readonly plan: readonly PlannedSubTopology[]
}

/** A sub-topology that at least one member has. */
interface Candidate {
  readonly key: string
  readonly planned: PlannedSubTopology
  readonly members: Member[]
  /** Tasks of it that run now. */
  running: number
}

/**
 * Every source partition of every task that may run goes to one member that has the task.
 * @param own the leader's plan, taken for that of members of versions before 0.1.0
 * @param unreadable is told about each member whose data cannot be read; it gets nothing
 */
export function assignPartitions(
  own: readonly PlannedSubTopology[],
  joined: readonly JoinedMember[],
  unreadable: (error: unknown) => void,
): Map<string, PartitionsOfMember> {
  const members = readable(own, joined, unreadable)
  if (members.some(({ shutdown }) => shutdown)) {
    return new Map(members.map(({ memberId }) => [memberId, { partitions: [], userData: SHUTDOWN }]))
  }
  const candidates = candidatesOf(members, new Set(own.map(keyOf)))
  const chosen: Candidate[] = []
  for (const candidate of candidates) {
    if (!chosen.some(({ planned }) => excludes(planned, candidate.planned))) chosen.push(candidate)
  }
  const refresh = chosen.length < candidates.length
  const partitions = distribute(chosen)
  return new Map(
    members.map(({ memberId, plan }) => {
      const userData = encodeAssignmentData({ madeFor: fingerprintOf(plan), held: heldOf(plan, chosen), refresh })
      return [memberId, { partitions: partitions.get(memberId) ?? [], userData }]
    }),
  )
}

function readable(
  own: readonly PlannedSubTopology[],
  joined: readonly JoinedMember[],
  unreadable: (error: unknown) => void,
): Member[] {
  return joined.flatMap(({ memberId, userData }) => {
    try {
      const data = decodeMemberData(userData, memberId)
      return [{ ...data, memberId, plan: data.plan ?? own }]
    } catch (error) {
      unreadable(error)
      return []
    }
  })
}

/** First what runs now, then what most members have, then what the leader has; never by the order of members. */
function candidatesOf(members: readonly Member[], own: ReadonlySet<string>): Candidate[] {
  const candidates = new Map<string, Candidate>()
  for (const member of members) {
    for (const planned of member.plan) {
      const key = keyOf(planned)
      const candidate = candidates.get(key) ?? { key, planned, members: [], running: 0 }
      candidates.set(key, candidate)
      candidate.members.push(member)
      candidate.running += member.owned.filter(({ subTopology }) => subTopology === planned.id).length
    }
  }
  return [...candidates.values()].sort(
    (a, b) =>
      b.running - a.running ||
      b.members.length - a.members.length ||
      Number(own.has(b.key)) - Number(own.has(a.key)) ||
      (a.key < b.key ? -1 : 1),
  )
}

/** The id is a member's own: another version of the topology may number the same sub-topology differently. */
function keyOf({ sources, changelogs }: PlannedSubTopology): string {
  return JSON.stringify([sources, changelogs])
}

function excludes(a: PlannedSubTopology, b: PlannedSubTopology): boolean {
  const topics = new Set(a.sources.map(([topic]) => topic))
  return b.sources.some(([topic]) => topics.has(topic)) || b.changelogs.some((topic) => a.changelogs.includes(topic))
}

function heldOf(plan: readonly PlannedSubTopology[], chosen: readonly Candidate[]): HeldSubTopology[] {
  const running = new Set(chosen.map(({ key }) => key))
  return plan
    .filter((planned) => !running.has(keyOf(planned)))
    .map((own) => ({
      id: own.id,
      because: chosen.map(({ planned }) => planned).filter((planned) => excludes(planned, own)),
    }))
}

/** Sub-topologies that the same members have are assigned together, so that their tasks balance each other. */
function distribute(chosen: readonly Candidate[]): Map<string, TopicPartition[]> {
  const groups = new Map<string, Candidate[]>()
  // In the order of the ids, as if there were one version.
  for (const candidate of [...chosen].sort((a, b) => a.planned.id - b.planned.id || (a.key < b.key ? -1 : 1))) {
    const key = JSON.stringify(candidate.members.map(({ memberId }) => memberId).sort())
    groups.set(key, [...(groups.get(key) ?? []), candidate])
  }
  const partitions = new Map<string, TopicPartition[]>()
  for (const group of groups.values()) {
    for (const [memberId, taskIds] of assignGroup(group)) {
      const sources = taskIds.flatMap(({ subTopology, partition }) => sourcesOf(group[subTopology]!.planned, partition))
      partitions.set(memberId, [...(partitions.get(memberId) ?? []), ...sources])
    }
  }
  return partitions
}

/** Task ids in here are the index in the group and the partition, whatever number each member gives the sub-topology. */
function assignGroup(group: readonly Candidate[]): Map<string, TaskId[]> {
  const known = group.map(({ planned }, index) =>
    Array.from({ length: Math.max(0, ...planned.sources.map(([, n]) => n)) }, (_, partition) =>
      taskIdOf(index, partition),
    ),
  )
  const members = group[0]!.members.map(({ memberId, processId, plan, owned, onDisk }) => {
    const indexes = new Map(plan.map((planned) => [planned.id, group.findIndex(({ key }) => key === keyOf(planned))]))
    const renamed = (tasks: readonly TaskOfMember[]) =>
      tasks.flatMap(({ subTopology, partition }) => known[indexes.get(subTopology) ?? -1]?.[partition] ?? [])
    return { memberId, processId, owned: renamed(owned), onDisk: renamed(onDisk) }
  })
  return assignTasks(known.flat(), members)
}

function sourcesOf({ sources }: PlannedSubTopology, partition: number): TopicPartition[] {
  return sources.flatMap(([topic, partitions]) => (partition < partitions ? [{ topic, partition }] : []))
}
