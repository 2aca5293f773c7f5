/** A hook around every processor of a topology (KIP-1112), for tracing, counting, or replacing it. */
import { MillraceError } from '../errors.js'
import type { StoreDefinition } from '../state/stores/index.js'
import { keysOf, type Settings } from './kinds.js'
import type { Node } from './node.js'
import type { NodeBase, NodeWrapping, ProcessorWrap } from './node-base.js'
import { type StoreOptions, storeDefinition } from './store-definition.js'
import { connectNodes } from './sub-topologies.js'

/** A processor that can be wrapped: an operator of the DSL, or user code. */
export interface WrappableNode {
  readonly name: string
  /** The kind of its node, as in `describe(topology, 'json')`. */
  readonly kind: Node['kind']
  /** Whether its records must keep their key, because they stay in their partition: `filter`, `mapValues`, `processValues` and others. */
  readonly fixedKey: boolean
  /** Names of the stores connected to it. */
  readonly stores: readonly string[]
}

/** What to put around a processor. */
export interface ProcessorWrapping {
  /** Makes one wrap for each task. */
  readonly supplier: () => ProcessorWrap
  /** Stores to add and to connect to the processor. Processors that get the same object share the store. */
  readonly stores?: readonly StoreOptions<unknown, unknown>[]
}

/** Called once for each processor when the topology is built. Return null to leave it as it is. */
export type WrapProcessor = (node: WrappableNode) => ProcessorWrapping | null

/** Options of `build` that wrap processors. */
export interface WrapOptions {
  /**
   * Wraps the processors of the topology, except those that fill global and read-only stores (Kafka Streams'
   * `processor.wrapper.class`, KIP-1112). Names stay; `describe` shows the stores that are added.
   */
  readonly wrapProcessor?: WrapProcessor
}

/** Asks `wrapProcessor` about each node; definitions of the stores it adds go to `addStore`. */
export function wrapNodes(
  nodes: readonly Node[],
  fillers: ReadonlySet<string>,
  wrapProcessor: WrapProcessor,
  addStore: (store: StoreDefinition) => void,
): Node[] {
  const definitions = new Map<StoreOptions<unknown, unknown>, StoreDefinition>()
  const define = (options: StoreOptions<unknown, unknown>): string => {
    let definition = definitions.get(options)
    if (definition === undefined) {
      definition = storeDefinition(options)
      definitions.set(options, definition)
      addStore(definition)
    }
    return definition.name
  }
  return nodes.map((node) => {
    if (node.kind === 'source' || node.kind === 'sink' || fillers.has(node.name)) return node
    const { name, kind, stores } = node
    const fixedKey = keysOf(kind, node as unknown as Settings) === 'fixed'
    const wrapping = wrapProcessor({ name, kind, stores, fixedKey })
    if (wrapping === null) return node
    const added = (wrapping.stores ?? []).map(define)
    return wrapped(node, { fixedKey, supplier: wrapping.supplier, stores: Object.freeze(added) })
  })
}

function wrapped<N extends NodeBase>(node: N, wrapping: NodeWrapping): N {
  return { ...node, wrapping, stores: [...new Set([...node.stores, ...wrapping.stores])] }
}

/**
 * A wrapper must not change which processors make one task: Kafka Streams would keep them apart, and have two tasks write
 * to one changelog. @throws MillraceError CONFIG_INVALID
 */
export function checkApart(unwrapped: readonly Node[], wrapped: readonly Node[]): void {
  const [before, after] = [connectNodes(unwrapped), connectNodes(wrapped)]
  const partOf = new Map<string, string>()
  for (const { name, wrapping } of wrapped) {
    if (wrapping === undefined || wrapping.stores.length === 0) continue
    const [own, shared] = [before.root(name), after.root(name)]
    const known = partOf.get(shared)
    if (known === undefined) partOf.set(shared, own)
    if (known === undefined || known === own) continue
    throw new MillraceError(
      'CONFIG_INVALID',
      `wrapProcessor returns the same store (${wrapping.stores.join(', ')}, at ${name}) for processors of several sub-topologies: return another store for each`,
      { node: name },
    )
  }
}
