/** Makes what takes tasks over: the restore, its patience, and how state is opened and set aside. */
import type { Admin } from '../../client/admin.js'
import type { Cluster } from '../../client/cluster.js'
import type { GroupMember } from '../../client/group-member.js'
import type { StreamsConfig } from '../../config.js'
import type { TaskId } from '../../record/task-id.js'
import type { StateEngines } from '../../state/engine/engine.js'
import { appConfigs } from '../app-configs.js'
import { fetchers } from '../fetchers.js'
import { Patience } from '../patience.js'
import { askChangelogs } from '../restore/changelog-facts.js'
import type { RestoreListeners } from '../restore/listener.js'
import { Restore } from '../restore/restore.js'
import type { ResolvedTopology } from '../topics/resolved-topology.js'
import { openState } from './make-task.js'
import { TakeOver } from './take-over.js'

export interface TakeOverSettings {
  readonly config: StreamsConfig
  readonly cluster: Cluster
  readonly restores: RestoreListeners
}

export function makeTakeOver(
  { config, cluster, restores }: TakeOverSettings,
  plan: ResolvedTopology,
  member: GroupMember,
  admin: Admin,
  engines: StateEngines,
) {
  const { clock, offsetReset, log, taskTimeoutMs } = config
  const [ask, patience] = [askChangelogs(admin), new Patience(config)]
  const makeFetcher = fetchers({ config, cluster }, 'restore', 100)
  const restore = new Restore({ ask, patience, makeFetcher, clock, listeners: restores })
  const takeOver = new TakeOver({
    ...{ plan, member, admin, engines, restore, ask, patience, offsetReset, clock, log, taskTimeoutMs },
    openState: (taskId) => openState(config, engines, plan, taskId),
    appConfigs: appConfigs(config),
  })
  return { restore, takeOver, setAside: (taskId: TaskId, reason: string) => engines.setAside(taskId.text, reason) }
}
