/** Joins a response with its left row. A response for an earlier version of the row is stale. */
import { type ForeignResponse, valueHashTopic } from '../../serde/foreign-key.js'
import { murmur3 } from '../../serde/murmur3.js'
import type { ResolveResponseNode } from '../../topology/foreign-key-nodes.js'
import type { Forwarding, TopicNaming, UserCode } from '../context.js'
import { orNull } from '../fold.js'
import type { Build } from '../operator.js'
import { lookUp } from '../table-view.js'

/** Also sends tombstones for rows that never had a result: nobody remembers whether they had one. */
export const buildResolveResponse: Build<ResolveResponseNode, UserCode & Forwarding & TopicNaming> = (
  node,
  context,
) => {
  const find = lookUp(node.table, context)
  const hashTopic = valueHashTopic(context.topicName(node.registrationTopic))
  return {
    push(record) {
      const { key, timestamp, headers } = record
      const { hash, foreignValue } = record.value as ForeignResponse
      const row = find(key)
      const now = row === null ? null : murmur3(node.valueSerde.serialize(row.value, hashTopic))
      if (now === null || hash === null ? now !== hash : !now.equals(hash)) {
        context.drop('staleResponse')
        return
      }
      const unmatched = row === null || (foreignValue === null && !node.left)
      const value = unmatched ? null : orNull(node.joiner(key, row.value, foreignValue))
      context.forward({ key, value, timestamp, headers })
    },
  }
}
