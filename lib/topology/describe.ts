/** A topology as text, identical to Kafka Streams' `Topology.describe()`. Pure. */
import { MillraceError } from '../errors.js'
import { describeAsData } from './description.js'
import { hashOrder, OrderedTree } from './java-order.js'
import { mermaid } from './mermaid.js'
import type { Node } from './node.js'
import { type NodeGroup, nodeGroups } from './sub-topologies.js'
import type { GlobalStoreDefinition, Topology } from './topology.js'
import { requireTopology } from './validate/validate.js'

interface Entry {
  readonly node: Node
  /** Paths that lead down from here, itself included: the more, the earlier it is printed. */
  size: number
  readonly predecessors: OrderedTree<Entry>
  readonly successors: OrderedTree<Entry>
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function compareEntries(a: Entry, b: Entry): number {
  if (a === b) return 0
  return a.size === b.size ? compareText(a.node.name, b.node.name) : b.size - a.size
}

function addSize(entry: Entry, delta: number): void {
  entry.size += delta
  for (const predecessor of entry.predecessors.values()) addSize(predecessor, delta)
}

/** Edges are added in the order of a Java HashMap, because the sizes so far decide where a neighbour is listed. */
function entriesOf(nodes: readonly Node[]): Entry[] {
  const entries = new Map<string, Entry>()
  for (const node of nodes) {
    entries.set(node.name, {
      node,
      size: 1,
      predecessors: new OrderedTree(compareEntries),
      successors: new OrderedTree(compareEntries),
    })
  }
  for (const name of hashOrder([...entries.keys()])) {
    const entry = entries.get(name)!
    for (const parentName of entry.node.parents) {
      const parent = entries.get(parentName)!
      entry.predecessors.add(parent)
      parent.successors.add(entry)
      addSize(parent, entry.size)
    }
  }
  return [...entries.values()].sort(compareEntries)
}

function names(entries: Iterable<Entry>): string {
  return [...entries].map((entry) => entry.node.name).join(', ') || 'none'
}

function describeEntry({ node, predecessors, successors }: Entry): string {
  const to = `      --> ${names(successors.values())}`
  const from = `      <-- ${names(predecessors.values())}`
  if (node.kind === 'source') {
    const topics = node.pattern === undefined ? `[${hashOrder(node.topics, 'copied').join(', ')}]` : node.pattern.source
    return `    Source: ${node.name} (topics: ${topics})\n${to}\n`
  }
  if (node.kind === 'sink') {
    const topic =
      typeof node.topic === 'string' ? `topic: ${node.topic}` : `extractor class: ${node.topic.name || 'function'}`
    return `    Sink: ${node.name} (${topic})\n${from}\n`
  }
  return `    Processor: ${node.name} (stores: [${hashOrder(node.stores, 'copied').join(', ')}])\n${to}\n${from}\n`
}

function describeGlobal(id: number, { sourceName, processorName, topic, store }: GlobalStoreDefinition): string {
  return (
    `Sub-topology: ${id} for global store (will not generate tasks)\n` +
    `    Source: ${sourceName} (topics: [${topic}])\n      --> ${processorName}\n` +
    `    Processor: ${processorName} (stores: [${store.name}])\n      --> none\n      <-- ${sourceName}\n`
  )
}

function describeGroup(group: NodeGroup): string {
  if (group.global !== null) return describeGlobal(group.id, group.global)
  return `Sub-topology: ${group.id}\n${entriesOf(group.nodes).map(describeEntry).join('')}\n`
}

const FORMS: readonly unknown[] = ['text', 'json', 'mermaid']

/**
 * `text` (default): Kafka Streams' form. `json`: everything `millrace diff` compares, for keeping beside a release.
 * `mermaid`: a flowchart.
 */
export function describe(topology: Topology, form: 'text' | 'json' | 'mermaid' = 'text'): string {
  requireTopology(topology)
  if (!FORMS.includes(form)) {
    throw new MillraceError('CONFIG_INVALID', `describe: the form is one of ${FORMS.join(', ')}`)
  }
  if (form === 'json') return `${JSON.stringify(describeAsData(topology), null, 2)}\n`
  if (form === 'mermaid') return mermaid(describeAsData(topology))
  return `Topologies:\n ${nodeGroups(topology)
    .map((group) => `  ${describeGroup(group)}`)
    .join('')}`
}
