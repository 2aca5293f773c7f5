/** Join of a stream with a global table by a key that the selector computes. */
import type { KeyValueStore } from '../state/ports/store.js'
import type { StreamGlobalTableJoinNode } from '../topology/join-nodes.js'
import type { Dropping, Forwarding, StoreAccess } from './context.js'
import type { Build } from './operator.js'

/** A null selected key drops the record from the inner join and finds nothing in the left join. Null values are dropped. */
export const buildStreamGlobalTableJoin: Build<StreamGlobalTableJoinNode, Forwarding & Dropping & StoreAccess> = (
  node,
  context,
) => {
  const store = context.store<KeyValueStore<unknown, unknown>>(node.store)
  const { forward } = context
  const { joiner, keySelector, left } = node
  return {
    push(record) {
      const { key, value } = record
      if (value === null) {
        context.drop('nullValue')
        return
      }
      const tableKey = keySelector(key, value) ?? null
      if (tableKey === null && !left) {
        context.drop('nullJoinKey')
        return
      }
      const row = tableKey === null ? null : store.get(tableKey)
      if (row === null && !left) return
      const joined = joiner(key, value, row === null ? null : row.value)
      forward({ key, value: joined, timestamp: record.timestamp, headers: record.headers })
    },
  }
}
