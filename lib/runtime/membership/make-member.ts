/** The instance as a member of its group: what it tells the leader, and how it leads. */
import type { Cluster } from '../../client/cluster.js'
import { GroupMember } from '../../client/group-member.js'
import type { Progress } from '../../client/heartbeat/progress.js'
import { heartbeatsBeside } from '../../client/heartbeat/thread/thread-heartbeats.js'
import type { StreamsConfig } from '../../config.js'
import type { TaskId } from '../../record/task-id.js'
import { instanceName } from '../process-identity.js'
import type { TaskSet } from '../tasks/task-set.js'
import type { ResolvedTopology } from '../topics/resolved-topology.js'
import { assignPartitions } from './assign.js'
import { encodeMemberData } from './subscription-data.js'

export interface MemberSettings {
  readonly config: StreamsConfig
  readonly cluster: Cluster
  /** Static membership: only for an identity that outlives the process. */
  readonly staticMember: boolean
}

export async function makeMember(
  { config, cluster, staticMember }: MemberSettings,
  plan: ResolvedTopology,
  tasks: TaskSet,
  processId: string,
  onDisk: ReadonlySet<TaskId>,
  progress: Progress,
  said: () => { readonly shutdown: boolean; readonly attempt: number },
): Promise<GroupMember> {
  const makeHeartbeats = await heartbeatsBeside({ ...config, cluster, progress })
  return new GroupMember({
    cluster,
    clock: config.clock,
    groupId: config.applicationId,
    groupInstanceId: staticMember ? instanceName(config, processId) : null,
    // The open store of the process's identity is its lock.
    ownsInstanceId: true,
    sessionTimeoutMs: config.sessionTimeoutMs,
    rebalanceTimeoutMs: config.rebalanceTimeoutMs,
    heartbeatIntervalMs: config.heartbeatIntervalMs,
    maxPollIntervalMs: config.maxPollIntervalMs,
    makeHeartbeats,
    protocolName: 'millrace',
    subscription: () => {
      const owned = tasks.ids()
      const idle = [...onDisk].filter((taskId) => !tasks.has(taskId))
      return {
        topics: plan.subscribedTopics,
        userData: encodeMemberData({ processId, owned, onDisk: idle, plan: plan.planned(), ...said() }),
      }
    },
    assign: (members) =>
      assignPartitions(plan.planned(), members, (error) => {
        config.log.warn(
          { cause: String(error) },
          'a member of the group gets no task: its subscription data cannot be read',
        )
      }),
  })
}
