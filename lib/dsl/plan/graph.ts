/**
 * The operators as the user wrote them, before they become a topology. A graph node may become several topology nodes
 * (a repartition is filter, sink and source), and what a table needs (a store, old values) is known only when
 * everything downstream has been said; so writing waits until `build`.
 */
import { MillraceError } from '../../errors.js'
import { TopologyBuilder } from '../../topology/builder.js'
import { DeclaredStores } from '../../topology/declared-stores.js'
import type { WrapOptions } from '../../topology/processor-wrapper.js'
import type { Topology } from '../../topology/topology.js'
import { requireExplicitNames } from './explicit-names.js'
import type { AnySerde } from './handle.js'
import { OPTIMIZATIONS, type Optimization, optimizedGraph } from './optimize.js'
import type { WindowClose } from './window-close.js'

export interface GraphNode {
  /** Name of the last topology node this one becomes: the parent of what follows. */
  readonly name: string
  /** Later ones are written later. */
  priority: number
  readonly parents: Set<GraphNode>
  /** Set on a source asked for again: what hangs under it hangs under this node, listed behind its other parents. */
  readonly sameAs: GraphNode | null
  readonly children: Set<GraphNode>
  /** A left join, to which records with a null key matter (KIP-962): no repartition above it may drop them. */
  readonly relaxedNullKey: boolean
  /** Of a windowed aggregation: when its windows close. */
  readonly windowClose: WindowClose | null
  /** What an operator of a stream may change; null: neither, or a table's operator. */
  readonly changes: 'key' | 'value' | null
  /** It puts two streams together. */
  readonly merges: boolean
  /** A repartition that may be merged with others. */
  readonly repartition: {
    readonly topic: string
    readonly key: AnySerde | null
    readonly value: AnySerde | null
  } | null
  /** A stream-stream join that can do with one store where both sides are one stream, or the node that keeps the records of one that shares its store. */
  selfJoin: SelfJoin | null
  /** Appends its nodes. `parents` are names in the topology. */
  readonly write: (topology: TopologyBuilder, parents: readonly string[], how: WriteOptions) => void
}

export interface SelfJoin {
  /** Names of the graph nodes that keep the records of the sides. */
  readonly leftWindowed: string
  readonly rightWindowed: string
  /** Both sides are the same stream, and its records are to be kept once. */
  readonly shared: boolean
}

export interface WriteOptions {
  /** The node being written: a copy of the one that was added, where the graph was optimised. */
  readonly self: GraphNode
  /** The source topic of a table is its store's changelog. */
  readonly reuseSourceTopics: boolean
}

export interface BuildOptions extends WrapOptions {
  /**
   * Which of Kafka Streams' `topology.optimization` rules to apply; default `none`. It changes internal topics, so an
   * application that has state must keep what it began with: `millrace diff` says what a change would cost.
   */
  readonly optimize?: 'none' | 'all' | readonly Optimization[]
  /**
   * Refuse a topology in which a store, changelog or repartition topic has a generated name, which the next edit may
   * change (Kafka Streams' `ensure.explicit.internal.resource.naming`). Default false.
   */
  readonly ensureExplicitNames?: boolean
}

export interface GraphNodeOptions {
  readonly name: string
  readonly write: GraphNode['write']
  readonly relaxedNullKey?: boolean
  readonly windowClose?: WindowClose | null
  readonly changes?: GraphNode['changes']
  readonly merges?: boolean
  readonly repartition?: GraphNode['repartition']
  readonly selfJoin?: SelfJoin
}

const INDEX_DIGITS = 10

export class Graph {
  readonly stores = new DeclaredStores()
  readonly #roots = new Set<GraphNode>()
  /** In the order they were added. */
  readonly #nodes: GraphNode[] = []
  readonly #generated = new Set<string>()
  readonly #copartitioned: ReadonlySet<string>[] = []
  #index = 0
  #priority = 0

