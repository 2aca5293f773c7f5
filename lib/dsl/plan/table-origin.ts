/**
 * Where a table's values come from, decided step by step while the topology is described: a source table gets its store
 * only when something looks into it, and old values are sent only where something downstream asked for them.
 */

import type { FilterView, JoinView, MapValuesView, TableView, TransformValuesView } from '../../topology/table-nodes.js'
import type { StoreDefinition } from '../../topology/topology.js'

export interface TableOrigin {
  /** How others read this table by key; makes its store, or that of a table above, necessary. */
  view(): TableView
  /** Asks for old values. Without `force` a source table without a store declines: false. */
  enableOldValues(force: boolean): boolean
  readonly sendOldValues: boolean
  /** The store it has so far; null: none. */
  readonly store: string | null
  /** Its changes may be out of order and say so (KIP-914): it keeps versions, or is computed from a table that does. */
  readonly versioned: boolean
}

/** A table filled from a topic or a stream. */
export class SourceOrigin implements TableOrigin {
  readonly #define: () => StoreDefinition
  readonly #storeName: string
  #materialized: boolean
  sendOldValues = false

  constructor(storeName: string, materialized: boolean, define: () => StoreDefinition) {
    this.#storeName = storeName
    this.#materialized = materialized
    this.#define = define
  }

  get store(): string | null {
    return this.#materialized ? this.#storeName : null
  }

  get versioned(): boolean {
    return this.definition()?.kind === 'versioned'
  }

  /** The store to write into the topology, where there is one. */
  definition(): StoreDefinition | null {
    return this.#materialized ? this.#define() : null
  }

  view(): TableView {
    this.#materialized = true
    return { kind: 'store', store: this.#storeName }
  }

  enableOldValues(force: boolean): boolean {
    if (!force && !this.#materialized) return false
    this.#materialized = true
    this.sendOldValues = true
    return true
  }
}

/** An aggregation: it always has a store. */
export class AggregateOrigin implements TableOrigin {
  readonly store: string
  readonly versioned: boolean
  sendOldValues = false

  constructor(store: string, versioned = false) {
    this.store = store
    this.versioned = versioned
  }

  view(): TableView {
    return { kind: 'store', store: this.store }
  }

  enableOldValues(): boolean {
    this.sendOldValues = true
    return true
  }
}

export type DerivedStep = Omit<FilterView, 'of'> | Omit<MapValuesView, 'of'> | Omit<TransformValuesView, 'of'>

/** filter, mapValues and transformValues: computed from the table above unless the user gave it a store. */
export class DerivedOrigin implements TableOrigin {
  readonly store: string | null
  readonly #above: TableOrigin
  readonly #step: DerivedStep
  readonly #storeVersioned: boolean
  sendOldValues = false

  constructor(above: TableOrigin, step: DerivedStep, store: string | null, storeVersioned = false) {
    this.#above = above
    this.#step = step
    this.store = store
    this.#storeVersioned = storeVersioned
    // Old values that cost nothing save a filter the tombstones of rows that never passed.
    if (step.kind === 'filter') this.sendOldValues = above.enableOldValues(false)
  }

  get versioned(): boolean {
    return this.store === null ? this.#above.versioned : this.#storeVersioned
  }

  view(): TableView {
    if (this.store !== null) return { kind: 'store', store: this.store }
    return { ...this.#step, of: this.#above.view() }
  }

  enableOldValues(force: boolean): boolean {
    if (this.store !== null || this.#above.enableOldValues(force)) this.sendOldValues = true
    return this.sendOldValues
  }
}

/** A suppressed table: the table above, seen through the buffer, which needs old values from it. */
export class SuppressOrigin implements TableOrigin {
  readonly store = null
  readonly versioned = false
  readonly #above: TableOrigin
  readonly #buffer: string

  constructor(above: TableOrigin, buffer: string) {
    this.#above = above
    this.#buffer = buffer
    above.enableOldValues(true)
  }

  get sendOldValues(): boolean {
    return this.#above.sendOldValues
  }

  view(): TableView {
    return { kind: 'suppress', of: this.#above.view(), store: this.#buffer }
  }

  enableOldValues(force: boolean): boolean {
    return this.#above.enableOldValues(force)
  }
}

/** A join of two tables: computed from both unless the user gave it a store. */
export class JoinOrigin implements TableOrigin {
  readonly store: string | null
  readonly #left: TableOrigin
  readonly #right: TableOrigin
  readonly #how: Pick<JoinView, 'join' | 'joiner'>
  /** A join's result is not versioned, whatever its sides are, unless its own store is. */
  readonly versioned: boolean
  sendOldValues = false

  constructor(
    left: TableOrigin,
    right: TableOrigin,
    how: Pick<JoinView, 'join' | 'joiner'>,
    store: string | null,
    versioned = false,
  ) {
    this.#left = left
    this.#right = right
    this.#how = how
    this.store = store
    this.versioned = versioned
  }

  view(): TableView {
    if (this.store !== null) return { kind: 'store', store: this.store }
    return { kind: 'join', ...this.#how, left: this.#left.view(), right: this.#right.view() }
  }

  enableOldValues(): boolean {
    this.#left.enableOldValues(true)
    this.#right.enableOldValues(true)
    this.sendOldValues = true
    return true
  }
}

/** The stores a view reads, each once, left to right. */
export function viewStores(view: TableView): string[] {
  if (view.kind === 'store') return [view.store]
  if (view.kind === 'join') return [...new Set([...viewStores(view.left), ...viewStores(view.right)])]
  if (view.kind === 'suppress') return [view.store, ...viewStores(view.of)]
  return viewStores(view.of)
}
