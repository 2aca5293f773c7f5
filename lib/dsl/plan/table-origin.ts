/** The origin of a table's values, as data. */
import type { FilterView, JoinView, MapValuesView, TableView, TransformValuesView } from '../../topology/table-nodes.js'
import type { StorePlan, StoreSettings } from './store-options.js'

/** A table is what one of these says; whether it keeps a store of its own accord is decided when the topology is built. */
export type TableOrigin = SourceTable | AggregateTable | DerivedTable | SuppressedTable | JoinedTable

/** Filled from a topic or a stream: it gets its store once the user names it or something looks into it. */
export interface SourceTable {
  readonly kind: 'source'
  readonly store: StorePlan
}

/** An aggregation: it always has a store. */
export interface AggregateTable {
  readonly kind: 'aggregate'
  readonly store: string
  readonly keepsVersions: boolean
}

/** filter, mapValues and transformValues: computed from the table above unless the user gave it a store. */
export interface DerivedTable {
  readonly kind: 'derived'
  readonly above: TableOrigin
  readonly step: DerivedStep
  readonly store: string | null
  readonly keepsVersions: boolean
}

export type DerivedStep = Omit<FilterView, 'of'> | Omit<MapValuesView, 'of'> | Omit<TransformValuesView, 'of'>

/** The table above, seen through the buffer. */
export interface SuppressedTable {
  readonly kind: 'suppressed'
  readonly above: TableOrigin
  readonly buffer: string
}

/** A join of two tables: computed from both unless the user gave it a store. */
export interface JoinedTable {
  readonly kind: 'joined'
  readonly left: TableOrigin
  readonly right: TableOrigin
  readonly how: Pick<JoinView, 'join' | 'joiner'>
  readonly store: string | null
  readonly keepsVersions: boolean
}

/** Whether a store with these settings keeps versions. */
export function keepsVersions(settings: StoreSettings | undefined): boolean {
  return (settings?.versioned ?? null) !== null
}

/** Its changes may be out of order and say so (KIP-914): it keeps versions, or is computed from a table that does. */
export function isVersioned(origin: TableOrigin): boolean {
  switch (origin.kind) {
    case 'source':
      return keepsVersions(origin.store.settings)
    case 'suppressed':
      return false
    case 'derived':
      return origin.store === null ? isVersioned(origin.above) : origin.keepsVersions
    default:
      // A join's result is not versioned, whatever its sides are, unless its own store is.
      return origin.keepsVersions
  }
}

/** How others read the table by key. Who asks for it tells the graph: the table needs its rows (`TableNeed`). */
export function viewOf(origin: TableOrigin): TableView {
  switch (origin.kind) {
    case 'source':
      return { kind: 'store', store: origin.store.name }
    case 'aggregate':
      return { kind: 'store', store: origin.store }
    case 'derived':
      return ownStore(origin.store) ?? { ...origin.step, of: viewOf(origin.above) }
    case 'suppressed':
      return { kind: 'suppress', of: viewOf(origin.above), store: origin.buffer }
    case 'joined':
      return (
        ownStore(origin.store) ?? {
          kind: 'join',
          ...origin.how,
          left: viewOf(origin.left),
          right: viewOf(origin.right),
        }
      )
  }
}

function ownStore(store: string | null): TableView | null {
  return store === null ? null : { kind: 'store', store }
}

/** The stores a view reads, each once, left to right. */
export function viewStores(view: TableView): string[] {
  if (view.kind === 'store') return [view.store]
  if (view.kind === 'join') return [...new Set([...viewStores(view.left), ...viewStores(view.right)])]
  if (view.kind === 'suppress') return [view.store, ...viewStores(view.of)]
  return viewStores(view.of)
}
