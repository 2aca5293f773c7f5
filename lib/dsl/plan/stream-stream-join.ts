/** Joins of two streams within a window. */

import { MillraceError } from '../../errors.js'
import type { Serde } from '../../serde/serde.js'
import { unmatchedValues } from '../../serde/unmatched.js'
import type { StoreDefinition } from '../../state/stores/index.js'
import type { TopologyBuilder } from '../../topology/builder.js'
import type { StreamJoinNode } from '../../topology/stream-join-nodes.js'
import { requireFunction } from '../../topology/validate/functions.js'
import { leastRetentionMs } from '../../windows/close.js'
import type { JoinWindow } from '../../windows/join-window.js'
import type { Graph } from './graph.js'
import { type AnySerde, copartition, type Named, type StreamHandle, sameBuilder, streamHandle } from './handle.js'
import { repartitionForJoin } from './join-repartition.js'
import { checkOptions, requireOptions } from './operator-options.js'
import type { KeyOption, NotNull, SerdeState, ValueOption } from './serde-state.js'
import { required } from './store-options.js'

/** The stores of a stream-stream join (Kafka Streams' StreamJoined): one of each side, one of records without partner. */
export interface StreamJoinStores {
  /** The stores are called `<name>-this-join-store` and so on; default: names generated from the operator's. */
  readonly name?: string
  /** Default true. False: no changelogs, so a lost disk loses the stores. */
  readonly logged?: boolean
  /** Default `level`. */
  readonly engine?: 'level' | 'memory'
  /** Extra configuration of the changelog topics. */
  readonly topicConfig?: Readonly<Record<string, string>>
}

/** Serdes are for the stores, and for the repartition topics of streams whose key changed. */
export type StreamJoin<
  K,
  V,
  VO,
  L,
  R,
  VOut,
  KS extends SerdeState,
  VS extends SerdeState,
  OS extends SerdeState,
> = Named & {
  readonly window: JoinWindow
  readonly joiner: (left: L, right: R, key: K) => VOut
  readonly store?: StreamJoinStores
} & KeyOption<K, KS> &
  ValueOption<V, VS> &
  (OS extends 'known' ? { readonly otherValue?: Serde<NotNull<VO>> } : { readonly otherValue: Serde<NotNull<VO>> })

export interface UntypedStreamJoin extends Named {
  readonly window: JoinWindow
  readonly joiner: (left: unknown, right: unknown, key: unknown) => unknown
  readonly store?: StreamJoinStores
  readonly key?: AnySerde
  readonly value?: AnySerde
  readonly otherValue?: AnySerde
}

export type StreamJoinKind = 'inner' | 'left' | 'outer'

export function joinStreams(
  one: StreamHandle,
  two: StreamHandle,
  options: UntypedStreamJoin,
  kind: StreamJoinKind,
): StreamHandle {
  const { graph } = one
  sameBuilder(one, two, 'join')
  requireOptions('stream join', options, one.name)
  checkOptions('stores of stream join', options.store, one.name)
  requireFunction(options?.joiner, 'joiner', `join of ${one.name} and ${two.name}`)
  if (options.window?.kind !== 'join') {
    throw new MillraceError(
      'WINDOW_INVALID',
      `join of ${one.name} and ${two.name} needs \`window\`, made by joinWindow`,
    )
  }
  const { name } = options
  const serdes = {
    key: options.key ?? one.key ?? two.key,
    left: options.value ?? one.value,
    right: options.otherValue ?? two.value,
  }
  const ready = (stream: StreamHandle, suffix: string, value: AnySerde | null) => {
    if (!stream.rekeyed) return stream
    return repartitionForJoin(stream, name === undefined ? stream.name : name + suffix, serdes.key, value)
  }
  const left = ready(one, '-left', serdes.left)
  const right = ready(two, '-right', serdes.right)
  const sources = copartition(left, right)
  const names = joinNames(graph, name, options.store?.name, kind)
  const stores = joinStores(names, serdes, options)
  addWindow(left, names.leftWindowed, stores.left)
  addWindow(right, names.rightWindowed, stores.right)
  const joiner: StreamJoinNode['joiner'] = (key, l, r) => options.joiner(l, r, key)
  const node = graph.add([left.node, right.node], {
    name: names.merge,
    relaxedNullKey: kind !== 'inner',
    ...(canShareStore(kind, options.window) && {
      selfJoin: { leftWindowed: names.leftWindowed, rightWindowed: names.rightWindowed, shared: false },
    }),
    write(topology, _parents, { self }) {
      if (self.selfJoin?.shared) {
        writeSelfJoin(topology, names, joiner, options.window, kind)
        return
      }
      if (stores.unmatched !== null) topology.addStore(stores.unmatched)
      const unmatchedStore = stores.unmatched === null ? null : stores.unmatched.name
      const { beforeMs, afterMs, graceMs } = options.window
      for (const side of ['left', 'right'] as const) {
        const otherStore = (side === 'left' ? stores.right : stores.left).name
        topology.addNode({
          kind: 'streamJoin',
          name: names[side],
          parents: [side === 'left' ? names.leftWindowed : names.rightWindowed],
          stores: unmatchedStore === null ? [otherStore] : [otherStore, unmatchedStore],
          side,
          outer: kind === 'outer' || (kind === 'left' && side === 'left'),
          joiner,
          beforeMs,
          afterMs,
          graceMs,
          otherStore,
          unmatchedStore,
          timeOf: names.left,
        })
      }
      topology.addNode({ kind: 'merge', name: names.merge, parents: [names.left, names.right], stores: [] })
    },
  })
  const { key, left: value } = serdes
  return streamHandle({ graph, node, name: names.merge, key, value, sources, rekeyed: false })
}

