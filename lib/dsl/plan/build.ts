/**
 * Turns the graph into a topology: makes the decisions that depend on the whole graph, then writes each node. The graph
 * does not change.
 */
import { MillraceError } from '../../errors.js'
import { TopologyBuilder } from '../../topology/builder.js'
import type { WrapOptions } from '../../topology/processor-wrapper.js'
import type { Topology } from '../../topology/topology.js'
import { requireExplicitNames } from './explicit-names.js'
import { finalAggregations } from './final-windows.js'
import type { Graph, GraphNode } from './graph.js'
import { materialize } from './materialization.js'
import { checkOptions } from './operator-options.js'
import { OPTIMIZATIONS, type Optimization, optimizedGraph } from './optimize.js'

/** Options of `build`. */
export interface BuildOptions extends WrapOptions {
  /**
   * The rules of Kafka Streams' `topology.optimization` to apply. Default `none`. A change of this option changes internal topics, so an
   * application with state must keep it; `millrace diff` says what a change would lose.
   */
  readonly optimize?: 'none' | 'all' | readonly Optimization[]
  /**
   * Whether to reject a topology in which a store, changelog or repartition topic has a generated name, because the next edit may change
   * it [ensure.explicit.internal.resource.naming]. Default false.
   */
  readonly ensureExplicitNames?: boolean
}

/** May be called again after more was added to the graph. @throws MillraceError CONFIG_INVALID, TOPOLOGY_* */
export function buildGraph(graph: Graph, options: BuildOptions = {}): Topology {
  checkOptions('build', options)
  const { optimize = 'none', ensureExplicitNames = false, ...wrap } = options
  const rules = optimizations(optimize)
  const { roots, replacedSources } = optimizedGraph(graph.nodes, rules)
  const decided = {
    reuseSourceTopics: rules.has('reuseSourceTopics'),
    tables: materialize(graph.nodes),
    final: finalAggregations(graph.nodes),
  }
  const topology = new TopologyBuilder()
  for (const node of inOrder(roots)) {
    const parents = [...node.parents].map(({ name }) => name)
    node.write(topology, parents, { self: node, ...decided })
  }
  for (const sources of graph.copartitioned) {
    topology.addCopartitionGroup(new Set([...sources].map((name) => replacedSources.get(name) ?? name)))
  }
  const built = topology.build(wrap)
  if (ensureExplicitNames) requireExplicitNames(built, graph.generatedNames)
  return built
}

/** @throws MillraceError CONFIG_INVALID */
function optimizations(optimize: NonNullable<BuildOptions['optimize']>): ReadonlySet<Optimization> {
  const rules = optimize === 'none' ? [] : optimize === 'all' ? OPTIMIZATIONS : optimize
  const wrong = typeof rules === 'string' ? rules : rules.find((rule) => !OPTIMIZATIONS.includes(rule))
  if (wrong === undefined) return new Set(rules)
  const known = OPTIMIZATIONS.join(', ')
  throw new MillraceError('CONFIG_INVALID', `optimize is none, all or a list of ${known}, not ${wrong}`)
}

/** Parents first; among the nodes that could come next the one with the lowest priority. */
function inOrder(roots: ReadonlySet<GraphNode>): ReadonlySet<GraphNode> {
  const ready = [...roots]
  const written = new Set<GraphNode>()
  while (ready.length > 0) {
    let next = 0
    for (let i = 1; i < ready.length; i++) if (ready[i]!.priority < ready[next]!.priority) next = i
    const node = ready.splice(next, 1)[0]!
    written.add(node)
    for (const child of node.children) {
      if ([...child.parents].every((parent) => written.has(parent))) ready.push(child)
    }
  }
  return written
}
