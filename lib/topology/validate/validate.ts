/** Finds every error of a topology at build instead of at the first record. Pure. */
import { MillraceError } from '../../errors.js'
import type { Node } from '../node.js'
import type { Topology } from '../topology.js'
import { checkFunctions } from './functions.js'
import { checkStores } from './stores.js'

/** Kafka's rule for topic names, which node and store names become part of. */
const LEGAL_NAME = /^[A-Za-z0-9._-]{1,249}$/

function checkName(what: string, name: string): void {
  if (!LEGAL_NAME.test(name) || name === '.' || name === '..') {
    throw new MillraceError(
      'TOPOLOGY_NAME_INVALID',
      `${what} name "${name}" must be 1 to 249 letters, digits, dots, dashes or underscores`,
      { node: name },
    )
  }
}

function checkNames(topology: Topology): void {
  const seen = new Set<string>()
  const add = (name: string) => {
    checkName('node', name)
    if (seen.has(name)) {
      throw new MillraceError('TOPOLOGY_NAME_DUPLICATE', `two nodes have the name ${name}`, { node: name })
    }
    seen.add(name)
  }
  for (const node of topology.nodes) add(node.name)
  for (const global of topology.globalStores) {
    add(global.sourceName)
    add(global.processorName)
  }
}

function checkParents(nodes: readonly Node[]): void {
  const all = new Map(nodes.map((node) => [node.name, node]))
  const before = new Set<string>()
  for (const node of nodes) {
    if (node.kind === 'source') {
      if (node.parents.length > 0) {
        throw new MillraceError('TOPOLOGY_PARENT_UNKNOWN', `source ${node.name} cannot have parents`, {
          node: node.name,
        })
      }
    } else if (node.parents.length === 0) {
      throw new MillraceError('TOPOLOGY_PARENT_UNKNOWN', `node ${node.name} has no parent`, { node: node.name })
    }
    for (const parent of node.parents) checkParent(node, parent, all, before)
    before.add(node.name)
  }
}

function checkParent(node: Node, parent: string, all: ReadonlyMap<string, Node>, before: ReadonlySet<string>): void {
  const found = all.get(parent)
  if (found === undefined) {
    throw new MillraceError('TOPOLOGY_PARENT_UNKNOWN', `node ${node.name} has the unknown parent ${parent}`, {
      node: node.name,
    })
  }
  if (found.kind === 'sink') {
    throw new MillraceError('TOPOLOGY_PARENT_UNKNOWN', `sink ${parent} cannot be the parent of ${node.name}`, {
      node: node.name,
    })
  }
  if (parent === node.name || !before.has(parent)) {
    throw new MillraceError(
      'TOPOLOGY_CYCLE',
      `node ${node.name} has the parent ${parent}, which does not come before it`,
      { node: node.name },
    )
  }
}

function checkSourceTopics(topology: Topology): void {
  const readers = new Map<string, string>()
  let patterns = 0
  const read = (topic: string, by: string) => {
    const other = readers.get(topic)
    if (other !== undefined) {
      throw new MillraceError('TOPOLOGY_SOURCE_CONFLICT', `topic ${topic} is read by both ${other} and ${by}`, {
        topic,
        node: by,
      })
    }
    readers.set(topic, by)
  }
  for (const node of topology.nodes) {
    if (node.kind !== 'source') continue
    if (node.pattern !== undefined) patterns++
    else if (node.topics.length === 0) {
      throw new MillraceError('TOPOLOGY_EMPTY', `source ${node.name} has no topic`, { node: node.name })
    }
    for (const topic of node.topics) read(topic, node.name)
  }
  for (const global of topology.globalStores) read(global.topic, global.sourceName)
  if (readers.size + patterns === 0) throw new MillraceError('TOPOLOGY_EMPTY', 'the topology reads no topic')
}

function checkTopics(topology: Topology): void {
  for (const node of topology.nodes) {
    if (node.kind === 'source') for (const topic of node.topics) checkName('topic', topic)
    if (node.kind === 'sink' && typeof node.topic === 'string') checkName('topic', node.topic)
  }
  for (const global of topology.globalStores) checkName('topic', global.topic)
}

function checkSerdes(topology: Topology): void {
  for (const node of topology.nodes) {
    if (node.kind !== 'source' && node.kind !== 'sink') continue
    for (const which of ['key', 'value'] as const) {
      const serde = which === 'key' ? node.keySerde : node.valueSerde
      if (typeof serde?.serialize !== 'function' || typeof serde.deserialize !== 'function') {
        throw new MillraceError('TOPOLOGY_SERDE_MISSING', `${node.kind} ${node.name} has no ${which} serde`, {
          node: node.name,
        })
      }
    }
  }
}

/** @throws MillraceError TOPOLOGY_* for the first thing that cannot work; the message has the names involved. */
export function validate(topology: Topology): void {
  checkNames(topology)
  checkParents(topology.nodes)
  checkSourceTopics(topology)
  checkTopics(topology)
  checkSerdes(topology)
  checkFunctions(topology)
  checkStores(topology)
}

/** @throws MillraceError TOPOLOGY_INPUT_INVALID where what is to be run is no topology: a builder, say */
export function requireTopology(given: unknown): void {
  if (Array.isArray((given as Partial<Topology> | null | undefined)?.nodes)) return
  const got = (given as object | null | undefined)?.constructor?.name ?? String(given)
  throw new MillraceError('TOPOLOGY_INPUT_INVALID', `a topology is needed (the result of \`build()\`), not ${got}`)
}
