/** `mapValues`: a new value, the same key. A null value is passed to the mapper, as in Kafka Streams. */
import type { MapValuesNode } from '../topology/stateless-nodes.js'
import type { Forwarding } from './context.js'
import { orNull } from './fold.js'
import type { Build } from './operator.js'

export const buildMapValues: Build<MapValuesNode, Forwarding> = (node, { forward }) => {
  const { mapper } = node
  return {
    push(record) {
      const value = orNull(mapper(record.value, record.key))
      forward({ key: record.key, value, timestamp: record.timestamp, headers: record.headers })
    },
  }
}
