/** Stream-table join: each stream record looks up a row. A change of the table causes no result. */
import type { StreamRecord } from '../record/record.js'
import type { StreamBuffer } from '../state/ports/stream-buffer.js'
import type { StreamTableJoinNode } from '../topology/join-nodes.js'
import { firstOpenEndMs, isClosed } from '../windows/close.js'
import { advancing } from './advance.js'
import type { Forwarding, RecordInHand, StoreAccess, TimeKeeping, UserCode } from './context.js'
import type { Build, Operator, Push } from './operator.js'
import { lookUp } from './table-view.js'
import { lookUpAsOf } from './table-view-as-of.js'

/**
 * A table is seen unchanged now, a versioned one as it stood at the record's time. Null values are dropped, and null
 * keys by the inner join; the left join answers a null key with no table row (KIP-962). The result has the stream
 * record's time.
 */
export const buildStreamTableJoin: Build<StreamTableJoinNode, UserCode & Forwarding & TimeKeeping> = (
  node,
  context,
) => {
  const { forward } = context
  const { joiner, left } = node
  const asOf = lookUpAsOf(node.table, context)
  const latest = asOf === null ? lookUp(node.table, context) : null
  const find = (key: unknown, timestamp: number) => (latest === null ? asOf!(key, timestamp) : latest(key))

  const join: Push = (record) => {
    const { key, value, timestamp, headers } = record
    const row = key === null ? null : find(key, timestamp)
    if (row === null && !left) return
    forward({ key, value: joiner(key, value, row === null ? null : row.value), timestamp, headers })
  }
  const ready: Operator = node.wait === null ? { push: join } : waiting(node.wait, join, context)

  return {
    ...ready,
    push(record) {
      const { key, value } = record
      if (value === null || (key === null && !left)) context.drop(key === null ? 'nullKey' : 'nullValue')
      else ready.push(record)
    },
  }
}

const NOWHERE = { topic: '', partition: -1, offset: -1 }

/**
 * Lets records wait until stream time is `graceMs` past them, so that the table may catch up; then they join by time.
 * It waits as a window that ends, exclusively, at its time. What is older than that, or has no key to be looked up, joins at once.
 */
function waiting(
  { graceMs, store }: NonNullable<StreamTableJoinNode['wait']>,
  join: Push,
  context: RecordInHand & StoreAccess & TimeKeeping,
): Operator {
  const buffer = context.store<StreamBuffer<unknown, unknown>>(store)
  const time = context.operatorTime()
  const joinDue = (nowMs: number): number => {
    for (let joined = 0; ; joined++) {
      const next = buffer.take(firstOpenEndMs(graceMs, nowMs) - 1, nowMs)
      if (next === null) return joined
      join(next)
    }
  }
  return {
    advance: advancing(time, (_, nowMs) => joinDue(nowMs)),
    push(record: StreamRecord) {
      const { key, timestamp } = record
      if (key === null || isClosed(timestamp + 1, graceMs, time.streamTimeMs)) {
        join(record)
        return
      }
      const nowMs = time.advance(timestamp)
      buffer.add(record, context.recordMetadata() ?? NOWHERE)
      joinDue(nowMs)
    },
  }
}
