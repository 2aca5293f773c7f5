/** The origin of the records of a node, independent of names. */
import type { NodeDescription, TopologyDescription } from './description.js'
import { keysOf, kindInfo, settingsWith } from './kinds.js'

const FOREIGN = /, sendSubscription$/

/** Looks through internal topics: what reads one continues what writes it. */
export class Lineage {
  readonly #nodes = new Map<string, NodeDescription>()
  readonly #writers = new Map<string, NodeDescription[]>()
  readonly #internal: ReadonlySet<string>
  /** Global stores have no node here: by name, their topic. */
  readonly #globals: ReadonlyMap<string, string>
  readonly #shapes = new Map<string, string>()
  readonly #outlines = new Map<string, string>()

  constructor(description: TopologyDescription) {
    this.#internal = new Set(description.repartitionTopics.map(({ name }) => name))
    this.#globals = new Map(description.globalStores.map(({ name, topic }) => [name, topic]))
    for (const { nodes } of description.subTopologies) {
      for (const node of nodes) {
        this.#nodes.set(node.name, node)
        if (node.kind !== 'sink') continue
        for (const topic of node.topics ?? []) this.#writers.set(topic, [...(this.#writers.get(topic) ?? []), node])
      }
    }
  }

  /** The node that fills a store: the first that uses it, for parents come first. */
  owner(store: string): NodeDescription | null {
    for (const node of this.#nodes.values()) if (node.stores.includes(store)) return node
    return null
  }

  /** The whole computation above a node, names and user functions omitted. */
  shape(node: NodeDescription): string {
    return this.#shape(node, this.#shapes, true)
  }

  /** As `shape`, whatever the settings of the operators are. */
  outline(node: NodeDescription): string {
    return this.#shape(node, this.#outlines, false)
  }

  #shape(node: NodeDescription, shapes: Map<string, string>, whole: boolean): string {
    const known = shapes.get(node.name)
    if (known !== undefined) return known
    // Stands in for the node while it is its own ancestor, through an internal topic.
    shapes.set(node.name, '...')
    const settings = whole ? [...computationOf(node), ...this.#branch(node), ...this.#lookedUp(node, shapes)] : []
    const above = this.#above(node).map((parent) => this.#shape(parent, shapes, whole))
    const topics = node.kind === 'source' ? this.#userTopics(node) : []
    const shape = JSON.stringify([node.kind, settings, topics, above.sort()])
    shapes.set(node.name, shape)
    return shape
  }

  /** Which branch of its split a node is: by its name there, for others may be put before it. */
  #branch(node: NodeDescription): unknown[] {
    const split = node.parents.find((name) => this.#nodes.get(name)!.kind === 'split')
    if (split === undefined) return []
    return [['branch', node.name.startsWith(split) ? node.name.slice(split.length) : node.name]]
  }

  /** What fills the stores that a join asks. It is no parent: its records start nothing. */
  #lookedUp(node: NodeDescription, shapes: Map<string, string>): unknown[] {
    if (kindInfo(node.kind).looksUp !== true) return []
    const { store: own } = node.settings
    const asked = new Set(typeof own === 'string' ? [...node.stores, own] : node.stores)
    return [...asked].flatMap((store) => {
      const filler = this.owner(store)
      if (filler === node) return []
      const filled = filler === null ? this.#globals.get(store) : this.#shape(filler, shapes, true)
      return filled === undefined ? [] : [['lookup', filled]]
    })
  }

  /** Where the keys a node sees come from: topics, and the changes of key on the way, nearest last. */
  keys(node: NodeDescription): ReadonlySet<string> {
    return this.#keys(node, new Set())
  }

  #keys(node: NodeDescription, seen: ReadonlySet<string>): ReadonlySet<string> {
    const rule = keysOf(node.kind, node.settings)
    if (seen.has(node.name) || rule === 'none') return new Set()
    const path = new Set(seen).add(node.name)
    const found = new Set<string>(node.kind === 'source' ? this.#userTopics(node).map((topic) => `topic ${topic}`) : [])
    for (const parent of this.#above(node)) for (const origin of this.#keys(parent, path)) found.add(origin)
    if (rule === 'asSubscribed') return new Set([...found].map((origin) => origin.replace(FOREIGN, '')))
    return rule === 'changed' ? new Set([...found].map((origin) => `${origin}, ${node.kind}`)) : found
  }

  #userTopics(node: NodeDescription): string[] {
    return (node.topics ?? []).filter((topic) => !this.#internal.has(topic)).sort()
  }

  #above(node: NodeDescription): NodeDescription[] {
    const parents = node.parents.map((name) => this.#nodes.get(name)!)
    if (node.kind !== 'source') return parents
    return (node.topics ?? []).flatMap((topic) => (this.#internal.has(topic) ? (this.#writers.get(topic) ?? []) : []))
  }
}

/** Settings that make a node another computation; what is false is as if it were not there. */
function computationOf({ kind, settings }: NodeDescription): unknown[] {
  const names = settingsWith(kind, 'computation', 'computationTold', 'computationToldWithStore')
  return names.flatMap((name) => {
    const value = settings[name] ?? false
    return value === false ? [] : [[name, value]]
  })
}
