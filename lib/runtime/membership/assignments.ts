/** Compares an assignment with the plan, and logs which tasks wait and why. */
import type { GroupIdentity } from '../../client/commit.js'
import type { Assignment } from '../../client/group-member.js'
import { MillraceError } from '../../errors.js'
import { formatTopicPartition, type TopicPartition } from '../../record/record.js'
import type { TaskId } from '../../record/task-id.js'
import type { Log } from '../../telemetry/log.js'
import { agree } from './agreement.js'
import { decodeAssignmentData, describeHeld, type HeldSubTopology } from './assignment-data.js'
import { fingerprintOf, type PlannedSubTopology } from './subscription-data.js'

/** What of the plan assignments are compared with. */
export interface AssignedPlan {
  readonly taskIds: readonly TaskId[]
  sources(taskId: TaskId): readonly TopicPartition[]
  planned(): readonly PlannedSubTopology[]
}

export interface AssignmentsOptions {
  readonly plan: AssignedPlan
  readonly log: Log
  /** Other members see other topics: asks the brokers now. */
  readonly refreshTopics: () => void
  /** Sub-topologies of this instance that may not run now, in words. */
  readonly onHeld: (held: readonly string[]) => void
}

export class Assignments {
  /** Raised when the group has to agree again: brokers ignore a follower that joins with the same metadata. */
  attempt = 0
  /** Of the generation accepted last; null before the first. */
  identity: GroupIdentity | null = null
  readonly #options: AssignmentsOptions
  #said = ''

  constructor(options: AssignmentsOptions) {
    this.#options = options
  }

  /**
   * `outdated`: it was made for another plan than ours, so the group must agree again.
   * @throws MillraceError STREAMS_APPLICATION_SHUTDOWN
   */
  accept({ partitions, userData, isLeader, identity }: Assignment): {
    readonly tasks: ReadonlySet<TaskId>
    readonly outdated: boolean
  } {
    const { plan, log, refreshTopics } = this.#options
    this.identity = identity
    const { shutdown, madeFor, held, refresh } = decodeAssignmentData(userData)
    if (shutdown) {
      const message = 'another instance has failed and requests that every instance of the application stops'
      throw new MillraceError('STREAMS_APPLICATION_SHUTDOWN', message)
    }
    const { tasks, unused } = agree(new Map(plan.taskIds.map((taskId) => [taskId, plan.sources(taskId)])), partitions)
    // A static member that comes back gets what was assigned before it left, by an older version of the topology, say.
    const outdated = madeFor === null ? isLeader : madeFor !== fingerprintOf(plan.planned())
    if (outdated) this.attempt++
    const { generationId } = identity
    log.info(
      { generationId, tasks: tasks.size, taskIds: inShort([...tasks].map(String)) },
      'tasks are assigned to this instance',
    )
    if (refresh) refreshTopics()
    this.#say(held, outdated ? [] : unused, userData.length < 5)
    return { tasks, outdated }
  }

  #say(held: readonly HeldSubTopology[], unused: readonly TopicPartition[], foreignLeader: boolean): void {
    const { plan, log, onHeld } = this.#options
    const own = new Map(plan.planned().map((planned) => [planned.id, planned]))
    const waits = held.flatMap(({ id, because }) => (own.has(id) ? [describeHeld(own.get(id)!, because)] : []))
    onHeld(waits)
    const names = unused.map(({ topic, partition }) => formatTopicPartition(topic, partition))
    const said = JSON.stringify([waits, names, foreignLeader])
    // Once for each state of affairs, however often the group rebalances.
    if (said === this.#said) return
    this.#said = said
    for (const text of waits) log.warn({}, text)
    if (foreignLeader) {
      log.warn(
        {},
        'the leader of the group is not a Millrace instance and assigns no tasks. Use an applicationId that no other application uses',
      )
    }
    if (names.length > 0) {
      const text = 'assigned partitions do not make up a complete task of this topology: they are not read'
      log.warn({ partitions: inShort(names) }, text)
    }
  }
}

/** The first twenty of many. */
function inShort(names: readonly string[]): string {
  return names.length <= 20 ? names.join(', ') : `${names.slice(0, 20).join(', ')} and ${names.length - 20} more`
}
