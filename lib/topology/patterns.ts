/** Sources that read every topic whose name matches: resolves the pattern to topics of the topology. Pure. */
import { MillraceError } from '../errors.js'
import type { Node, SourceNode } from './node.js'
import type { Topology } from './topology.js'
import { validate } from './validate/validate.js'

export type PatternSource = SourceNode & { readonly pattern: RegExp }

export function hasPattern(node: Node): node is PatternSource {
  return node.kind === 'source' && node.pattern !== undefined
}

/** The whole name must match, as in Kafka Streams. */
export function matchesTopic(pattern: RegExp, topic: string): boolean {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, '')).test(topic)
}

/** Stands in a co-partition group for the topics that will match. No topic can have this name. */
export function matchesOf(source: string): string {
  return `topics of ${source}`
}

/** @throws MillraceError TOPOLOGY_SOURCE_CONFLICT where a pattern matches a topic that another source names */
export function checkPatterns(topology: Topology): void {
  const internal = new Set(topology.repartitionTopics.map(({ name }) => name))
  const named = topology.nodes.flatMap((node) =>
    node.kind === 'source' && node.pattern === undefined ? node.topics.map((topic) => [topic, node.name] as const) : [],
  )
  for (const { topic, sourceName } of topology.globalStores) named.push([topic, sourceName])
  for (const { name, pattern } of topology.nodes.filter(hasPattern)) {
    const taken = named.find(([topic]) => !internal.has(topic) && matchesTopic(pattern, topic))
    if (taken === undefined) continue
    throw new MillraceError(
      'TOPOLOGY_SOURCE_CONFLICT',
      `the pattern ${pattern} of source ${name} matches topic ${taken[0]}, which ${taken[1]} reads`,
      { topic: taken[0], node: name },
    )
  }
}

/** Those of `names` that some pattern matches, sorted. */
export function matchingTopics(topology: Topology, names: Iterable<string>): string[] {
  const patterns = topology.nodes.filter(hasPattern).map(({ pattern }) => pattern)
  return [...new Set(names)].filter((name) => patterns.some((pattern) => matchesTopic(pattern, name))).sort()
}

/**
 * The topology with each pattern's topics in place, all in the one source. @throws MillraceError TOPOLOGY_SOURCE_CONFLICT
 * where two patterns match one topic
 */
export function withMatchingTopics(topology: Topology, names: Iterable<string>): Topology {
  if (!topology.nodes.some(hasPattern)) return topology
  const existing = matchingTopics(topology, names)
  const matched = new Map<string, readonly string[]>()
  const nodes = topology.nodes.map((node) => {
    if (!hasPattern(node)) return node
    const topics = Object.freeze(existing.filter((name) => matchesTopic(node.pattern, name)))
    matched.set(matchesOf(node.name), topics)
    return Object.freeze({ ...node, topics })
  })
  const copartitionGroups = topology.copartitionGroups.map((group) =>
    group.flatMap((topic) => matched.get(topic) ?? [topic]),
  )
  const resolved = Object.freeze({ ...topology, nodes, copartitionGroups })
  validate(resolved)
  return resolved
}
