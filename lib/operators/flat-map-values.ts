/** `flatMapValues`: any number of values for one value; the key stays. */
import type { FlatMapValuesNode } from '../topology/stateless-nodes.js'
import type { Forwarding } from './context.js'
import { orNull } from './fold.js'
import type { Build } from './operator.js'

export const buildFlatMapValues: Build<FlatMapValuesNode, Forwarding> = (node, { forward }) => {
  const { mapper } = node
  return {
    push(record) {
      for (const value of mapper(record.value, record.key)) {
        forward({ key: record.key, value: orNull(value), timestamp: record.timestamp, headers: record.headers })
      }
    },
  }
}
