/** Deletes processed records of repartition topics, because their retention is unlimited. */
import type { Admin } from '../../client/admin.js'
import type { StreamsConfig } from '../../config.js'
import type { Cancel } from '../../record/clock.js'
import { periodically } from '../periodic.js'
import type { TaskSet } from '../tasks/task-set.js'
import type { ResolvedTopology } from './resolved-topology.js'

/** Runs every `repartitionPurgeIntervalMs` until the returned function is called. A failed purge is retried later. */
export function purgeRepartitionTopics(
  config: StreamsConfig,
  plan: ResolvedTopology,
  tasks: TaskSet,
  admin: Admin,
): Cancel {
  const topics = new Set(plan.repartitionTopics())
  if (config.repartitionPurgeIntervalMs === 0 || topics.size === 0) return () => {}
  const purge = async () => {
    const targets = tasks
      .ids()
      .flatMap((taskId) => plan.sources(taskId))
      .filter(({ topic }) => topics.has(topic))
      .map((source) => ({ ...source, offset: tasks.committedOffset(source.topic, source.partition) ?? 0 }))
      .filter(({ offset }) => offset > 0)
    if (targets.length > 0) await admin.deleteRecords(targets)
  }
  const intervalMs = config.repartitionPurgeIntervalMs
  const purging = periodically(config.clock, { firstMs: intervalMs, intervalMs }, purge, (error) =>
    config.log.warn({ error: String(error) }, 'processed records of repartition topics were not deleted'),
  )
  return () => void purging.stop()
}
