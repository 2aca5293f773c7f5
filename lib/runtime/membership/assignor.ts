/**
 * Who runs which task: a pure function of the tasks and of what each member said about itself.
 *
 * 1. A task stays with the member that runs it, then goes to one that has its state on disk, then to whoever has least.
 * 2. No member has more than ceil(tasks / members), none fewer than floor; within a sub-topology the same holds as far
 *    as rule 1 allows, so that a heavy sub-topology is spread.
 * 3. The result does not depend on the order of members: ties go to the smaller process id, then member id.
 */
import { byTaskId, type TaskId } from '../../record/task-id.js'

export interface MemberFacts {
  readonly memberId: string
  readonly processId: string
  readonly owned: readonly TaskId[]
  readonly onDisk: readonly TaskId[]
}

/** What a member has so far. */
class Load {
  readonly member: MemberFacts
  readonly tasks: TaskId[] = []
  /** Counted as they come: with thousands of tasks, nobody goes through them for each. */
  readonly #ofSubTopology = new Map<number, number>()

  constructor(member: MemberFacts) {
    this.member = member
  }

  add(task: TaskId): void {
    this.tasks.push(task)
    const { subTopology } = task
    this.#ofSubTopology.set(subTopology, this.of(subTopology) + 1)
  }

  /** Tasks of the sub-topology that the member has already. */
  of(subTopology: number): number {
    return this.#ofSubTopology.get(subTopology) ?? 0
  }
}

/** Every task id to exactly one member; members without tasks are in the map too. */
export function assignTasks(taskIds: readonly TaskId[], members: readonly MemberFacts[]): Map<string, TaskId[]> {
  const loads = [...members]
    .sort((a, b) => compare(a.processId, b.processId) || compare(a.memberId, b.memberId))
    .map((member) => new Load(member))
  const known = new Set(taskIds)
  const floor = Math.floor(taskIds.length / loads.length)
  // Only so many members may hold one more than the floor; otherwise a member could be left below it.
  let extra = taskIds.length % loads.length
  const placed = new Set<TaskId>()
  const shareOfEach = sharePerSubTopology(taskIds, loads.length)
  const claim = (load: Load, claimed: readonly TaskId[], spread: boolean) => {
    for (const task of claimed) {
      if (placed.has(task) || !known.has(task)) continue
      const { subTopology } = task
      if (spread && load.of(subTopology) >= shareOfEach.get(subTopology)!) continue
      if (load.tasks.length >= floor) {
        if (load.tasks.length > floor || extra === 0) continue
        extra--
      }
      load.add(task)
      placed.add(task)
    }
  }
  // First an even share of each sub-topology, then whatever else fits: who must give tasks up, gives of each kind.
  for (const spread of [true, false]) {
    for (const load of loads) claim(load, load.member.owned, spread)
  }
  for (const spread of [true, false]) {
    for (const load of loads) claim(load, load.member.onDisk, spread)
  }
  for (const task of [...taskIds].sort(byTaskId)) {
    if (!placed.has(task)) leastLoaded(loads, task).add(task)
  }
  return new Map(loads.map((load) => [load.member.memberId, load.tasks.sort(byTaskId)]))
}

function leastLoaded(loads: readonly Load[], task: TaskId): Load {
  const { subTopology } = task
  let best = loads[0]!
  for (const load of loads) {
    const difference = load.tasks.length - best.tasks.length
    if (difference < 0 || (difference === 0 && load.of(subTopology) < best.of(subTopology))) best = load
  }
  return best
}

function sharePerSubTopology(taskIds: readonly TaskId[], members: number): Map<number, number> {
  const counts = new Map<number, number>()
  for (const task of taskIds) {
    const { subTopology } = task
    counts.set(subTopology, (counts.get(subTopology) ?? 0) + 1)
  }
  return new Map([...counts].map(([subTopology, count]) => [subTopology, Math.ceil(count / members)]))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
