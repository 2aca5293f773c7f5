/** One side of a stream-stream join: looks up matches among the other side's records. */
import { type Headers, NO_HEADERS } from '../record/record.js'
import type { JoinWindowStore, UnmatchedStore } from '../state/ports/join-stores.js'
import type { StreamJoinNode } from '../topology/stream-join-nodes.js'
import { closesAfterEndMs, firstOpenEndMs, isClosed } from '../windows/close.js'
import { advancing } from './advance.js'
import type { Dropping, Forwarding, StoreAccess, TimeKeeping } from './context.js'
import type { Build } from './operator.js'

/**
 * Partners come by timestamp, then in the order they arrived; the result has the later time of the two. Null values are
 * dropped, and null keys too, except on an outer side, where such a record continues alone (KIP-962). A record of an outer
 * side without partner waits until `its time + lookback + grace < stream time` of both sides, lookback being `afterMs` for
 * a left and `beforeMs` for a right record. Kafka Streams hands a late one on before its grace is over and releases the
 * others in batches, by wall clock and by the side that comes next; here only the records decide. Waiting records are
 * released by a record that is at stream time, before that record's own results.
 */
export const buildStreamJoin: Build<StreamJoinNode, Forwarding & Dropping & StoreAccess & TimeKeeping> = (
  node,
  context,
) => {
  const { joiner, outer, beforeMs, afterMs } = node
  const afterEndMs = closesAfterEndMs({ ...node, kind: 'join' })
  const { forward } = context
  const left = node.side === 'left'
  const earlierMs = left ? beforeMs : afterMs
  const laterMs = left ? afterMs : beforeMs
  const others = context.store<JoinWindowStore<unknown, unknown>>(node.otherStore)
  const unmatched =
    node.unmatchedStore === null ? null : context.store<UnmatchedStore<unknown, unknown>>(node.unmatchedStore)
  const time = context.operatorTime(node.timeOf)

  const alone = (key: unknown, value: unknown, isLeft: boolean): unknown =>
    isLeft ? joiner(key, value, null) : joiner(key, null, value)

  const release = (store: UnmatchedStore<unknown, unknown>, nowMs: number, headers: Headers): number => {
    const openMs = firstOpenEndMs(afterEndMs, nowMs)
    const rows = store.take(openMs - afterMs, openMs - beforeMs, nowMs)
    for (const row of rows) {
      const value = alone(row.key, row.value, row.left)
      forward({ key: row.key, value, timestamp: row.timestampMs, headers })
    }
    return rows.length
  }

  return {
    advance: advancing(time, (_, nowMs) => (unmatched === null ? 0 : release(unmatched, nowMs, NO_HEADERS))),
    push(record) {
      const { key, value, timestamp, headers } = record
      const nowMs = time.advance(timestamp)
      if (key === null || value === null) {
        if (outer && value !== null) forward({ key, value: alone(key, value, left), timestamp, headers })
        else context.drop(key === null ? 'nullKey' : 'nullValue')
        return
      }
      if (unmatched !== null && timestamp === nowMs) release(unmatched, nowMs, headers)
      const partners = others.fetch(key, Math.max(0, timestamp - earlierMs), Math.max(0, timestamp + laterMs))
      for (const partner of partners) {
        unmatched?.remove(key, partner.timestamp, !left, timestamp)
        const joined = left ? joiner(key, value, partner.value) : joiner(key, partner.value, value)
        forward({ key, value: joined, timestamp: Math.max(timestamp, partner.timestamp), headers })
      }
      if (!outer || partners.length > 0 || unmatched === null) return
      if (isClosed(timestamp + laterMs, afterEndMs, nowMs)) {
        forward({ key, value: alone(key, value, left), timestamp, headers })
      } else unmatched.add({ key, value, timestampMs: timestamp, left })
    },
  }
}
