/** Joins whose left side is a stream. */

import { MillraceError } from '../../errors.js'
import type { StoreDefinition } from '../../state/stores/index.js'
import type { StreamTableJoinNode } from '../../topology/join-nodes.js'
import { requireFunction } from '../../topology/validate/functions.js'
import {
  type AnySerde,
  copartition,
  type Named,
  type StreamHandle,
  sameBuilder,
  streamHandle,
  type TableHandle,
} from './handle.js'
import { repartitionForJoin } from './join-repartition.js'
import { requireOptions } from './operator-options.js'
import type { KeyOption, NotNull, SerdeState, ValueOption } from './serde-state.js'
import { planStore } from './store-options.js'
import { isVersioned, viewOf, viewStores } from './table-origin.js'

/** Serdes are for the repartition topic that a stream with a changed key needs. */
export type TableJoin<K, V, VT, VOut, KS extends SerdeState, VS extends SerdeState> = Named & {
  readonly joiner: (streamValue: NotNull<V>, tableValue: VT, key: K) => VOut
  /**
   * How long a record waits, by stream time, so that the table may catch up. The table must be versioned and keep its
   * history for at least as long. Default: no record waits.
   */
  readonly graceMs?: number
} & (KS extends 'known' ? KeyOption<K, 'known'> & ValueOption<V, 'known'> : KeyOption<K, KS> & ValueOption<V, VS>)

export interface GlobalJoin<K, V, GK, GV, VOut> extends Named {
  /** The key to look up; null finds nothing. */
  readonly keySelector: (key: K, value: NotNull<V>) => GK | null
  /** Combines a record's value with the row it found. */
  readonly joiner: (streamValue: NotNull<V>, tableValue: GV, key: K) => VOut
}

type Joiner = (left: unknown, right: unknown, key: unknown) => unknown

export interface UntypedJoin extends Named {
  readonly joiner: Joiner
  readonly keySelector?: (key: unknown, value: unknown) => unknown
  readonly key?: AnySerde
  readonly value?: AnySerde
  readonly graceMs?: number
}

/** @throws MillraceError TOPOLOGY_FUNCTION_MISSING */
export function requireJoiner(stream: StreamHandle, options: { readonly joiner?: unknown } | undefined): void {
  requireFunction(options?.joiner, 'joiner', `join of ${stream.name}`)
}

export function joinTable(
  stream: StreamHandle,
  table: TableHandle | undefined,
  options: UntypedJoin,
  left: boolean,
): StreamHandle {
  const { graph } = stream
  sameBuilder(stream, table, 'join')
  requireOptions('table join', options, stream.name)
  const ready = stream.rekeyed
    ? repartitionForJoin(stream, options.name ?? stream.name, options.key ?? null, options.value ?? null)
    : stream
  const sources = copartition(ready, table)
  const name = graph.nameOr(options.name, left ? 'KSTREAM-LEFTJOIN-' : 'KSTREAM-JOIN-')
  const view = viewOf(table.origin)
  const tableStores = viewStores(view)
  const wait = waitingStore(name, ready, table, options)
  const stores = wait === null ? tableStores : [wait.store.name, ...tableStores]
  const joiner: StreamTableJoinNode['joiner'] = (key, value, row) => options.joiner(value, row, key)
  const node = graph.add([ready.node], {
    name,
    relaxedNullKey: left,
    needs: [{ need: 'rows', of: table.origin }],
    write(topology, parents) {
      if (wait !== null) topology.addStore(wait.store)
      topology.addNode({
        kind: 'streamTableJoin',
        name,
        parents,
        stores,
        left,
        joiner,
        store: tableStores[0]!,
        table: view,
        wait: wait === null ? null : { graceMs: wait.graceMs, store: wait.store.name },
      })
    },
  })
  return streamHandle({ ...ready, node, name, sources, key: options.key ?? ready.key, rekeyed: false })
}

/** The store in which records wait for the table. @throws MillraceError TOPOLOGY_TABLE_NOT_VERSIONED, CONFIG_INVALID */
function waitingStore(
  name: string,
  stream: StreamHandle,
  table: TableHandle,
  { graceMs, key, value }: UntypedJoin,
): { readonly graceMs: number; readonly store: StoreDefinition } | null {
  if (graceMs === undefined) return null
  if (!Number.isSafeInteger(graceMs) || graceMs < 0) {
    throw new MillraceError('CONFIG_INVALID', `graceMs of join ${name} must be a whole number >= 0, got ${graceMs}`)
  }
  if (!isVersioned(table.origin)) {
    throw new MillraceError(
      'TOPOLOGY_TABLE_NOT_VERSIONED',
      `join ${name} has graceMs, but its table ${table.name} is not versioned`,
      { node: name },
    )
  }
  const kind = 'streamBuffer'
  const settings = { cached: false }
  const serdes = { key: key ?? stream.key, value: value ?? stream.value }
  return { graceMs, store: planStore({ kind, name: `${name}-Buffer`, ...serdes, settings }) }
}

/** `table`: the name of its store is all there is to know of a table every instance holds whole. */
export function joinGlobalTable(
  stream: StreamHandle,
  table: { readonly store: string },
  options: UntypedJoin,
  left: boolean,
): StreamHandle {
  requireOptions('global table join', options, stream.name)
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
