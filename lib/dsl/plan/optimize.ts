/**
 * Kafka Streams' `topology.optimization`, on a copy of the graph: repartitions after one key change are merged into one
 * right after it, and a self-join stores its records once.
 */
import type { GraphNode, SelfJoin } from './graph.js'
import { repartitionGraphNode } from './repartition-node.js'

/**
 * A rule of Kafka Streams' `topology.optimization`: a table uses its source topic as changelog; groupings of one stream share a
 * repartition topic; a self-join has one store.
 */
export type Optimization = 'reuseSourceTopics' | 'mergeRepartitionTopics' | 'singleStoreSelfJoin'

/** `all`, as Kafka Streams' `topology.optimization=all`. */
export const OPTIMIZATIONS: readonly Optimization[] = Object.freeze([
  'reuseSourceTopics',
  'mergeRepartitionTopics',
  'singleStoreSelfJoin',
])

export interface OptimizedGraph {
  readonly roots: ReadonlySet<GraphNode>
  /** Sources of repartitions that are gone → the source that took their place. */
  readonly replacedSources: ReadonlyMap<string, string>
}

/**
 * `nodes`: all, in the order they were added. Neither they nor their sets are changed; in the copies a source
 * asked for again is the first one.
 */
export function optimizedGraph(nodes: readonly GraphNode[], rules: ReadonlySet<Optimization>): OptimizedGraph {
  const copies = copyOf(nodes)
  const copied = nodes.map((node) => copies.get(node)!)
  const replacedSources = new Map<string, string>()
  if (rules.has('mergeRepartitionTopics')) mergeRepartitions(copied, replacedSources)
  if (rules.has('singleStoreSelfJoin')) for (const node of copied) shareStore(node)
  const roots = nodes.filter(({ parents, sameAs }) => parents.size === 0 && sameAs === null)
  return { roots: new Set(roots.map((root) => copies.get(root)!)), replacedSources }
}

function copyOf(nodes: readonly GraphNode[]): ReadonlyMap<GraphNode, GraphNode> {
  const copies = new Map<GraphNode, GraphNode>()
  for (const node of nodes) {
    const sameAs = node.sameAs === null ? null : copies.get(node.sameAs)!
    copies.set(node, { ...node, sameAs, parents: new Set(), children: new Set() })
  }
  for (const node of nodes) {
    const copy = copies.get(node)!
    for (const parent of parentsOf(node)) copy.parents.add(copies.get(parent)!)
    // The copies of a source asked for again share the first one's children, as the originals do.
    for (const child of node.children) copy.children.add(copies.get(child)!)
  }
  return copies
}

/** Kafka Streams merges a source asked for again into the first one before all else, so as a parent it is named last. */
function parentsOf(node: GraphNode): GraphNode[] {
  const own = [...node.parents].filter((parent) => parent.sameAs === null)
  const again = [...node.parents].filter((parent) => parent.sameAs !== null).sort((a, b) => a.priority - b.priority)
  return [...own, ...again.map((parent) => parent.sameAs!)]
}

type Test = (node: GraphNode) => boolean

/** The node itself or the nearest ancestor that passes, first parents first. */
function nearest(node: GraphNode, test: Test): GraphNode | null {
  if (test(node)) return node
  for (const parent of node.parents) {
    const found = nearest(parent, test)
    if (found !== null) return found
  }
  return null
}

/** The change of key a repartition is for; null where a change of value stands between, which could not move behind it. */
function keyChangeAbove(repartition: GraphNode): GraphNode | null {
  const change = nearest(repartition, ({ changes }) => changes !== null)
  return change?.changes === 'key' ? change : null
}

function mergeRepartitions(nodes: readonly GraphNode[], replacedSources: Map<string, string>): void {
  const below = new Map<GraphNode, Set<GraphNode>>()
  for (const node of nodes) {
    if (node.changes === 'key') below.set(node, new Set())
    const change = node.repartition === null ? null : keyChangeAbove(node)
    if (change !== null) below.get(change)!.add(node)
  }
  raiseToMerges(nodes, below)
  for (const [change, repartitions] of below) {
    if (repartitions.size > 0) replace(change, repartitions, replacedSources)
  }
}

/** Where streams with changed keys merge before any repartition, one behind the merge serves them all. */
function raiseToMerges(nodes: readonly GraphNode[], below: Map<GraphNode, Set<GraphNode>>): void {
  const raised = new Set<GraphNode>()
  const merged = new Map<GraphNode, Set<GraphNode>>()
  for (const merge of nodes) {
    if (!merge.merges) continue
    const all = new Set<GraphNode>()
    for (const [change, repartitions] of below) {
      const behind = [...repartitions].every((node) => nearest(node, ({ parents }) => parents.has(merge)) !== null)
      if (!behind || nearest(merge, ({ parents }) => parents.has(change)) === null) continue
      for (const repartition of repartitions) all.add(repartition)
      raised.add(change)
    }
    merged.set(merge, all)
  }
  for (const [merge, repartitions] of merged) below.set(merge, repartitions)
  for (const change of raised) below.delete(change)
}

function replace(change: GraphNode, repartitions: ReadonlySet<GraphNode>, replacedSources: Map<string, string>): void {
  const plans = [...repartitions].map((node) => node.repartition!)
  const { topic } = plans[0]!
  const single: GraphNode = {
    ...repartitionGraphNode(
      topic,
      { filter: `${topic}-filter`, sink: `${topic}-sink`, source: `${topic}-source` },
      {
        key: plans.find(({ key }) => key !== null)?.key ?? null,
        value: plans.find(({ value }) => value !== null)?.value ?? null,
      },
    ),
    priority: change.priority,
  }
  for (const repartition of repartitions) {
    const child = nearest(repartition, ({ parents }) => parents.has(change))
    // A second repartition below the same child moved with the first.
    if (child !== null) {
      link(single, child)
      unlink(change, child)
    }
    for (const parent of [...repartition.parents]) {
      for (const below of repartition.children) link(parent, below)
      unlink(parent, repartition)
    }
    for (const below of [...repartition.children]) unlink(repartition, below)
    replacedSources.set(repartition.name, single.name)
  }
  link(change, single)
}

function link(parent: GraphNode, child: GraphNode): void {
  parent.children.add(child)
  child.parents.add(parent)
}

function unlink(parent: GraphNode, child: GraphNode): void {
  parent.children.delete(child)
  child.parents.delete(parent)
}

/** A join of a stream with itself: the window node of the right side goes. */
function shareStore(join: GraphNode): void {
  const selfJoin: SelfJoin | null = join.selfJoin
  if (selfJoin === null || join.parents.size !== 1) return
  const [parent] = [...join.parents]
  const shared = { ...selfJoin, shared: true }
  for (const child of [...parent!.children]) {
    if (child.name === selfJoin.leftWindowed) child.selfJoin = shared
    if (child.name !== selfJoin.rightWindowed) continue
    for (const above of [...child.parents]) unlink(above, child)
    unlink(parent!, child)
  }
  join.selfJoin = shared
}
