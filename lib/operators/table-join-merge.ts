/** Merges the two sides of a table-table join, and stores the joined table if it is materialised. */
import type { TableJoinMergeNode } from '../topology/join-nodes.js'
import { changeOf } from './change.js'
import type { TableKeeping } from './context.js'
import type { Build } from './operator.js'
import { tableStore } from './table-store.js'

export const buildTableJoinMerge: Build<TableJoinMergeNode, TableKeeping> = (node, context) => {
  if (node.store === null) return { push: context.forward }
  const store = tableStore(node.store, context)
  return {
    push(record) {
      const { newValue, oldValue } = changeOf(record)
      store.write(record.key, newValue, oldValue, record.timestamp, record.headers)
    },
  }
}
