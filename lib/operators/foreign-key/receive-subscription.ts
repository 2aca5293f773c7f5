/** Stores subscriptions by foreign key, for later changes of the other table's row, and forwards them. */
import {
  foreignKeyTopic,
  INSTRUCTION,
  primaryKeyTopic,
  type Subscription,
  subscriptionSerde,
} from '../../serde/foreign-key.js'
import type { SubscriptionStore } from '../../state/ports/store.js'
import type { ReceiveSubscriptionNode } from '../../topology/foreign-key-nodes.js'
import type { Dropping, Forwarding, StoreAccess, TopicNaming } from '../context.js'
import type { Build } from '../operator.js'

/** Without a foreign key nothing is kept: only a left join asks so, and it wants the answer. */
export const buildReceiveSubscription: Build<
  ReceiveSubscriptionNode,
  Forwarding & Dropping & StoreAccess & TopicNaming
> = (node, context) => {
  const store = context.store<SubscriptionStore>(node.store)
  const { foreignKeySerde, primaryKeySerde } = node
  const topic = context.topicName(node.registrationTopic)
  const serde = subscriptionSerde(primaryKeySerde)
  return {
    push(record) {
      const { key } = record
      const subscription = record.value as Subscription
      const { instruction } = subscription
      if (key === null) {
        if (instruction === INSTRUCTION.answerAlways) context.forward(record)
        else context.drop('nullForeignKey')
        return
      }
      const forget = instruction === INSTRUCTION.deleteSilently || instruction === INSTRUCTION.deleteAndAnswer
      store.put(
        foreignKeySerde.serialize(key, foreignKeyTopic(topic)),
        primaryKeySerde.serialize(subscription.primaryKey, primaryKeyTopic(topic)),
        forget ? null : serde.serialize(subscription, topic),
        record.timestamp,
      )
      context.forward(record)
    },
  }
}
