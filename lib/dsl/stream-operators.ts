/** Appends the operators that look at one record at a time. */

import type { ProcessorSupplier } from '../topology/processor.js'
import type { StatelessNode } from '../topology/stateless-nodes.js'
import { type Named, type StreamHandle, streamHandle } from './handle.js'

type WithoutBase<N> = N extends unknown ? Omit<N, 'name' | 'parents' | 'stores'> : never

/** User functions come typed by the DSL; nodes hold them untyped. */
type Loose<N> = { readonly [P in keyof N]: N[P] extends (...args: never[]) => infer R ? (...args: never[]) => R : N[P] }

/** `rekeyed`: the operator may change the key. The serdes stay: the stream's type says whether they still fit. */
export function appendStateless(
  handle: StreamHandle,
  prefix: string,
  options: Named | undefined,
  node: Loose<WithoutBase<Exclude<StatelessNode, { kind: 'split' | 'process' | 'merge' }>>>,
  rekeyed = false,
): StreamHandle {
  const { graph } = handle
  const name = graph.nameOr(options?.name, prefix)
  const valueOnly = node.kind === 'mapValues' || node.kind === 'flatMapValues'
  const added = graph.add([handle.node], {
    name,
    changes: rekeyed ? 'key' : valueOnly ? 'value' : null,
    write: (topology, parents) => topology.addNode({ ...node, name, parents, stores: [] } as unknown as StatelessNode),
  })
  return streamHandle({ ...handle, node: added, name, rekeyed: handle.rekeyed || rekeyed })
}

export interface ProcessSettings extends Named {
  /** Names of the stores the processor uses, added with `addStateStore`. */
  readonly stores?: readonly string[]
}

export function appendProcess(
  handle: StreamHandle,
  prefix: string,
  supplier: ProcessorSupplier,
  fixedKey: boolean,
  options: ProcessSettings | undefined,
): StreamHandle {
  const { graph } = handle
  // Kafka Streams' one exception: a named processor uses up no number.
  const name = options?.name ?? graph.nextName(prefix)
  const stores = options?.stores ?? []
  const added = graph.add([handle.node], {
    name,
    write: (topology, parents) => topology.addNode({ kind: 'process', name, parents, stores, fixedKey, supplier }),
  })
  return streamHandle({ ...handle, node: added, name, rekeyed: handle.rekeyed || !fixedKey })
}
