/** Creates the topics of the service that are missing. */
import { Admin, type Cluster } from '../../index.js'
import { ServiceError } from '../errors.js'
import { mergesTopic, serviceTopics, type TopicNames } from './topic-names.js'

const DEFAULT_PARTITIONS = 12

/** `tiers`: the names of all. `hasKeys`: there is a master key. `partitions`: null takes those of the existing topics, or 12. @throws ServiceError SERVICE_PARTITIONS if the topics have others */
export async function createTopics(
  cluster: Cluster,
  names: TopicNames,
  tiers: readonly string[],
  partitions: number | null,
  hasKeys = false,
): Promise<void> {
  const merges = tiers.map((tier) => mergesTopic(names, tier))
  const present = await cluster.existing([...Object.values(names), ...merges])
  // Topics made together later must fit those that are there.
  const count = present.has(names.activity) ? await cluster.partitionCount(names.activity) : partitions
  if (partitions !== null && count !== partitions) {
    throw new ServiceError(
      'SERVICE_PARTITIONS',
      `topic ${names.activity} has ${count} partitions, but --partitions is ${partitions}`,
    )
  }
  const wanted = serviceTopics(names, count ?? DEFAULT_PARTITIONS, hasKeys, tiers)
  const missing = wanted.filter(({ name }) => !present.has(name))
  if (missing.length > 0) await new Admin(cluster).createTopics(missing, { ifNotExists: true })
}
