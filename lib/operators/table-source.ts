/** Makes a table from a topic or a stream: the last record of a key in offset order is the row, null deletes it. */
import type { TableSourceNode } from '../topology/table-nodes.js'
import { forwardNow } from './change.js'
import type { TableKeeping } from './context.js'
import type { Build } from './operator.js'
import { tableStore } from './table-store.js'

/**
 * Null keys are dropped. A record older than the row still replaces it: offset order is what a changelog restores. Only
 * in a versioned table does it take its place among the versions.
 */
export const buildTableSource: Build<TableSourceNode, TableKeeping> = (node, context) => {
  if (node.store === null) {
    const forward = forwardNow(context.forward)
    return {
      push(record) {
        if (record.key === null) context.drop('nullKey')
        else forward(record.key, record.value, null, record.timestamp, record.headers)
      },
    }
  }
  const store = tableStore(node.store, context)
  return {
    push(record) {
      const { key, value, timestamp } = record
      if (key === null) {
        context.drop('nullKey')
        return
      }
      const stored = store.get(key)
      store.write(key, value, stored === null ? null : stored.value, timestamp, record.headers)
    },
  }
}
