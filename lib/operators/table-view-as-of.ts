/**
 * Looks up a version of a row at a time: in the store of a versioned table, or computed from the table it derives from.
 */
import type { ValueAndTimestamp } from '../state/ports/store.js'
import type { VersionedStore } from '../state/ports/versioned.js'
import type { TableView } from '../topology/table-nodes.js'
import { atOnce } from './at-once.js'
import type { UserCode } from './context.js'
import { orNull } from './fold.js'

import { startTransformer } from './value-transformer.js'

export type LookUpAsOf = (key: unknown, asOfMs: number) => ValueAndTimestamp<unknown> | null

/** Null where the table keeps no versions; a join of versioned tables keeps none either. */
export function lookUpAsOf(view: TableView, context: UserCode): LookUpAsOf | null {
  if (view.kind === 'store') {
    if (context.storePort(view.store) !== 'versioned') return null
    const store = context.store<VersionedStore<unknown, unknown>>(view.store)
    return (key, asOfMs) => store.getAsOf(key, asOfMs)
  }
  if (view.kind !== 'filter' && view.kind !== 'mapValues' && view.kind !== 'transformValues') return null
  const of = lookUpAsOf(view.of, context)
  if (of === null) return null
  if (view.kind === 'filter') {
    const { predicate, negate } = view
    return (key, asOfMs) => {
      const row = of(key, asOfMs)
      return row !== null && atOnce(predicate(key, row.value), 'predicate') !== negate ? row : null
    }
  }
  if (view.kind === 'transformValues') {
    const { transform } = startTransformer(view, context, false)
    return (key, asOfMs) => {
      const row = of(key, asOfMs)
      const value = transform(key, row === null ? null : row.value)
      return value === null ? null : { value, timestamp: row === null ? -1 : row.timestamp }
    }
  }
  const { mapper } = view
  return (key, asOfMs) => {
    const row = of(key, asOfMs)
    const value = row === null ? null : orNull(mapper(row.value, key))
    return row === null || value === null ? null : { value, timestamp: row.timestamp }
  }
}
