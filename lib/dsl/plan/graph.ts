/**
 * The operators as the user wrote them, as plain data, before they become a topology. A graph node may become several
 * topology nodes (a repartition is filter, sink and source). Whether a table needs a store or old values is known only
 * when all downstream operators are known, so `build.ts` decides and writes.
 */
import type { Serde } from '../../serde/serde.js'
import type { TopologyBuilder } from '../../topology/builder.js'
import { DeclaredStores } from '../../topology/declared-stores.js'
import type { Materialization, TableNeed } from './materialization.js'

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
  /** It forwards the results of windows once they are closed, so they must be final. */
  readonly awaitsClose: boolean
  /** What it asks of tables, in the order it asks. */
  readonly needs: readonly TableNeed[]
  /** What an operator of a stream may change; null: neither, or a table's operator. */
  readonly changes: 'key' | 'value' | null
  /** It puts two streams together. */
  readonly merges: boolean
  /** A repartition that may be merged with others. */
  readonly repartition: {
    readonly topic: string
    readonly key: Serde<unknown> | null
    readonly value: Serde<unknown> | null
  } | null
  /** A stream-stream join that can do with one store where both sides are one stream, or the node that keeps the records of one that shares its store. */
  selfJoin: SelfJoin | null
  /** Appends its nodes. `parents` are names in the topology. */
  readonly write: (topology: TopologyBuilder, parents: readonly string[], how: WriteOptions) => void
}

export interface WindowClose {
  /** A window is closed from its end + this on. */
  readonly afterEndMs: number
  /** Each key closes its windows by its own time: nothing tells that those of a key that fell silent are final. */
  readonly perKey: boolean
}

export interface SelfJoin {
  /** Names of the graph nodes that keep the records of the sides. */
  readonly leftWindowed: string
  readonly rightWindowed: string
  /** Both sides are the same stream, and its records are to be kept once. */
  readonly shared: boolean
}

/** What has been decided of the whole graph when a node is written. */
export interface WriteOptions {
  /** The node being written: a copy of the one that was added, where the graph was optimised. */
  readonly self: GraphNode
  /** The source topic of a table is its store's changelog. */
  readonly reuseSourceTopics: boolean
  readonly tables: Materialization
  /** Names of the windowed aggregations whose results somebody below takes for final. */
  readonly final: ReadonlySet<string>
}

export interface GraphNodeOptions
  extends Pick<GraphNode, 'name' | 'write'>,
    Partial<
      Pick<
        GraphNode,
        'relaxedNullKey' | 'windowClose' | 'awaitsClose' | 'needs' | 'changes' | 'merges' | 'repartition' | 'selfJoin'
      >
    > {}

const INDEX_DIGITS = 10

export class Graph {
  readonly stores = new DeclaredStores()
  /** In the order they were added. */
  readonly nodes: GraphNode[] = []
  /** Sources whose topics must have equal partition counts, by name. */
  readonly copartitioned: ReadonlySet<string>[] = []
  /** All names that nobody chose. */
  readonly generatedNames = new Set<string>()
  #index = 0
  #priority = 0

  /** Kafka Streams' generated name; every call uses up one number, for processors and stores alike. */
  nextName(prefix: string): string {
    const name = prefix + String(this.#index++).padStart(INDEX_DIGITS, '0')
    this.generatedNames.add(name)
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
    this.nodes.push(node)
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
    this.nodes.push(again)
    return again
  }

  /** Names of source nodes whose topics must have equal partition counts. */
  copartition(sources: ReadonlySet<string>): void {
    this.copartitioned.push(sources)
  }
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
    awaitsClose: options.awaitsClose ?? false,
    needs: options.needs ?? [],
    changes: options.changes ?? null,
    merges: options.merges ?? false,
    repartition: options.repartition ?? null,
    selfJoin: options.selfJoin ?? null,
    write: options.write,
  }
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
