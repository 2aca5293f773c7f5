/** A self-join of a stream that stores its records once, with the same results in the same order as with two stores. */
import type { JoinWindowStore } from '../state/ports/join-stores.js'
import type { StreamSelfJoinNode } from '../topology/stream-join-nodes.js'
import { closesAfterEndMs, isClosed } from '../windows/close.js'
import { advancing } from './advance.js'
import type { Dropping, Forwarding, StoreAccess, TimeKeeping } from './context.js'
import type { Build } from './operator.js'

/**
 * A record meets the earlier ones as the left side first, is kept, and meets all, itself included, as the right side. So
 * none ever waits for a partner; on an outer side a record continues alone where it has no key, is so late that it is not
 * waited for, or just too late to be kept: only such a one meets not even itself. Null values, and null keys of other sides, are dropped.
 */
export const buildStreamSelfJoin: Build<StreamSelfJoinNode, Forwarding & Dropping & StoreAccess & TimeKeeping> = (
  node,
  context,
) => {
  const { joiner, outer, beforeMs, afterMs } = node
  const afterEndMs = closesAfterEndMs({ ...node, kind: 'join' })
  const { forward } = context
  const store = context.store<JoinWindowStore<unknown, unknown>>(node.store)
  const time = context.operatorTime()
  return {
    advance: advancing(time),
    push(record) {
      const { key, value, timestamp, headers } = record
      const nowMs = time.advance(timestamp)
      const alone = (left: boolean) => {
        const result = left ? joiner(key, value, null) : joiner(key, null, value)
        forward({ key, value: result, timestamp, headers })
      }
      if (value === null || (key === null && !outer.left && !outer.right)) {
        context.drop(key === null ? 'nullKey' : 'nullValue')
        return
      }
      if (key === null) {
        if (outer.left) alone(true)
        if (outer.right) alone(false)
        return
      }
      const around = (earlierMs: number, laterMs: number) =>
        store.fetch(key, Math.max(0, timestamp - earlierMs), Math.max(0, timestamp + laterMs))
      const earlier = around(beforeMs, afterMs)
      for (const other of earlier) {
        const at = Math.max(timestamp, other.timestamp)
        forward({ key, value: joiner(key, value, other.value), timestamp: at, headers })
      }
      const lateLeft = isClosed(timestamp + afterMs, afterEndMs, nowMs)
      if (outer.left && earlier.length === 0 && lateLeft) alone(true)
      store.put(key, timestamp, value)
      const all = around(afterMs, beforeMs)
      if (outer.left && earlier.length === 0 && all.length === 0 && !lateLeft) alone(true)
      for (const other of all) {
        const at = Math.max(timestamp, other.timestamp)
        forward({ key, value: joiner(key, other.value, value), timestamp: at, headers })
      }
      if (outer.right && all.length === 0) alone(false)
    },
  }
}
