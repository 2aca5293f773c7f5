/** Joins whose left side is a stream. */
import type { StreamTableJoinNode } from '../topology/join-nodes.js'
import { GlobalKTable } from './global-table.js'
import type { GraphNode } from './graph.js'
import { type AnySerde, copartition, type Named, type StreamHandle, streamHandle, type TableHandle } from './handle.js'
import { planRepartition } from './repartition-node.js'
import type { KeyOption, SerdeState, ValueOption } from './serde-state.js'
import { KStream } from './stream.js'
import type { KTable } from './table.js'
import { viewStores } from './table-origin.js'

/** Serdes are for the repartition topic that a stream with a changed key needs. */
export type TableJoin<K, V, VT, VOut, KS extends SerdeState, VS extends SerdeState> = Named & {
  readonly joiner: (streamValue: V, tableValue: VT, key: K) => VOut
} & (KS extends 'known' ? KeyOption<K, 'known'> & ValueOption<V, 'known'> : KeyOption<K, KS> & ValueOption<V, VS>)

export interface GlobalJoin<K, V, GK, GV, VOut> extends Named {
  /** The key to look up; null finds nothing. */
  readonly keySelector: (key: K, value: V) => GK | null
  readonly joiner: (streamValue: V, tableValue: GV, key: K) => VOut
}

/** What a stream can be joined with. */
export type Joinable = GlobalKTable<never, never> | { readonly handle: TableHandle }

type Joiner = (left: unknown, right: unknown, key: unknown) => unknown

interface UntypedJoin extends Named {
  readonly joiner: Joiner
  readonly keySelector?: (key: unknown, value: unknown) => unknown
  readonly key?: AnySerde
  readonly value?: AnySerde
}

export function joinStream(stream: StreamHandle, other: Joinable, options: object, left: boolean): unknown {
  const untyped = options as UntypedJoin
  return new KStream(
    other instanceof GlobalKTable
      ? joinGlobalTable(stream, other, untyped, left)
      : joinTable(stream, (other as KTable<unknown, unknown>).handle, untyped, left),
  )
}

/** The stream behind a repartition topic of its own, made once however many joins ask for it under the same name. */
export function repartitionForJoin(
  stream: StreamHandle,
  prefix: string,
  key: AnySerde | null,
  value: AnySerde | null,
): StreamHandle {
  const { graph, shared } = stream
  const plan = planRepartition(graph, { prefix, key: key ?? stream.key, value: value ?? stream.value })
  let node: GraphNode | null = shared.repartition
  if (node === null || stream.name !== prefix) {
    node = plan.attach(stream.node)
    shared.repartition = node
  }
  return streamHandle({
    graph,
    node,
    name: plan.sourceName,
    key: key ?? stream.key,
    value: value ?? stream.value,
    sources: new Set([node.name]),
    rekeyed: false,
  })
}

function joinTable(stream: StreamHandle, table: TableHandle, options: UntypedJoin, left: boolean): StreamHandle {
  const { graph } = stream
  const ready = stream.rekeyed
    ? repartitionForJoin(stream, options.name ?? stream.name, options.key ?? null, options.value ?? null)
    : stream
  const sources = copartition(ready, table)
  const name = graph.nameOr(options.name, left ? 'KSTREAM-LEFTJOIN-' : 'KSTREAM-JOIN-')
  const view = table.origin.view()
  const stores = viewStores(view)
  const joiner: StreamTableJoinNode['joiner'] = (key, value, row) => options.joiner(value, row, key)
  const node = graph.add([ready.node], {
    name,
    relaxedNullKey: left,
    write: (topology, parents) =>
      topology.addNode({
        kind: 'streamTableJoin',
        name,
        parents,
        stores,
        left,
        joiner,
        store: stores[0]!,
        table: view,
      }),
  })
  return streamHandle({ ...ready, node, name, sources, key: options.key ?? ready.key, rekeyed: false })
}

function joinGlobalTable(
  stream: StreamHandle,
  table: GlobalKTable<never, never>,
  options: UntypedJoin,
  left: boolean,
): StreamHandle {
  const { graph } = stream
  // Inner joins are called LEFTJOIN too: the name Kafka Streams gives.
  const name = graph.nameOr(options.name, 'KSTREAM-LEFTJOIN-')
  const { keySelector } = options
  const node = graph.add([stream.node], {
    name,
    relaxedNullKey: left,
    write: (topology, parents) =>
      topology.addNode({
        kind: 'streamGlobalTableJoin',
        name,
        parents,
        stores: [],
        left,
        keySelector: keySelector!,
        joiner: (key, value, row) => options.joiner(value, row, key),
        store: table.store,
      }),
  })
  return streamHandle({ ...stream, node, name })
}
