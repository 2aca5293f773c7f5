/** The serdes of a service: plain, or sealed if there is a master key. */
import { Admin, type Clock, type Cluster, type Connection, connect, type Log } from '../../index.js'
import { ServiceError } from '../errors.js'
import { plainSerdes, registrySerdes, type ServiceSerdes } from '../records/serdes.js'
import type { TopicNames } from '../records/topic-names.js'
import { MasterKey } from './master-key.js'
import { sealedSerdes } from './sealed-serdes.js'
import { UserKeys } from './user-keys.js'

export interface OpenSerdesParts {
  readonly cluster: Cluster
  readonly connection: Connection
  readonly topics: TopicNames
  /** Omitted: the topics are only read, so that they are never new. */
  readonly applicationId?: string
  readonly registry: string | null
  /** Null: values are plain. */
  readonly master: MasterKey | null
  readonly clock: Clock
  readonly log: Log
}

/** @throws ServiceError MASTER_KEY_*; MillraceError CLIENT_*, SERDE_* */
export async function openSerdes(parts: OpenSerdesParts): Promise<ServiceSerdes> {
  const { cluster, topics, registry, master } = parts
  const plain = registry === null ? plainSerdes() : await registrySerdes(registry, topics)
  const hasKeys = (await cluster.existing([topics.userKeys])).has(topics.userKeys)
  if (master !== null) {
    if (!hasKeys) {
      throw new ServiceError('MASTER_KEY_LATE', 'these topics were made without a master key, so their data is plain')
    }
    const own = connect(parts.connection, { clock: parts.clock })
    const keys = await UserKeys.open({ ...parts, cluster: own, topic: topics.userKeys, master }, () => isNew(parts))
    return sealedSerdes(plain, keys)
  }
  if (hasKeys && (await hasRecords(cluster, topics.userKeys))) {
    throw new ServiceError('MASTER_KEY_MISSING', 'the data of these topics is sealed, and there is no master key')
  }
  return plain
}

/** Null: the text is null. @throws ServiceError MASTER_KEY_INVALID */
export function masterKeyOf(text: string | null | undefined): MasterKey | null {
  return text === null || text === undefined ? null : MasterKey.of(text)
}

/** Nothing has been loaded or processed so far. */
async function isNew({ cluster, topics, applicationId }: OpenSerdesParts): Promise<boolean> {
  if (applicationId === undefined) return false
  const count = await cluster.partitionCount(topics.activity)
  const places = Array.from({ length: count }, (_, partition) => ({ topic: topics.activity, partition }))
  const committed = await new Admin(cluster).groupOffsets(applicationId, places)
  return committed.every(({ offset }) => offset <= 0) && !(await hasRecords(cluster, topics.loader))
}

async function hasRecords(cluster: Cluster, topic: string): Promise<boolean> {
  const count = await cluster.partitionCount(topic)
  const places = Array.from({ length: count }, (_, partition) => ({ topic, partition }))
  const ends = await new Admin(cluster).listOffsets(places, 'latest', 'readUncommitted')
  return ends.some(({ offset }) => offset > 0)
}
