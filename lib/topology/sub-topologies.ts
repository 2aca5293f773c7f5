/** Splits a topology into sub-topologies: nodes that are connected by an edge or share a store. Pure. */

import type { StoreDefinition } from '../state/stores/index.js'
import type { Node } from './node.js'
import type { GlobalStoreDefinition, SubTopology, Topology } from './topology.js'

/** One connected part. Numbers count parts, and global stores, in the order their first node was added. */
export interface NodeGroup {
  readonly id: number
  readonly nodes: readonly Node[]
  /** Set where the part is a global store, which has no tasks. */
  readonly global: GlobalStoreDefinition | null
}

class UnionFind {
  readonly #parent = new Map<string, string>()

  root(name: string): string {
    let current = name
    for (;;) {
      const next = this.#parent.get(current)
      if (next === undefined) return current
      const after = this.#parent.get(next)
      if (after !== undefined) this.#parent.set(current, after)
      current = next
    }
  }

  unite(a: string, b: string): void {
    const rootA = this.root(a)
    const rootB = this.root(b)
    if (rootA !== rootB) this.#parent.set(rootB, rootA)
  }
}

/** Which nodes belong together. */
export function connectNodes(nodes: readonly Node[]): UnionFind {
  const groups = new UnionFind()
  const firstUser = new Map<string, string>()
  for (const node of nodes) {
    for (const parent of node.parents) groups.unite(parent, node.name)
    for (const store of node.stores) {
      const user = firstUser.get(store)
      if (user === undefined) firstUser.set(store, node.name)
      else groups.unite(user, node.name)
    }
  }
  return groups
}

/** All parts, global stores included, in the order of their numbers. */
export function nodeGroups(topology: Topology): NodeGroup[] {
  const connected = connectNodes(topology.nodes)
  const byRoot = new Map<string, Node[]>()
  const order: (Node[] | GlobalStoreDefinition)[] = []
  const globals = [...topology.globalStores]
  const addGlobalsBefore = (position: number) => {
    while (globals.length > 0 && globals[0]!.position <= position) order.push(globals.shift()!)
  }
  topology.nodes.forEach((node, index) => {
    addGlobalsBefore(index)
    const root = connected.root(node.name)
    const group = byRoot.get(root)
    if (group !== undefined) {
      group.push(node)
      return
    }
    const started = [node]
    byRoot.set(root, started)
    order.push(started)
  })
  addGlobalsBefore(Number.POSITIVE_INFINITY)
  return order.map((group, id) =>
    Array.isArray(group) ? { id, nodes: group, global: null } : { id, nodes: [], global: group },
  )
}

function sourceTopics(nodes: readonly Node[]): string[] {
  return nodes.flatMap((node) => (node.kind === 'source' ? node.topics : []))
}

function sinkTopics(nodes: readonly Node[]): string[] {
  return nodes.flatMap((node) => (node.kind === 'sink' && typeof node.topic === 'string' ? [node.topic] : []))
}

function storesOf(nodes: readonly Node[], topology: Topology): StoreDefinition[] {
  const used = new Set(nodes.flatMap((node) => node.stores))
  return topology.stores.filter((store) => used.has(store.name))
}

/** The parts that become one task per partition, in the order of their numbers. */
export function subTopologies(topology: Topology): readonly SubTopology[] {
  return nodeGroups(topology)
    .filter((group) => group.global === null)
    .map(({ id, nodes }) =>
      Object.freeze({
        id,
        nodes,
        stores: storesOf(nodes, topology),
        sourceTopics: sourceTopics(nodes),
        sinkTopics: [...new Set(sinkTopics(nodes))],
      }),
    )
}
