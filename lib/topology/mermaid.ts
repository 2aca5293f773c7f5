/** A topology as a Mermaid flowchart: one box per sub-topology, topics and stores drawn between. */
import type { NodeDescription, TopologyDescription } from './description.js'

/** Mermaid ends a label at quotes and reads entities. */
function label(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** Short ids, because names may hold what Mermaid takes for syntax. */
class Ids {
  readonly #ids = new Map<string, string>()

  of(kind: 'n' | 't' | 's', name: string): string {
    const key = kind + name
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const id = `${kind}${this.#ids.size}`
    this.#ids.set(key, id)
    return id
  }
}

function nodeLines(node: NodeDescription, ids: Ids): string[] {
  const id = ids.of('n', node.name)
  const lines = node.parents.map((parent) => `${ids.of('n', parent)} --> ${id}`)
  for (const store of node.stores) lines.push(`${id} -.- ${ids.of('s', store)}`)
  for (const topic of node.topics ?? []) {
    lines.push(node.kind === 'source' ? `${ids.of('t', topic)} --> ${id}` : `${id} --> ${ids.of('t', topic)}`)
  }
  return lines
}

export function mermaid(description: TopologyDescription): string {
  const ids = new Ids()
  const lines = ['flowchart LR']
  const topics = new Set<string>()
  for (const { id, nodes, stores } of description.subTopologies) {
    lines.push(`  subgraph sub${id} ["Sub-topology ${id}"]`)
    for (const { name } of nodes) lines.push(`    ${ids.of('n', name)}["${label(name)}"]`)
    for (const store of stores) lines.push(`    ${ids.of('s', store)}[("${label(store)}")]`)
    lines.push('  end')
    for (const node of nodes) for (const topic of node.topics ?? []) topics.add(topic)
  }
  for (const { name, topic } of description.globalStores) {
    topics.add(topic)
    lines.push(`  ${ids.of('s', name)}[("${label(name)} (global)")]`)
  }
  const internal = new Set(description.repartitionTopics.map(({ name }) => name))
  for (const topic of topics) {
    const text = label(topic)
    lines.push(`  ${ids.of('t', topic)}${internal.has(topic) ? `[["${text}"]]` : `(["${text}"])`}`)
  }
  for (const { nodes } of description.subTopologies) {
    for (const node of nodes) for (const line of nodeLines(node, ids)) lines.push(`  ${line}`)
  }
  for (const { name, topic } of description.globalStores) lines.push(`  ${ids.of('t', topic)} --> ${ids.of('s', name)}`)
  return `${lines.join('\n')}\n`
}