/** The join of a stream with itself on one store, under the name of the merge, as Kafka Streams has it. */
function writeSelfJoin(
  topology: TopologyBuilder,
  names: JoinNames,
  joiner: StreamJoinNode['joiner'],
  { beforeMs, afterMs, graceMs }: JoinWindow,
  kind: StreamJoinKind,
): void {
  topology.addNode({
    kind: 'streamSelfJoin',
    name: names.merge,
    parents: [names.leftWindowed],
    stores: [names.leftStore],
    store: names.leftStore,
    joiner,
    beforeMs,
    afterMs,
    graceMs,
    outer: { left: kind !== 'inner', right: kind === 'outer' },
  })
}

/** Records of an outer side must meet themselves if they are kept at all, or some would have to wait in a store of their own. */
function canShareStore(kind: StreamJoinKind, { beforeMs, afterMs }: JoinWindow): boolean {
  return kind === 'inner' || (beforeMs >= 0 && afterMs >= 0)
}

interface JoinNames {
  readonly leftWindowed: string
  readonly rightWindowed: string
  readonly left: string
  readonly right: string
  readonly merge: string
  readonly leftStore: string
  readonly rightStore: string
  /** Null for an inner join. */
  readonly unmatchedStore: string | null
}

/** Kafka Streams' names: stores are named after the generated names of the two sides, also where the join has a name. */
function joinNames(
  graph: Graph,
  name: string | undefined,
  storeName: string | undefined,
  kind: StreamJoinKind,
): JoinNames {
  const suffixed = (suffix: string, prefix: string) =>
    graph.nameOr(name === undefined ? undefined : name + suffix, prefix)
  const leftWindowed = suffixed('-this-windowed', 'KSTREAM-WINDOWED-')
  const rightWindowed = suffixed('-other-windowed', 'KSTREAM-WINDOWED-')
  const leftPrefix = kind === 'outer' ? 'KSTREAM-OUTERTHIS-' : 'KSTREAM-JOINTHIS-'
  const left = graph.nextName(leftPrefix)
  const right = graph.nextName(kind === 'inner' ? 'KSTREAM-JOINOTHER-' : 'KSTREAM-OUTEROTHER-')
  const leftSuffix = kind === 'outer' ? '-outer-this-join' : '-this-join'
  const rightSuffix = kind === 'inner' ? '-other-join' : '-outer-other-join'
  const shared = kind === 'outer' ? '-outer-shared-join' : '-left-shared-join'
  const sharedStore =
    storeName === undefined ? `KSTREAM-OUTERSHARED-${left.slice(leftPrefix.length)}` : storeName + shared
  return {
    leftWindowed,
    rightWindowed,
    left: name === undefined ? left : name + leftSuffix,
    right: name === undefined ? right : name + rightSuffix,
    merge: suffixed('-merge', 'KSTREAM-MERGE-'),
    leftStore: `${storeName === undefined ? left : storeName + leftSuffix}-store`,
    rightStore: `${storeName === undefined ? right : storeName + rightSuffix}-store`,
    unmatchedStore: kind === 'inner' ? null : `${sharedStore}-store`,
  }
}

interface JoinSerdes {
  readonly key: AnySerde | null
  readonly left: AnySerde | null
  readonly right: AnySerde | null
}

function joinStores(names: JoinNames, serdes: JoinSerdes, options: UntypedStreamJoin) {
  const { store: settings, window } = options
  const base = (name: string) => ({
    name,
    keySerde: required(serdes.key, 'key', `store ${name}`),
    logged: settings?.logged ?? true,
    engine: settings?.engine ?? ('level' as const),
    changelogTopic: null,
    topicConfig: Object.freeze({ ...settings?.topicConfig }),
  })
  const windowStore = (name: string, value: AnySerde | null): StoreDefinition =>
    Object.freeze({
      ...base(name),
      kind: 'joinWindow',
      valueSerde: required(value, 'value', `store ${name}`),
      retentionMs: leastRetentionMs(window),
      windowSizeMs: window.beforeMs + window.afterMs,
    })
  const left = windowStore(names.leftStore, serdes.left)
  const right = windowStore(names.rightStore, serdes.right)
  if (names.unmatchedStore === null) return { left, right, unmatched: null }
  const unmatched: StoreDefinition = Object.freeze({
    ...base(names.unmatchedStore),
    kind: 'unmatched',
    valueSerde: unmatchedValues(left.valueSerde, right.valueSerde) as AnySerde,
  })
  return { left, right, unmatched }
}

function addWindow(stream: StreamHandle, name: string, store: StoreDefinition): void {
  stream.graph.add([stream.node], {
    name,
    write: (topology, parents, { self }) =>
      topology.addStore(store).addNode({
        kind: 'joinWindow',
        name,
        parents,
        stores: [store.name],
        store: store.name,
        keeps: self.selfJoin === null,
      }),
  })
}
