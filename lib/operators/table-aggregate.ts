/** Second half of a table's `groupBy`: subtracts the old value, then adds the new one. */
import type { TableAggregateNode } from '../topology/table-nodes.js'
import { changeOf } from './change.js'
import type { TableKeeping } from './context.js'
import { foldStep, orNull } from './fold.js'
import type { Build } from './operator.js'
import { tableStore } from './table-store.js'

/**
 * Deleting every row of a group leaves what the subtractor says (0 for a count), never a tombstone by itself. Time: the
 * later of record and stored aggregate, as soon as the aggregate took part.
 */
export const buildTableAggregate: Build<TableAggregateNode, TableKeeping> = (node, context) => {
  const store = tableStore(node.store, context)
  const add = foldStep(node.fold)
  const { subtractor } = node
  return {
    push(record) {
      const { newValue, oldValue } = changeOf(record)
      const { key } = record
      if (key === null) {
        context.drop('nullKey')
        return
      }
      const stored = store.get(key)
      const before = stored === null ? null : stored.value
      let aggregate = before
      if (oldValue !== null && before !== null) aggregate = orNull(subtractor(key, oldValue, before))
      if (newValue !== null) aggregate = orNull(add(key, newValue, aggregate))
      const touched = stored !== null && (oldValue !== null || newValue !== null)
      const at = touched ? Math.max(record.timestamp, stored.timestamp) : record.timestamp
      store.write(key, aggregate, before, at, record.headers)
    },
  }
}
