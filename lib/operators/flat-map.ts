/** `flatMap`: any number of records for one. */

import { requireIterable, requirePair } from '../record/mapper-answers.js'
import type { FlatMapNode } from '../topology/stateless-nodes.js'
import type { Forwarding } from './context.js'
import { orNull } from './fold.js'
import type { Build } from './operator.js'

export const buildFlatMap: Build<FlatMapNode, Forwarding> = (node, { forward }) => {
  const { mapper } = node
  return {
    push(record) {
      const pairs = mapper(record.key, record.value)
      requireIterable(pairs, 'flatMap', 'pairs, [key, value]')
      for (const pair of pairs) {
        requirePair(pair, 'flatMap')
        forward({ key: orNull(pair[0]), value: orNull(pair[1]), timestamp: record.timestamp, headers: record.headers })
      }
    },
  }
}
