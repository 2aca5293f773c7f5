/** Stores the records of one side of a stream-stream join. */
import type { JoinWindowStore } from '../state/ports/join-stores.js'
import type { JoinWindowNode } from '../topology/stream-join-nodes.js'
import type { Forwarding, StoreAccess } from './context.js'
import type { Build } from './operator.js'

/** The join hears of a record before it is kept, so that a record never meets itself on its own side. */
export const buildJoinWindow: Build<JoinWindowNode, Forwarding & StoreAccess> = (node, context) => {
  const store = context.store<JoinWindowStore<unknown, unknown>>(node.store)
  const { forward } = context
  if (!node.keeps) return { push: forward }
  return {
    push(record) {
      forward(record)
      const { key, value } = record
      if (key !== null && value !== null) store.put(key, record.timestamp, value)
    },
  }
}
