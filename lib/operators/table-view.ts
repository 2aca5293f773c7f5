/** Looks up a row of a table: in its store, or computed from the stores of the tables it derives from. */
import type { KeyValueStore, SessionStore, ValueAndTimestamp, WindowStore } from '../state/ports/store.js'
import type { SuppressBuffer } from '../state/ports/suppress-buffer.js'
import type { VersionedStore } from '../state/ports/versioned.js'
import type { TablePort } from '../state/stores/store-info.js'
import type {
  FilterView,
  JoinView,
  MapValuesView,
  SuppressView,
  TableView,
  TransformValuesView,
} from '../topology/table-nodes.js'
import type { Windowed } from '../windows/window.js'
import { atOnce } from './at-once.js'
import type { UserCode } from './context.js'
import { orNull } from './fold.js'

import { startTransformer } from './value-transformer.js'

/** The row under a key that is not null, or null. */
export type LookUp = (key: unknown) => ValueAndTimestamp<unknown> | null

export function lookUp(view: TableView, context: UserCode): LookUp {
  switch (view.kind) {
    case 'store':
      return storeLookUp(view.store, context)
    case 'filter':
      return filterLookUp(view, lookUp(view.of, context))
    case 'transformValues':
      return transformLookUp(view, lookUp(view.of, context), context)
    case 'mapValues':
      return mapLookUp(view, lookUp(view.of, context))
    case 'suppress':
      return suppressLookUp(view, lookUp(view.of, context), context)
    case 'join':
      return joinLookUp(view, lookUp(view.left, context), lookUp(view.right, context))
  }
}

function storeLookUp(name: string, context: UserCode): LookUp {
  // Tables are kept in no others.
  return PORTS[context.storePort(name) as TablePort](context.store<never>(name))
}

/** Rows of a windowed table lie under (key, window). */
const PORTS: { readonly [P in TablePort]: (store: never) => LookUp } = {
  keyValue: (store: KeyValueStore<unknown, unknown>) => (key) => store.get(key),
  versioned: (store: VersionedStore<unknown, unknown>) => (key) => store.get(key),
  window: (store: WindowStore<unknown, unknown>) => (key) => {
    const windowed = key as Windowed<unknown>
    return store.get(windowed.key, windowed.window.startMs)
  },
  session: (store: SessionStore<unknown, unknown>) => (key) => {
    const { key: inner, window } = key as Windowed<unknown>
    const found = store
      .find(inner, window.endMs, window.startMs)
      .find((session) => session.startMs === window.startMs && session.endMs === window.endMs)
    return found === undefined ? null : { value: found.value, timestamp: found.endMs }
  },
}

function filterLookUp(view: FilterView, of: LookUp): LookUp {
  return (key) => {
    const row = of(key)
    return row !== null && atOnce(view.predicate(key, row.value), 'predicate') !== view.negate ? row : null
  }
}

function mapLookUp(view: MapValuesView, of: LookUp): LookUp {
  return (key) => {
    const row = of(key)
    if (row === null) return null
    const value = orNull(view.mapper(row.value, key))
    return value === null ? null : { value, timestamp: row.timestamp }
  }
}

/** The time of what downstream saw last is not kept: it counts as unknown. */
function suppressLookUp(view: SuppressView, of: LookUp, context: UserCode): LookUp {
  const buffer = context.store<SuppressBuffer<unknown, unknown>>(view.store)
  return (key) => {
    const prior = buffer.prior(key)
    if (prior === undefined) return of(key)
    return prior === null ? null : { value: prior, timestamp: -1 }
  }
}

/** A row made of nothing has no time: -1, as in Kafka Streams. */
function transformLookUp(view: TransformValuesView, of: LookUp, context: UserCode): LookUp {
  const { transform } = startTransformer(view, context, false)
  return (key) => {
    const row = of(key)
    const value = transform(key, row === null ? null : row.value)
    return value === null ? null : { value, timestamp: row === null ? -1 : row.timestamp }
  }
}

/** A joined row is as old as the younger of its two rows. */
function joinLookUp(view: JoinView, left: LookUp, right: LookUp): LookUp {
  return (key) => {
    const l = left(key)
    if (l === null && view.join !== 'outer') return null
    const r = right(key)
    if (r === null && (view.join === 'inner' || l === null)) return null
    const value = orNull(view.joiner(key, l === null ? null : l.value, r === null ? null : r.value))
    if (value === null) return null
    return { value, timestamp: Math.max(l === null ? -1 : l.timestamp, r === null ? -1 : r.timestamp) }
  }
}
