/** `filter` and `filterNot` on a stream. */
import type { FilterNode } from '../topology/stateless-nodes.js'
import type { Build } from './operator.js'

export const buildFilter: Build<FilterNode> = (node, { forward }) => {
  const { predicate } = node
  if (node.negate) {
    return {
      push(record) {
        if (!predicate(record.key, record.value)) forward(record)
      },
    }
  }
  return {
    push(record) {
      if (predicate(record.key, record.value)) forward(record)
    },
  }
}
