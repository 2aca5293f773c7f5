/**
 * The partition counts of the topics of a topology, and whether joined topics have equal counts. Pure: takes the counts
 * of the user's topics and returns those of the repartition topics. The rules are Kafka Streams'.
 */
import { MillraceError } from '../errors.js'
import { subTopologies } from './sub-topologies.js'
import type { RepartitionTopic, Topology } from './topology.js'

/** Topic name as in the nodes (no application id) → partitions. */
export type PartitionCounts = ReadonlyMap<string, number>

/** Joins that share a topic form one group: whatever is joined with it must agree with all the others. */
function mergedGroups(topology: Topology): string[][] {
  const groups: Set<string>[] = []
  for (const topics of topology.copartitionGroups) {
    const merged = new Set(topics)
    for (let i = groups.length - 1; i >= 0; i--) {
      if (![...groups[i]!].some((topic) => merged.has(topic))) continue
      for (const topic of groups[i]!) merged.add(topic)
      groups.splice(i, 1)
    }
    groups.push(merged)
  }
  return groups.map((group) => [...group].sort())
}

function listed(topics: readonly string[], counts: PartitionCounts): string {
  return topics.map((topic) => `${topic}: ${counts.get(topic)}`).join(', ')
}

function partitionsOf(topic: string, counts: PartitionCounts): number {
  const count = counts.get(topic)
  if (count === undefined) {
    throw new MillraceError('TOPOLOGY_PARTITIONS_UNKNOWN', `the partition count of topic ${topic} is not known`, {
      topic,
    })
  }
  return count
}

/** @throws MillraceError TOPOLOGY_NOT_COPARTITIONED, with the topics and their counts */
export function checkCopartition(topology: Topology, counts: PartitionCounts): void {
  for (const topics of mergedGroups(topology)) {
    const [first] = topics
    if (first === undefined) continue
    const wanted = partitionsOf(first, counts)
    if (topics.every((topic) => partitionsOf(topic, counts) === wanted)) continue
    throw new MillraceError(
      'TOPOLOGY_NOT_COPARTITIONED',
      `joined topics must have equal partition counts (${listed(topics, counts)})`,
    )
  }
}

/** Largest count among what feeds each repartition topic, step by step where that is a repartition topic too. */
function deriveCounts(topology: Topology, counts: Map<string, number>): void {
  const parts = subTopologies(topology)
  const upstream = (topic: RepartitionTopic) =>
    parts.filter((part) => part.sinkTopics.includes(topic.name)).flatMap((part) => part.sourceTopics)
  let open = topology.repartitionTopics.filter((topic) => !counts.has(topic.name))
  // A repartition topic may feed itself through a shared store; then what is known has to do.
  for (let partial = false; open.length > 0; ) {
    const unknown = open.filter((topic) => {
      const sources = upstream(topic)
      const known = sources.map((source) => counts.get(source)).filter((count) => count !== undefined)
      if (known.length === 0 || (known.length < sources.length && !partial)) return true
      counts.set(topic.name, Math.max(...known))
      return false
    })
    if (unknown.length === open.length && partial) {
      const { name } = unknown[0]!
      throw new MillraceError(
        'TOPOLOGY_PARTITIONS_UNKNOWN',
        `the number of partitions of ${name} cannot be determined`,
        {
          topic: name,
        },
      )
    }
    partial = unknown.length === open.length
    open = unknown
  }
}

/** The count the repartition topics of a group adopt: the user topics', else the explicit one, else the largest. */
function groupCount(
  topics: readonly string[],
  explicit: ReadonlySet<string>,
  repartition: ReadonlySet<string>,
  counts: PartitionCounts,
): number {
  const user = topics.find((topic) => !repartition.has(topic))
  const fixed = user ?? topics.find((topic) => explicit.has(topic))
  if (fixed !== undefined) return partitionsOf(fixed, counts)
  return Math.max(...topics.map((topic) => partitionsOf(topic, counts)))
}

/**
 * Partition counts of all source topics, repartition topics included. An explicit count stands; else a repartition topic
 * has as many partitions as the largest topic that feeds it; else, where it is joined, as many as what it is joined with.
 * `present`: of repartition topics that exist. What feeds one may have grown since it was made: it keeps its count.
 * @throws MillraceError TOPOLOGY_PARTITIONS_UNKNOWN for a user topic without count, TOPOLOGY_NOT_COPARTITIONED
 */
export function resolvePartitionCounts(
  topology: Topology,
  sourceCounts: PartitionCounts,
  present: PartitionCounts = new Map(),
): PartitionCounts {
  const repartition = new Set(topology.repartitionTopics.map((topic) => topic.name))
  const counts = new Map<string, number>()
  for (const node of topology.nodes) {
    if (node.kind !== 'source') continue
    for (const topic of node.topics) if (!repartition.has(topic)) counts.set(topic, partitionsOf(topic, sourceCounts))
  }
  const explicit = new Set<string>()
  for (const { name, partitions } of topology.repartitionTopics) {
    if (partitions !== null) explicit.add(name)
    const count = partitions ?? present.get(name)
    if (count !== undefined) counts.set(name, count)
  }
  deriveCounts(topology, counts)
  for (const topics of mergedGroups(topology)) {
    if (topics.length === 0) continue
    const count = groupCount(topics, explicit, repartition, counts)
    for (const topic of topics) if (repartition.has(topic) && !explicit.has(topic)) counts.set(topic, count)
  }
  checkCopartition(topology, counts)
  return counts
}
