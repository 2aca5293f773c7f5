/** Appends the operators that process one record at a time. */

import { MillraceError } from '../../errors.js'
import type { AsyncHandler } from '../../topology/async-node.js'
import type { UsedStore } from '../../topology/declared-stores.js'
import { keysOf, kindInfo } from '../../topology/kinds.js'
import type { ProcessorSupplier } from '../../topology/processor.js'
import type { StatelessNode } from '../../topology/stateless-nodes.js'
import { type Named, type StreamHandle, sameBuilder, streamHandle } from './handle.js'
import { checkOptions } from './operator-options.js'

type WithoutBase<N> = N extends unknown ? Omit<N, 'name' | 'parents' | 'stores'> : never

/** User functions come typed by the DSL; nodes hold them untyped. */
type Loose<N> = { readonly [P in keyof N]: N[P] extends (...args: never[]) => infer R ? (...args: never[]) => R : N[P] }

/** The serdes stay: the stream's type says whether they still fit. */
export function appendStateless(
  handle: StreamHandle,
  prefix: string,
  options: Named | undefined,
  node: Loose<WithoutBase<Exclude<StatelessNode, { kind: 'split' | 'process' | 'merge' }>>>,
): StreamHandle {
  checkOptions(node.kind, options, handle.name)
  const { graph } = handle
  const name = graph.nameOr(options?.name, prefix)
  const rekeyed = keysOf(node.kind, node) === 'changed'
  const added = graph.add([handle.node], {
    name,
    changes: rekeyed ? 'key' : kindInfo(node.kind).changesValue ? 'value' : null,
    write: (topology, parents) => topology.addNode({ ...node, name, parents, stores: [] } as unknown as StatelessNode),
  })
  return streamHandle({ ...handle, node: added, name, rekeyed: handle.rekeyed || rekeyed })
}

/** How a handler that waits for something outside is run. */
export interface AsyncSettings extends Named {
  /** Handlers running at once, per task; default 64. */
  readonly concurrency?: number
  /**
   * `input` (default): results continue in the order the records came, whatever the key, so that the same input has the same
   * output. `key`: a slow record holds up its own key only. Handlers of one key never overlap, either way.
   */
  readonly order?: 'input' | 'key'
  /** Of one attempt, ms; default none. A handler that takes longer fails that attempt with ASYNC_TIMEOUT. */
  readonly timeoutMs?: number
  /** Attempts before the record fails, >= 1; default 1. Then `onProcessingError` decides. */
  readonly attempts?: number
  /** Pause before the second attempt, ms, doubled before each further one; default 100. */
  readonly backoffMs?: number
}

/** @throws MillraceError CONFIG_INVALID if a limit is out of bounds */
export function appendAsync(
  handle: StreamHandle,
  handler: AsyncHandler,
  changes: 'key' | 'value',
  options: AsyncSettings = {},
): StreamHandle {
  checkOptions('async', options, handle.name)
  const { graph } = handle
  const name = graph.nameOr(options.name, 'KSTREAM-ASYNC-')
  const { concurrency = 64, order = 'input', timeoutMs = null, attempts = 1, backoffMs = 100 } = options
  const limits = { concurrency, attempts, ...(timeoutMs === null ? {} : { timeoutMs }) }
  for (const [limit, value] of Object.entries(limits)) {
    if (Number.isSafeInteger(value) && value >= 1) continue
    throw new MillraceError('CONFIG_INVALID', `node ${name}: ${limit} must be a whole number >= 1, got ${value}`)
  }
  if (order !== 'input' && order !== 'key') {
    throw new MillraceError('CONFIG_INVALID', `node ${name}: order must be input or key, not ${order}`)
  }
  if (!(backoffMs >= 0))
    throw new MillraceError('CONFIG_INVALID', `node ${name}: backoffMs must be >= 0, got ${backoffMs}`)
  const settings = { concurrency, order, timeoutMs, attempts, backoffMs }
  const added = graph.add([handle.node], {
    name,
    changes,
    write: (topology, parents) =>
      topology.addNode({
        kind: 'async',
        name,
        parents,
        stores: [],
        handler,
        changesKey: changes === 'key',
        ...settings,
      }),
  })
  return streamHandle({ ...handle, node: added, name, rekeyed: handle.rekeyed || changes === 'key' })
}

export interface ProcessSettings extends Named {
  /** Of the stores the processor uses: names of those added with `addStateStore`, or options of others, which adds them. */
  readonly stores?: readonly UsedStore[]
}

export function appendProcess(
  handle: StreamHandle,
  prefix: string,
  supplier: ProcessorSupplier,
  fixedKey: boolean,
  options: ProcessSettings | undefined,
): StreamHandle {
  const { graph } = handle
  checkOptions('process', options, handle.name)
  // Kafka Streams' one exception: a named processor uses up no number.
  const name = options?.name ?? graph.nextName(prefix)
  const stores = graph.stores.used(options?.stores)
  const added = graph.add([handle.node], {
    name,
    write: (topology, parents) => {
      for (const store of stores.definitions) topology.addStore(store)
      topology.addNode({ kind: 'process', name, parents, stores: stores.names, fixedKey, supplier })
    },
  })
  return streamHandle({ ...handle, node: added, name, rekeyed: handle.rekeyed || !fixedKey })
}

export function mergeStreams(
  one: StreamHandle,
  two: StreamHandle | undefined,
  options: Named | undefined,
): StreamHandle {
  const { graph } = one
  sameBuilder(one, two, 'merge')
  checkOptions('merge', options, one.name)
  const name = graph.nameOr(options?.name, 'KSTREAM-MERGE-')
  const node = graph.add([one.node, two.node], {
    name,
    merges: true,
    write: (topology, parents) => topology.addNode({ kind: 'merge', name, parents, stores: [] }),
  })
  return streamHandle({
    graph,
    node,
    name,
    key: one.key ?? two.key,
    value: one.value ?? two.value,
    sources: new Set([...one.sources, ...two.sources]),
    rekeyed: one.rekeyed || two.rekeyed,
  })
}
