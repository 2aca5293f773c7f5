/** `filter` and `filterNot` on a stream, and the filter before a repartition, which counts the records it drops. */
import type { FilterNode } from '../topology/stateless-nodes.js'
import { atOnce } from './at-once.js'
import type { Dropping, Forwarding } from './context.js'
import type { Build } from './operator.js'

export const buildFilter: Build<FilterNode, Forwarding & Dropping> = (node, context) => {
  const { predicate, dropReason } = node
  const { forward } = context
  if (dropReason !== undefined) {
    return {
      push(record) {
        if (atOnce(predicate(record.key, record.value), 'predicate')) forward(record)
        else context.drop(dropReason)
      },
    }
  }
  if (node.negate) {
    return {
      push(record) {
        if (!atOnce(predicate(record.key, record.value), 'predicate')) forward(record)
      },
    }
  }
  return {
    push(record) {
      if (atOnce(predicate(record.key, record.value), 'predicate')) forward(record)
    },
  }
}
