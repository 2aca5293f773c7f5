/** The parts that the loop of an instance uses. */
import type { Fetcher } from '../client/fetcher.js'
import type { GroupMember } from '../client/group-member.js'
import type { Progress } from '../client/heartbeat/progress.js'
import type { StreamsConfig } from '../config.js'
import type { TaskId } from '../record/task-id.js'
import type { RejectedBatches } from '../task/rejected-batches.js'
import type { CommitGroup } from './commit/commit-group.js'
import type { CommittedRecords } from './commit/committed-records.js'
import type { Lifecycle } from './lifecycle.js'
import type { Assignments } from './membership/assignments.js'
import type { Signal } from './signal.js'
import type { TakeOver } from './tasks/take-over.js'
import type { TaskSet } from './tasks/task-set.js'
import type { ResolvedTopology } from './topics/resolved-topology.js'
import type { NextPlan } from './topics/watch-topics.js'

export interface InstanceParts {
  readonly config: StreamsConfig
  readonly plan: ResolvedTopology
  /** Says what an error means that is about a topic of the application. */
  readonly explain: (error: unknown) => unknown
  readonly nextPlan: NextPlan
  readonly member: GroupMember
  /** Where the thread of the heartbeats sees the loop come round. */
  readonly progress: Progress
  readonly fetcher: Fetcher
  /** Raised by the fetcher too, when something has arrived. */
  readonly signal: Signal
  readonly commitGroup: CommitGroup
  readonly takeOver: TakeOver
  readonly tasks: TaskSet
  readonly rejectedBatches: RejectedBatches
  readonly committed: CommittedRecords
  readonly lifecycle: Lifecycle
  readonly assignments: Assignments
  /** Moves what is on disk of a task aside. */
  readonly setAside: (taskId: TaskId, reason: string) => Promise<void>
}
