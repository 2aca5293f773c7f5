/** Before the instance joins: checks that the user's topics exist, and creates internal topics. */
import type { Admin, NewTopic } from '../../client/admin.js'
import type { Cluster } from '../../client/cluster.js'
import type { TopicInfo } from '../../client/metadata.js'
import { isMillraceError, MillraceError } from '../../errors.js'
import { KAFKA_ERROR } from '../../protocol/error-codes.js'
import type { Log } from '../../telemetry/log.js'
import { internalTopics } from '../../topology/internal-topics.js'
import { hasPattern, withMatchingTopics } from '../../topology/patterns.js'
import type { Topology } from '../../topology/topology.js'
import { ResolvedTopology } from './resolved-topology.js'

/**
 * Kafka rejects records that are an hour ahead of its clock (KIP-937). Such a record may be of use, and no handler is asked about
 * a changelog: one wrong time would end the application at every start.
 */
const ANY_TIME = { 'message.timestamp.after.max.ms': '9223372036854775807' } as const

/**
 * Every instance does this; creating a topic that exists is no error, a wrong partition count is.
 * @throws MillraceError CLIENT_TOPIC_MISSING, STREAMS_INTERNAL_TOPIC_MISMATCH, TOPOLOGY_NOT_COPARTITIONED
 */
export async function prepareTopics(
  named: Topology,
  applicationId: string,
  cluster: Cluster,
  admin: Admin,
  options: {
    readonly replicationFactor: number
    readonly changelogExtraRetentionMs: number
    readonly extraTopics: readonly string[]
    /** A broker may be so far behind the controller that made a topic. */
    readonly taskTimeoutMs: number
    readonly log: Log
  },
): Promise<ResolvedTopology> {
  const candidates = named.nodes.some(hasPattern) ? await candidateTopics(named, applicationId, cluster) : []
  const topology = withMatchingTopics(named, candidates)
  const counts = new Map<string, number>()
  const infos = await cluster.topics([...new Set([...userTopics(topology), ...options.extraTopics])])
  for (const [name, info] of infos) counts.set(name, info.leaders.length)
  const present = await cluster.existing(internalTopics(applicationId, topology).map(({ name }) => name))
  const plan = new ResolvedTopology(topology, applicationId, counts, options.changelogExtraRetentionMs, present)
  for (const [name, { id }] of infos) plan.learnTopicId(name, id)
  const missing = plan.internalTopics.filter(({ name }) => !present.has(name))
  if (missing.length > 0) {
    await createInternal(
      admin,
      missing.map(({ name, partitions, config }) => ({
        name,
        partitions,
        replicationFactor: options.replicationFactor,
        config,
      })),
    )
    await warnOfNew(
      missing.map(({ name }) => name),
      [...infos.values()],
      admin,
      applicationId,
      options.log,
    )
  }
  for (const { name, partitions } of plan.internalTopics) {
    const { leaders, id } = await madeTopic(name, cluster, options)
    plan.learnTopicId(name, id)
    if (leaders.length !== partitions) throw misfit(plan, name, leaders.length, partitions)
  }
  return plan
}

/** A broker that does not know the limit (Kafka before 3.6) has none. */
async function createInternal(admin: Admin, topics: readonly NewTopic[]): Promise<void> {
  const tolerant = topics.map((topic) => ({ ...topic, config: { ...ANY_TIME, ...topic.config } }))
  try {
    await admin.createTopics(tolerant, { ifNotExists: true })
  } catch (error) {
    if (!isMillraceError(error) || error.kafkaCode !== KAFKA_ERROR.INVALID_CONFIG) throw error
    await admin.createTopics(topics, { ifNotExists: true })
  }
}

/** An application that has run before has its internal topics, unless its topology grew, or somebody deleted them. */
async function warnOfNew(
  made: readonly string[],
  infos: readonly TopicInfo[],
  admin: Admin,
  groupId: string,
  log: Log,
): Promise<void> {
  const sources = infos.flatMap(({ name, leaders }) =>
    leaders.map((_leader, partition) => ({ topic: name, partition })),
  )
  const committed = await admin.groupOffsets(groupId, sources)
  if (!committed.some(({ offset }) => offset > 0)) return
  const text =
    'internal topics were missing although the application has run before: if they were deleted, their records are lost'
  log.warn({ topics: made.join() }, text)
}

/** It is there: a broker that does not know it has not heard of it yet. */
async function madeTopic(
  name: string,
  cluster: Cluster,
  { taskTimeoutMs, log }: { readonly taskTimeoutMs: number; readonly log: Log },
): Promise<TopicInfo> {
  try {
    return await cluster.topic(name)
  } catch (error) {
    if (!isMillraceError(error, 'CLIENT_TOPIC_MISSING')) throw error
    log.warn({ topic: name, taskTimeoutMs }, 'an internal topic was created, and the broker does not list it yet')
    return cluster.topic(name, undefined, taskTimeoutMs)
  }
}

function misfit(plan: ResolvedTopology, topic: string, actual: number, needed: number): MillraceError {
  const user = plan.userOf(topic)
  const because = user === null ? '' : `, because ${listed(plan.sourceCounts(user))}`
  return new MillraceError(
    'STREAMS_INTERNAL_TOPIC_MISMATCH',
    `internal topic ${topic} has ${actual} partitions, and the topology needs ${needed}${because}. With another number of partitions, keys would move to tasks that do not have their state: use a new application id to process the input again, or put a repartition with ${actual} partitions before the state`,
    { topic },
  )
}

/**
 * Throws where a task that has state would get other keys, though no internal topic tells: stores that are not logged, or
 * whose source topic is their changelog.
 * @throws MillraceError STREAMS_INTERNAL_TOPIC_MISMATCH
 */
export function checkStateFits(before: ResolvedTopology, next: ResolvedTopology): void {
  for (const subTopology of before.subTopologies) {
    const [old] = before.sourceCounts(subTopology)
    const same = next.subTopologies.find(({ id }) => id === subTopology.id)
    if (subTopology.stores.length === 0 || same === undefined || old === undefined || old[1] === 0) continue
    const grown = next.sourceCounts(same).filter(([, partitions]) => partitions > old[1])
    if (grown.length === 0) continue
    throw new MillraceError(
      'STREAMS_INTERNAL_TOPIC_MISMATCH',
      `${listed(grown)}, but the state in store ${subTopology.stores[0]!.name} was made for ${old[1]}. With another number of partitions, keys would move to tasks that do not have their state: use a new application id to process the input again, or put a repartition with ${old[1]} partitions before the state`,
      { topic: grown[0]![0] },
    )
  }
}

function listed(counts: readonly (readonly [topic: string, partitions: number])[]): string {
  return counts.map(([topic, partitions]) => `source topic ${topic} has ${partitions}`).join(', ')
}

/** What a pattern may match: every topic but those the application makes for itself. */
export async function candidateTopics(topology: Topology, applicationId: string, cluster: Cluster): Promise<string[]> {
  const own = new Set(internalTopics(applicationId, topology).map(({ name }) => name))
  return (await cluster.topicNames()).filter((name) => !own.has(name))
}

/** Fixed topics the user named, as sources, sinks or global tables; repartition topics are ours. */
function userTopics(topology: Topology): string[] {
  const own = new Set(topology.repartitionTopics.map(({ name }) => name))
  const named = topology.nodes.flatMap((node) => {
    if (node.kind === 'source') return node.topics
    if (node.kind === 'sink' && typeof node.topic === 'string') return [node.topic]
    return []
  })
  return [...named, ...topology.globalStores.map(({ topic }) => topic)].filter((topic) => !own.has(topic))
}
