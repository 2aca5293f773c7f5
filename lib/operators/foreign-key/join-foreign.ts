/**
 * After a change of the other table: sends a response to every left row that refers to it, in the order of their key
 * bytes.
 */
import { type ForeignResponse, foreignKeyTopic, primaryKeyTopic, subscriptionHead } from '../../serde/foreign-key.js'
import type { SubscriptionStore } from '../../state/ports/store.js'
import type { JoinForeignNode } from '../../topology/foreign-key-nodes.js'
import { changeOf } from '../change.js'
import type { Dropping, Forwarding, StoreAccess, TopicNaming } from '../context.js'
import type { Build } from '../operator.js'

export const buildJoinForeign: Build<JoinForeignNode, Forwarding & Dropping & StoreAccess & TopicNaming> = (
  node,
  context,
) => {
  const store = context.store<SubscriptionStore>(node.store)
  const topic = context.topicName(node.registrationTopic)
  const keyTopic = primaryKeyTopic(topic)
  return {
    push(record) {
      const { key, timestamp, headers } = record
      const { newValue, isLatest } = changeOf(record)
      if (key === null) {
        context.drop('nullKey')
        return
      }
      if (node.versioned && !isLatest) {
        context.drop('outOfOrder')
        return
      }
      store.forEach(node.foreignKeySerde.serialize(key, foreignKeyTopic(topic)), (primaryKey, subscription) => {
        const { hash, primaryPartition } = subscriptionHead(subscription, topic)
        const value: ForeignResponse = { hash, foreignValue: newValue, primaryPartition }
        context.forward({ key: node.primaryKeySerde.deserialize(primaryKey, keyTopic), value, timestamp, headers })
      })
    },
  }
}
