/** `mapValues` on a table. The mapper never sees null: a deleted row stays deleted. */
import type { TableMapValuesNode } from '../topology/table-nodes.js'
import { changeOf, changeRecord } from './change.js'
import type { TableKeeping } from './context.js'
import { orNull } from './fold.js'
import type { Build } from './operator.js'
import { tableStore } from './table-store.js'

export const buildTableMapValues: Build<TableMapValuesNode, TableKeeping> = (node, context) => {
  const { mapper, sendOldValues } = node
  const { forward } = context
  const mapped = (key: unknown, value: unknown) => (value === null ? null : orNull(mapper(value, key)))
  const store = node.store === null ? null : tableStore(node.store, context)
  return {
    push(record) {
      const change = changeOf(record)
      const { key, timestamp, headers } = record
      const after = mapped(key, change.newValue)
      if (store === null) {
        const before = sendOldValues ? mapped(key, change.oldValue) : null
        forward(changeRecord(key, after, before, timestamp, headers, change.isLatest))
        return
      }
      store.write(key, after, store.get(key)?.value ?? null, timestamp, headers)
    },
  }
}
