/** Joins whose left side is a stream. */
import type { StreamTableJoinNode } from '../topology/join-nodes.js'
import { GlobalKTable } from './global-table.js'
import { type AnySerde, copartition, type Named, type StreamHandle, streamHandle, type TableHandle } from './handle.js'
import { repartitionForJoin } from './join-repartition.js'
import type { KeyOption, SerdeState, ValueOption } from './serde-state.js'
import { KStream } from './stream.js'
import { joinStreams, type UntypedStreamJoin } from './stream-stream-join.js'
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
export type Joinable =
  | GlobalKTable<never, never>
  | KStream<never, never, SerdeState, SerdeState>
  | { readonly handle: TableHandle }

type Joiner = (left: unknown, right: unknown, key: unknown) => unknown

interface UntypedJoin extends Named {
  readonly joiner: Joiner
  readonly keySelector?: (key: unknown, value: unknown) => unknown
  readonly key?: AnySerde
  readonly value?: AnySerde
}

export function joinStream(stream: StreamHandle, other: Joinable, options: object, left: boolean): unknown {
  if (other instanceof KStream) {
    return new KStream(joinStreams(stream, other.handle, options as UntypedStreamJoin, left ? 'left' : 'inner'))
  }
  const untyped = options as UntypedJoin
  return new KStream(
    other instanceof GlobalKTable
      ? joinGlobalTable(stream, other, untyped, left)
      : joinTable(stream, (other as KTable<unknown, unknown>).handle, untyped, left),
  )
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
