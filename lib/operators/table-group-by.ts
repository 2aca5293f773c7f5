/** First half of a table's `groupBy`: the values to subtract and to add, with the new keys (KIP-904). */
import { requirePair } from '../record/mapper-answers.js'
import type { TableGroupByNode } from '../topology/table-nodes.js'
import { changeOf, changeRecord } from './change.js'
import type { Dropping, Forwarding } from './context.js'
import type { Build } from './operator.js'
import { sameKey } from './same-key.js'

type Pair = readonly [unknown, unknown]

/**
 * Same key before and after: one record that carries both values. Else (old key: subtract) goes first, then (new key:
 * add). A null key or value contributes nothing, nor does a version that is not the latest. What contributes nothing
 * is counted when it comes, not again when it goes.
 */
export const buildTableGroupBy: Build<TableGroupByNode, Forwarding & Dropping> = (node, context) => {
  const { mapper } = node
  const { forward } = context
  const pairOf = (key: unknown, value: unknown, counted: boolean): Pair | null => {
    if (value === null) return null
    const pair = mapper(key, value)
    if (pair !== null) requirePair(pair, 'groupBy')
    if (pair !== null && pair[0] != null && pair[1] != null) return pair
    if (counted) context.drop(pair === null || pair[0] == null ? 'nullKey' : 'nullValue')
    return null
  }
  return {
    push(record) {
      const { newValue, oldValue, isLatest } = changeOf(record)
      if (node.versioned && !isLatest) {
        context.drop('outOfOrder')
        return
      }
      const { key, timestamp, headers } = record
      const added = pairOf(key, newValue, true)
      const removed = pairOf(key, oldValue, false)
      if (added !== null && removed !== null && sameKey(added[0], removed[0])) {
        forward(changeRecord(added[0], added[1], removed[1], timestamp, headers))
        return
      }
      if (removed !== null) forward(changeRecord(removed[0], null, removed[1], timestamp, headers))
      if (added !== null) forward(changeRecord(added[0], added[1], null, timestamp, headers))
    },
  }
}
