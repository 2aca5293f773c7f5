/** Before anything joins: the user's topics must exist, internal topics are made as the topology needs them. */
import type { Admin } from '../client/admin.js'
import type { Cluster } from '../client/cluster.js'
import { MillraceError } from '../errors.js'
import { internalTopics } from '../topology/internal-topics.js'
import { hasPattern, withMatchingTopics } from '../topology/patterns.js'
import type { Topology } from '../topology/topology.js'
import { Plan } from './plan.js'

/**
 * Every instance does this; creating a topic that exists is no error, a wrong partition count is.
 * @throws MillraceError CLIENT_TOPIC_MISSING, STREAMS_INTERNAL_TOPIC_MISFIT, TOPOLOGY_NOT_COPARTITIONED
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
  },
): Promise<Plan> {
  const candidates = named.nodes.some(hasPattern) ? await candidateTopics(named, applicationId, cluster) : []
  const topology = withMatchingTopics(named, candidates)
  const counts = new Map<string, number>()
  for (const [name, info] of await cluster.topics([...new Set([...userTopics(topology), ...options.extraTopics])])) {
    counts.set(name, info.leaders.length)
  }
  const plan = new Plan(topology, applicationId, counts, options.changelogExtraRetentionMs)
  const present = await cluster.existing(plan.internalTopics.map(({ name }) => name))
  const missing = plan.internalTopics.filter(({ name }) => !present.has(name))
  if (missing.length > 0) {
    await admin.createTopics(
      missing.map(({ name, partitions, config }) => ({
        name,
        partitions,
        replicationFactor: options.replicationFactor,
        config,
      })),
      { ifNotExists: true },
    )
  }
  for (const { name, partitions } of plan.internalTopics) {
    const { leaders, id } = await cluster.topic(name)
    const actual = leaders.length
    plan.learnTopicId(name, id)
    if (actual !== partitions) {
      throw new MillraceError(
        'STREAMS_INTERNAL_TOPIC_MISFIT',
        `internal topic ${name} has ${actual} partitions, the topology needs ${partitions}: use a new application id, or delete the topic and its state`,
        { topic: name },
      )
    }
  }
  return plan
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
