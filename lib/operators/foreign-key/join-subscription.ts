/** Answers a subscription with the other table's row for its foreign key. */
import { type ForeignResponse, INSTRUCTION, type Subscription } from '../../serde/foreign-key.js'
import type { JoinSubscriptionNode } from '../../topology/foreign-key-nodes.js'
import type { Forwarding, UserCode } from '../context.js'
import type { Build } from '../operator.js'
import { lookUp } from '../table-view.js'

/** The answer has the later time of subscription and row, also where it carries no row. */
export const buildJoinSubscription: Build<JoinSubscriptionNode, UserCode & Forwarding> = (node, context) => {
  const find = lookUp(node.table, context)
  return {
    push(record) {
      const { instruction, hash, primaryKey, primaryPartition } = record.value as Subscription
      if (instruction === INSTRUCTION.deleteSilently) return
      const row = record.key === null ? null : find(record.key)
      if (row === null && instruction === INSTRUCTION.answerIfMatched) return
      const foreignValue = row === null || instruction === INSTRUCTION.deleteAndAnswer ? null : row.value
      const value: ForeignResponse = { hash, foreignValue, primaryPartition }
      const timestamp = row !== null && row.timestamp > record.timestamp ? row.timestamp : record.timestamp
      context.forward({ key: primaryKey, value, timestamp, headers: record.headers })
    },
  }
}
