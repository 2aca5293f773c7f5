/** The left side of a foreign-key join: sends subscriptions for each change of a row. */
import {
  foreignKeyTopic,
  INSTRUCTION,
  type Instruction,
  type Subscription,
  valueHashTopic,
} from '../../serde/foreign-key.js'
import { murmur3 } from '../../serde/murmur3.js'
import type { SendSubscriptionNode } from '../../topology/foreign-key-nodes.js'
import { changeOf } from '../change.js'
import type { Dropping, Forwarding, TaskPartition, TopicNaming } from '../context.js'
import { orNull } from '../fold.js'
import type { Build } from '../operator.js'

/**
 * Inner: a new row asks for an answer only if there is a match; so does a row whose foreign key stayed, for it had no
 * result before either. Where the foreign key changed, the old subscription goes silently and the new one is always
 * answered, so that an earlier result is taken back. Deletes and rows without foreign key answer with nothing.
 * Left: every change is answered, because every row has a result.
 */
export const buildSendSubscription: Build<SendSubscriptionNode, Forwarding & Dropping & TopicNaming & TaskPartition> = (
  node,
  context,
) => {
  const { foreignKeySerde, valueSerde, foreignKey } = node
  const topic = context.topicName(node.registrationTopic)
  const keyTopic = foreignKeyTopic(topic)
  const hashTopic = valueHashTopic(topic)
  const keyOf = (value: unknown, key: unknown) => (value === null ? null : orNull(foreignKey(value, key)))
  const changed = (before: unknown, after: unknown): boolean =>
    after === null || !foreignKeySerde.serialize(before, keyTopic).equals(foreignKeySerde.serialize(after, keyTopic))
  return {
    push(record) {
      const { newValue, oldValue, isLatest } = changeOf(record)
      if (node.versioned && !isLatest) {
        context.drop('outOfOrder')
        return
      }
      const { key: primaryKey, timestamp, headers } = record
      const before = keyOf(oldValue, primaryKey)
      const after = keyOf(newValue, primaryKey)
      const hash = newValue === null ? null : murmur3(valueSerde.serialize(newValue, hashTopic))
      const send = (key: unknown, instruction: Instruction) => {
        const value: Subscription = { hash, instruction, primaryKey, primaryPartition: context.partition }
        context.forward({ key, value, timestamp, headers })
      }
      if (node.left) {
        if (oldValue === null && newValue === null) return
        if (before !== null && changed(before, after)) send(before, INSTRUCTION.deleteSilently)
        send(after, INSTRUCTION.answerAlways)
        return
      }
      if (after === null) {
        if (newValue !== null) context.drop('nullForeignKey')
        if (before !== null) send(before, INSTRUCTION.deleteAndAnswer)
      } else if (before === null || !changed(before, after)) {
        send(after, INSTRUCTION.answerIfMatched)
      } else {
        send(before, INSTRUCTION.deleteSilently)
        send(after, INSTRUCTION.answerAlways)
      }
    },
  }
}
