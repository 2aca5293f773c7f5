/** `filter` and `filterNot` on a table: a row that does not pass is deleted downstream. */
import type { TableFilterNode } from '../topology/table-nodes.js'
import { atOnce } from './at-once.js'
import { changeOf, changeRecord } from './change.js'
import type { TableKeeping } from './context.js'
import type { Build } from './operator.js'
import { tableStore } from './table-store.js'

/**
 * Where somebody downstream needs old values, a change from nothing to nothing is not forwarded, unless it is a version
 * of its own. Where nobody does, a tombstone goes out for every rejected row, because it may have passed before.
 */
export const buildTableFilter: Build<TableFilterNode, TableKeeping> = (node, context) => {
  const { predicate, negate, sendOldValues, versioned } = node
  const { forward } = context
  const passing = (key: unknown, value: unknown) =>
    value !== null && atOnce(predicate(key, value), 'predicate') !== negate ? value : null
  const store = node.store === null ? null : tableStore(node.store, context)
  return {
    push(record) {
      const change = changeOf(record)
      const { key, timestamp, headers } = record
      const after = passing(key, change.newValue)
      const before = store === null ? passing(key, change.oldValue) : (store.get(key)?.value ?? null)
      if (after === null && before === null && sendOldValues && !versioned) return
      if (store === null) forward(changeRecord(key, after, before, timestamp, headers, change.isLatest))
      else store.write(key, after, before, timestamp, headers)
    },
  }
}
