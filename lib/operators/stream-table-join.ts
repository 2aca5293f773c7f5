/** Stream-table join: each stream record looks into the table as it stands now; table changes trigger nothing. */
import type { StreamTableJoinNode } from '../topology/join-nodes.js'
import type { Build } from './operator.js'
import { lookUp } from './table-view.js'

/**
 * Null values are dropped, and null keys by the inner join; the left join answers a null key with no table row
 * (KIP-962). The result has the stream record's time.
 */
export const buildStreamTableJoin: Build<StreamTableJoinNode> = (node, context) => {
  const find = lookUp(node.table, context)
  const { forward } = context
  const { joiner, left } = node
  return {
    push(record) {
      const { key, value } = record
      if (value === null || (key === null && !left)) {
        context.drop(key === null ? 'nullKey' : 'nullValue')
        return
      }
      const row = key === null ? null : find(key)
      if (row === null && !left) return
      const joined = joiner(key, value, row === null ? null : row.value)
      forward({ key, value: joined, timestamp: record.timestamp, headers: record.headers })
    },
  }
}
