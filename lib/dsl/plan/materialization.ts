/** Decides at build which tables get a store and which forward old values, from all requests in their order. Pure. */
import type { DerivedTable, SourceTable, TableOrigin } from './table-origin.js'

export type TableNeed =
  /** Its rows are looked up by key: by a join, for instance. */
  | { readonly need: 'rows'; readonly of: TableOrigin }
  /** Its changes must have their old values. */
  | { readonly need: 'oldValues'; readonly of: TableOrigin }
  /**
   * A new filter forwards old values if the table above has them without another store: they save it the tombstones of rows that
   * never passed. What is said after the filter was made does not count.
   */
  | { readonly need: 'oldValuesAtNoCost'; readonly of: DerivedTable }

export interface Materialization {
  /** The source tables that get their store. */
  readonly stored: ReadonlySet<TableOrigin>
  /** The tables that hand on old values. */
  readonly oldValues: ReadonlySet<TableOrigin>
}

/** `nodes`: all of the graph, in the order they were added. */
export function materialize(nodes: readonly { readonly needs: readonly TableNeed[] }[]): Materialization {
  const decided = { stored: new Set<TableOrigin>(), oldValues: new Set<TableOrigin>() }
  for (const { need, of } of nodes.flatMap(({ needs }) => needs)) {
    if (need === 'rows') storeRows(decided, of)
    else if (need === 'oldValues') askOldValues(decided, of, true)
    else if (askOldValues(decided, (of as DerivedTable).above, false)) decided.oldValues.add(of)
  }
  return decided
}

interface Deciding {
  readonly stored: Set<TableOrigin>
  readonly oldValues: Set<TableOrigin>
}

/** What is read by key is found in the table's own store, or computed from those of the tables above. */
function storeRows(decided: Deciding, origin: TableOrigin): void {
  if (origin.kind === 'source') decided.stored.add(origin)
  else if (origin.kind === 'suppressed') storeRows(decided, origin.above)
  else if (origin.kind === 'derived' && origin.store === null) storeRows(decided, origin.above)
  else if (origin.kind === 'joined' && origin.store === null) {
    storeRows(decided, origin.left)
    storeRows(decided, origin.right)
  }
}

/** False: they would cost a source table its store, and that was not to be (`force`). */
function askOldValues(decided: Deciding, origin: TableOrigin, force: boolean): boolean {
  switch (origin.kind) {
    case 'source':
      if (!force && !isStored(decided, origin)) return false
      decided.stored.add(origin)
      break
    case 'aggregate':
      break
    case 'derived':
      if (origin.store === null && !askOldValues(decided, origin.above, force)) return decided.oldValues.has(origin)
      break
    case 'suppressed':
      return askOldValues(decided, origin.above, force)
    case 'joined':
      // Kafka Streams' joins have old values only if both sides have theirs, whatever that costs.
      askOldValues(decided, origin.left, true)
      askOldValues(decided, origin.right, true)
      break
  }
  decided.oldValues.add(origin)
  return true
}

/** Whether a source table has its store: the user asked for it by name or by versions, or something looks into it. */
export function isStored({ stored }: Materialization, table: SourceTable): boolean {
  const { settings } = table.store
  return settings?.name !== undefined || settings?.versioned !== undefined || stored.has(table)
}

/** Null: the table has no store, it is computed from the tables above. */
export function storeOf(decided: Materialization, origin: TableOrigin): string | null {
  if (origin.kind === 'source') return isStored(decided, origin) ? origin.store.name : null
  return origin.kind === 'suppressed' ? null : origin.store
}

/** A suppressed table forwards what the table above does. */
export function sendsOldValues(decided: Materialization, origin: TableOrigin): boolean {
  return origin.kind === 'suppressed' ? sendsOldValues(decided, origin.above) : decided.oldValues.has(origin)
}
