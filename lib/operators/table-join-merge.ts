/** Where the two sides of a table-table join meet; keeps the joined table when it is materialised. */
import type { KeyValueStore } from '../state/store.js'
import type { TableJoinMergeNode } from '../topology/join-nodes.js'
import { changeOf, forwardThrough } from './change.js'
import type { Build } from './operator.js'

export const buildTableJoinMerge: Build<TableJoinMergeNode> = (node, context) => {
  if (node.store === null) return { push: context.forward }
  const store = context.store<KeyValueStore<unknown, unknown>>(node.store)
  const forward = forwardThrough(store, context)
  return {
    push(record) {
      const { newValue, oldValue } = changeOf(record)
      store.put(record.key, newValue, record.timestamp)
      forward(record.key, newValue, oldValue, record.timestamp, record.headers)
    },
  }
}
