/** Creates the topics of the service that are missing. */
import { Admin, type Cluster } from '../../index.js'
import { ServiceError } from '../errors.js'
import { serviceTopics, type TopicNames } from './topic-names.js'

const DEFAULT_PARTITIONS = 12

/** `partitions`: null takes those of the existing topics, or 12. @throws ServiceError SERVICE_PARTITIONS if the topics have others */
export async function createTopics(cluster: Cluster, names: TopicNames, partitions: number | null): Promise<void> {
  const wanted = serviceTopics(names, partitions ?? DEFAULT_PARTITIONS)
  const present = await cluster.existing(wanted.map(({ name }) => name))
  const missing = wanted.filter(({ name }) => !present.has(name))
  // Topics made together later must fit those that are there.
  const count = present.has(names.activity) ? await cluster.partitionCount(names.activity) : partitions
  if (partitions !== null && count !== partitions) {
    throw new ServiceError(
      'SERVICE_PARTITIONS',
      `topic ${names.activity} has ${count} partitions, but --partitions is ${partitions}`,
    )
  }
  const fitting = missing.map((topic) => ({ ...topic, partitions: count ?? DEFAULT_PARTITIONS }))
  if (fitting.length > 0) await new Admin(cluster).createTopics(fitting, { ifNotExists: true })
}