  /** Kafka Streams' generated name; every call uses up one number, for processors and stores alike. */
  nextName(prefix: string): string {
    const name = prefix + String(this.#index++).padStart(INDEX_DIGITS, '0')
    this.#generated.add(name)
    return name
  }

  nextStoreName(prefix: string): string {
    return this.nextName(`${prefix}STATE-STORE-`)
  }

  /** The user's name, or a generated one. A number is used up either way, so that naming a node renames no other. */
  nameOr(name: string | undefined, prefix: string): string {
    const generated = this.nextName(prefix)
    return name ?? generated
  }

  add(parents: readonly GraphNode[], options: GraphNodeOptions): GraphNode {
    const node = graphNode(options)
    this.#nodes.push(node)
    if (parents.length === 0) this.#roots.add(node)
    this.append(parents, node)
    return node
  }

  /** Hangs `node` under `parents`, and behind everything added so far; a node may be added more than once. */
  append(parents: readonly GraphNode[], node: GraphNode): void {
    node.priority = this.#priority++
    for (const parent of parents) {
      const written = parent.sameAs ?? parent
      written.children.add(node)
      node.parents.add(parent)
    }
  }

  /** The same source once more, for a stream of topics that are read already. */
  reuseSource(node: GraphNode): GraphNode {
    const again: GraphNode = { ...node, priority: this.#priority++, parents: new Set(), sameAs: node }
    this.#nodes.push(again)
    return again
  }

  /** Names of source nodes whose topics must have equal partition counts. */
  copartition(sources: ReadonlySet<string>): void {
    this.#copartitioned.push(sources)
  }

  /** Writes the nodes. May be called again after more was added. */
  build({ optimize = 'none', ensureExplicitNames = false, ...wrap }: BuildOptions = {}): Topology {
    const rules = optimizations(optimize)
    const { roots, replacedSources } = optimizedGraph(this.#nodes, this.#roots, rules)
    const reuseSourceTopics = rules.has('reuseSourceTopics')
    const topology = new TopologyBuilder()
    for (const node of inOrder(roots)) {
      const parents = [...node.parents].map(({ name }) => name)
      node.write(topology, parents, { self: node, reuseSourceTopics })
    }
    for (const sources of this.#copartitioned) {
      topology.addCopartitionGroup(new Set([...sources].map((name) => replacedSources.get(name) ?? name)))
    }
    const built = topology.build(wrap)
    if (ensureExplicitNames) requireExplicitNames(built, this.#generated)
    return built
  }
}

/** @throws MillraceError CONFIG_INVALID */
function optimizations(optimize: NonNullable<BuildOptions['optimize']>): ReadonlySet<Optimization> {
  const rules = optimize === 'none' ? [] : optimize === 'all' ? OPTIMIZATIONS : optimize
  const wrong = typeof rules === 'string' ? rules : rules.find((rule) => !OPTIMIZATIONS.includes(rule))
  if (wrong === undefined) return new Set(rules)
  const known = OPTIMIZATIONS.join(', ')
  throw new MillraceError('CONFIG_INVALID', `optimize is none, all or a list of ${known}, not ${wrong}`)
}

export function graphNode(options: GraphNodeOptions): GraphNode {
  return {
    name: options.name,
    priority: 0,
    parents: new Set(),
    sameAs: null,
    children: new Set(),
    relaxedNullKey: options.relaxedNullKey ?? false,
    windowClose: options.windowClose ?? null,
    changes: options.changes ?? null,
    merges: options.merges ?? false,
    repartition: options.repartition ?? null,
    selfJoin: options.selfJoin ?? null,
    write: options.write,
  }
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

/** True where a left join, to which records with a null key matter, stands anywhere below `node`. */
export function feedsRelaxedJoin(node: GraphNode): boolean {
  const seen = new Set<GraphNode>()
  const open = [...node.children]
  for (;;) {
    const child = open.pop()
    if (child === undefined) return false
    if (child.relaxedNullKey) return true
    if (seen.has(child)) continue
    seen.add(child)
    open.push(...child.children)
  }
}
