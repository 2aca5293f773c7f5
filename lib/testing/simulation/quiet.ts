/** Whether a simulated cluster has come to rest: everything is processed, committed and closed. */
import type { SimApplication } from './application.js'
import type { SimBroker } from './broker.js'
import type { SimInstance } from './instance.js'
import { hasOpenTransaction } from './log.js'
import type { SimStorage } from './storage.js'

export interface SimulatedCluster {
  readonly application: SimApplication
  readonly broker: SimBroker
  readonly storage: SimStorage
  readonly instances: readonly SimInstance[]
}

/** Why there is no quiet yet; null: everything is processed, committed and closed. */
export function unquiet(cluster: SimulatedCluster): string | null {
  const { application, instances } = cluster
  const broker = cluster.broker.running
  if (broker === null) return 'the broker is down'
  for (const { member, process, streams, name, closing } of instances) {
    if (!member && (closing || !process.alive) && !process.alive) continue
    if (!member) return `instance ${name} is still closing`
    if (!process.alive || process.held || streams.state !== 'running') return `instance ${name} is ${streams.state}`
  }
  const group = broker.core.groups.get(application.id)
  if (group?.status !== 'Stable') return `the group is ${group?.status}`
  // Who was given up while it stood still runs on until it hears of it, and is no owner.
  const wanted = instances.filter(({ member }) => member).length
  if (group.members.size !== wanted) return `the group has ${group.members.size} members of ${wanted}`
  for (const transaction of broker.core.transactions.all()) {
    const { transactionalId, status } = transaction
    if (status === 'Ongoing' || status.startsWith('Prepare')) return `transaction ${transactionalId} is ${status}`
  }
  const open = unstable(cluster)
  if (open !== null) return open
  for (const topic of application.sources) {
    for (const { partition, endOffset: end } of broker.core.topics.named(topic)?.partitions ?? []) {
      const next = broker.core.offsets.get(application.id, topic, partition)?.offset ?? 0
      if (next !== end) return `${topic}-${partition} is committed up to ${next} of ${end}`
    }
  }
  return null
}

/** A partition that has records nobody may read yet; null: all that is written is readable, or undone. */
export function unstable({ broker, storage }: SimulatedCluster): string | null {
  const { core } = broker.running ?? {}
  if (core === undefined) return 'the broker is down'
  for (const topic of storage.topics()) {
    for (const log of core.topics.named(topic)?.partitions ?? []) {
      const { partition } = log
      if (log.lastStableOffset !== log.endOffset || hasOpenTransaction(storage.batches(topic, partition))) {
        return `${topic}-${partition} has its last stable offset at ${log.lastStableOffset} of ${log.endOffset}`
      }
    }
  }
  return null
}
