/** An inner join of a stream with itself that keeps its records once; same results, in the same order, as with two stores. */
import type { JoinWindowStore } from '../state/join-stores.js'
import type { StreamSelfJoinNode } from '../topology/stream-join-nodes.js'
import type { Build } from './operator.js'

/**
 * A record meets the earlier ones as the left side first, is kept, and meets all, itself included, as the right side.
 * Null keys and values are dropped.
 */
export const buildStreamSelfJoin: Build<StreamSelfJoinNode> = (node, context) => {
  const { joiner, beforeMs, afterMs } = node
  const { forward } = context
  const store = context.store<JoinWindowStore<unknown, unknown>>(node.store)
  return {
    push(record) {
      const { key, value, timestamp, headers } = record
      if (key === null || value === null) {
        context.drop(key === null ? 'nullKey' : 'nullValue')
        return
      }
      const around = (earlierMs: number, laterMs: number) =>
        store.fetch(key, Math.max(0, timestamp - earlierMs), Math.max(0, timestamp + laterMs))
      for (const other of around(beforeMs, afterMs)) {
        const at = Math.max(timestamp, other.timestamp)
        forward({ key, value: joiner(key, value, other.value), timestamp: at, headers })
      }
      store.put(key, timestamp, value)
      for (const other of around(afterMs, beforeMs)) {
        const at = Math.max(timestamp, other.timestamp)
        forward({ key, value: joiner(key, other.value, value), timestamp: at, headers })
      }
    },
  }
}
