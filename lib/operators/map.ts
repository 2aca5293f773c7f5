/** `map`: a new key and a new value per record. */

import { requirePair } from '../record/mapper-answers.js'
import type { MapNode } from '../topology/stateless-nodes.js'
import type { Forwarding } from './context.js'
import { orNull } from './fold.js'
import type { Build } from './operator.js'

export const buildMap: Build<MapNode, Forwarding> = (node, { forward }) => {
  const { mapper } = node
  return {
    push(record) {
      const pair = mapper(record.key, record.value)
      requirePair(pair, 'map')
      forward({ key: orNull(pair[0]), value: orNull(pair[1]), timestamp: record.timestamp, headers: record.headers })
    },
  }
}
