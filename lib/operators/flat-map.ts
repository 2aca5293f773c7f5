/** `flatMap`: any number of records for one. */
import type { FlatMapNode } from '../topology/stateless-nodes.js'
import type { Forwarding } from './context.js'
import { orNull } from './fold.js'
import type { Build } from './operator.js'

export const buildFlatMap: Build<FlatMapNode, Forwarding> = (node, { forward }) => {
  const { mapper } = node
  return {
    push(record) {
      for (const pair of mapper(record.key, record.value)) {
        forward({ key: orNull(pair[0]), value: orNull(pair[1]), timestamp: record.timestamp, headers: record.headers })
      }
    },
  }
}
