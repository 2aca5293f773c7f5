/** `selectKey`: a new key, same value. */
import type { SelectKeyNode } from '../topology/stateless-nodes.js'
import type { Forwarding } from './context.js'
import { orNull } from './fold.js'
import type { Build } from './operator.js'

export const buildSelectKey: Build<SelectKeyNode, Forwarding> = (node, { forward }) => {
  const { mapper } = node
  return {
    push(record) {
      const key = orNull(mapper(record.key, record.value))
      forward({ key, value: record.value, timestamp: record.timestamp, headers: record.headers })
    },
  }
}
