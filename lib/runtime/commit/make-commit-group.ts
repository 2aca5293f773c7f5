/** Chooses how an instance commits: in transactions, or at least once. */
import type { Cluster } from '../../client/cluster.js'
import type { GroupMember } from '../../client/group-member.js'
import { IdempotentProducer } from '../../client/producer.js'
import { TransactionManager } from '../../client/transaction/transaction-manager.js'
import type { StreamsConfig } from '../../config.js'
import { instanceName } from '../process-identity.js'
import { atLeastOnce, type CommitGroup, exactlyOnce } from './commit-group.js'

export function makeCommitGroup(
  { config, cluster }: { readonly config: StreamsConfig; readonly cluster: Cluster },
  member: GroupMember,
  processId: string,
  anotherGeneration: () => void,
): CommitGroup {
  if (config.processingGuarantee === 'atLeastOnce') {
    return atLeastOnce(new IdempotentProducer({ cluster }), member, anotherGeneration)
  }
  const { transactionTimeoutMs } = config
  const transactionalId = instanceName(config, processId)
  return exactlyOnce(new TransactionManager({ cluster, transactionalId, transactionTimeoutMs }))
}
