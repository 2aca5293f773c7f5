/** `peek` and `foreach`: call an action for a record and forward it unchanged. */
import type { PeekNode } from '../topology/stateless-nodes.js'
import { atOnce } from './at-once.js'
import type { Forwarding } from './context.js'
import type { Build } from './operator.js'

export const buildPeek: Build<PeekNode, Forwarding> = (node, { forward }) => {
  const { action } = node
  return {
    push(record) {
      atOnce<unknown>(action(record.key, record.value), 'action')
      forward(record)
    },
  }
}
