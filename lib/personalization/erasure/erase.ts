/** Erases a user: deletes the keys, and writes the tombstones and commands after which nothing is stored about the user. */
import { type Cluster, type Connection, Producer, readTopic, systemClock } from '../../index.js'
import { ServiceError } from '../errors.js'
import type { ServiceOptions } from '../instance-options.js'
import type { ServiceSerdes } from '../records/serdes.js'
import type { TopicNames } from '../records/topic-names.js'
import { userPlace } from './user-record.js'

export interface EraseParts {
  readonly cluster: Cluster
  readonly topics: TopicNames
  readonly serdes: Pick<ServiceSerdes, 'userKeys'>
  readonly options: Pick<ServiceOptions, 'connection' | 'clock'>
}

/** What an erasure did. */
export interface ErasedUser {
  /** Keys of the user that were deleted: without them nothing that was sealed can be read. 0 without a master key. */
  readonly keys: number
  /** Visitors who had become the user, and are erased too. */
  readonly visitors: number
  /** Topics on which records of the user stay readable until the retention of the topic deletes them. */
  readonly readableUntilRetention: readonly string[]
}

const MAX_USER_BYTES = 100

/**
 * Resolves when it is stored; each tier deletes its state as soon as it reads the command. `user` may be a visitor:
 * `anonymous:` and the visitor's id.
 * @throws ServiceError ERASURE_USER_INVALID; MillraceError CLIENT_*
 */
export async function eraseUser(parts: EraseParts, user: string): Promise<ErasedUser> {
  requireUser(user)
  const { cluster, topics, serdes } = parts
  const { userKeys } = serdes
  const producer = new Producer({ cluster })
  try {
    // First the keys: what comes after them finds nothing that it could read.
    const erased = await userKeys?.erase(user)
    const records = erased?.records ?? [Buffer.from(user)]
    await forgetProfile(parts, producer, user)
    await command(parts, producer, records)
    await erased?.unlink()
    if (erased !== undefined) compactNow(parts.options.connection, topics.userKeys)
    const { activity, recommendations, proposals, suppressed, deadLetters, erasures } = topics
    const plain = [activity, recommendations, proposals, suppressed, deadLetters, erasures]
    return {
      keys: erased?.keys ?? 0,
      visitors: records.length - 1,
      readableUntilRetention: userKeys === null ? plain : [],
    }
  } finally {
    await producer.close()
  }
}

/** @throws ServiceError ERASURE_USER_INVALID */
export function requireUser(user: unknown): asserts user is string {
  const problem =
    typeof user !== 'string' ? 'is not a text' : user === '' ? 'is empty' : Buffer.byteLength(user) > MAX_USER_BYTES
  if (problem === false) return
  const text = problem === true ? `is longer than ${MAX_USER_BYTES} bytes` : problem
  throw new ServiceError('ERASURE_USER_INVALID', `the user id ${text}`)
}

/** A profile that another producer wrote with a plain key is compacted away only by a tombstone of the same key. */
async function forgetProfile({ cluster, topics, serdes }: EraseParts, producer: Producer, user: string): Promise<void> {
  const topic = topics.profiles
  const partitions = await cluster.partitionCount(topic)
  const sealed = userPlace(user, serdes.userKeys, partitions)
  await producer.send(topic, { ...sealed, value: null })
  if (serdes.userKeys === null || sealed.partition === undefined) return
  const plain = Buffer.from(user)
  let isThere = false
  for await (const { records } of readTopic({ cluster, topic, partitions: [sealed.partition] })) {
    for (const { key, value } of records) if (key?.equals(plain)) isThere = value !== null
  }
  if (isThere) await producer.send(topic, { key: plain, value: null, partition: sealed.partition })
}

/** Into every partition: who holds the state of a visitor who became the user is not known here. */
async function command(
  { cluster, topics, options }: EraseParts,
  producer: Producer,
  keys: readonly Buffer[],
): Promise<void> {
  const { clock = systemClock } = options
  const topic = topics.erasures
  const partitions = await cluster.partitionCount(topic)
  const value = Buffer.from(JSON.stringify({ at: clock.now() }))
  const sent: Promise<unknown>[] = []
  for (const key of keys) {
    for (let partition = 0; partition < partitions; partition++)
      sent.push(producer.send(topic, { key, value, partition }))
  }
  await Promise.all(sent)
}

/** An embedded broker does it at once; on Kafka it comes in time. */
function compactNow(connection: Connection, topic: string): void {
  const broker = 'connection' in connection ? connection : connection.broker
  broker?.compact?.(topic)
}
