/** One side of a table-table join on the primary key: joins its parent's changes with the other side's rows. */
import type { TableJoinNode } from '../topology/join-nodes.js'
import { changeOf, changeRecord } from './change.js'
import type { Forwarding, UserCode } from './context.js'
import { orNull } from './fold.js'
import type { Build } from './operator.js'
import { lookUp } from './table-view.js'

/**
 * Emits only where the row could have changed: nothing while the row lacks a side the join needs, and nothing when
 * neither old nor new value nor the other side exists. The result has the later time of the two current rows.
 * A version that is not the latest of its row changes nothing.
 */
export const buildTableJoin: Build<TableJoinNode, UserCode & Forwarding> = (node, context) => {
  const find = lookUp(node.other, context)
  const { forward } = context
  const { joiner } = node
  const leftSide = node.side === 'left'
  const needsOwn = node.join === 'inner' || (node.join === 'left' && leftSide)
  const needsOther = node.join === 'inner' || (node.join === 'left' && !leftSide)
  const join = (key: unknown, own: unknown, other: unknown): unknown => {
    if (own === null && (needsOwn || other === null)) return null
    return orNull(leftSide ? joiner(key, own, other) : joiner(key, other, own))
  }
  return {
    push(record) {
      const { key, timestamp, headers } = record
      if (key === null) {
        context.drop('nullKey')
        return
      }
      const { newValue, oldValue, isLatest } = changeOf(record)
      if (node.versioned && !isLatest) {
        context.drop('outOfOrder')
        return
      }
      const row = find(key)
      if (row === null && (needsOther || (newValue === null && oldValue === null))) return
      const other = row === null ? null : row.value
      const at = row !== null && row.timestamp > timestamp ? row.timestamp : timestamp
      const before = node.sendOldValues ? join(key, oldValue, other) : null
      forward(changeRecord(key, join(key, newValue, other), before, at, headers, isLatest))
    },
  }
}
