/** `flatMapValues`: any number of values for one value; the key stays. */
import { requireIterable } from '../record/mapper-answers.js'
import type { FlatMapValuesNode } from '../topology/stateless-nodes.js'
import type { Forwarding } from './context.js'
import { orNull } from './fold.js'
import type { Build } from './operator.js'

export const buildFlatMapValues: Build<FlatMapValuesNode, Forwarding> = (node, { forward }) => {
  const { mapper } = node
  return {
    push(record) {
      const values = mapper(record.value, record.key)
      requireIterable(values, 'flatMapValues', 'values')
      for (const value of values) {
        forward({ key: record.key, value: orNull(value), timestamp: record.timestamp, headers: record.headers })
      }
    },
  }
}
