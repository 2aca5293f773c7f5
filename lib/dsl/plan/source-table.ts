/** A table filled from a topic or a stream, and the node that fills it. */
import type { Serde } from '../../serde/serde.js'
import type { TopologyBuilder } from '../../topology/builder.js'
import type { TableSourceNode } from '../../topology/table-nodes.js'
import { isStored, type Materialization, sendsOldValues } from './materialization.js'
import { planStore, type StoreSettings } from './store-options.js'
import type { SourceTable } from './table-origin.js'

export function sourceTable(
  name: string,
  key: Serde<unknown> | null,
  value: Serde<unknown> | null,
  settings: StoreSettings | undefined,
): SourceTable {
  return { kind: 'source', store: { kind: 'timestampedKeyValue', name, key, value, settings } }
}

/** `changelogTopic`: the topic that is the store's changelog; omitted: one of its own. */
export function writeSourceTable(
  topology: TopologyBuilder,
  place: Pick<TableSourceNode, 'name' | 'parents'>,
  origin: SourceTable,
  tables: Materialization,
  changelogTopic: string | null = null,
): void {
  const definition = isStored(tables, origin) ? planStore(origin.store) : null
  if (definition !== null) topology.addStore(changelogTopic === null ? definition : { ...definition, changelogTopic })
  const store = definition === null ? null : definition.name
  const stores = store === null ? [] : [store]
  topology.addNode({ kind: 'tableSource', ...place, stores, store, sendOldValues: sendsOldValues(tables, origin) })
}
