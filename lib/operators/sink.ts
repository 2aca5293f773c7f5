/** Writes records to a topic: serialises, chooses the topic where it depends on the record, chooses the partition. */
import { MillraceError } from '../errors.js'
import { partitionForKey } from '../record/partitioner.js'
import type { SinkNode } from '../topology/node.js'
import type { Build, OperatorContext } from './operator.js'

/** Chooses the partition, or several: the user's partitioner, else the hash of the bytes the key serde names, else null (by key). */
export const buildSink: Build<SinkNode> = (node, context) => {
  const { keySerde, valueSerde } = node
  const topicOf = typeof node.topic === 'string' ? null : node.topic
  const fixedTopic = typeof node.topic === 'string' ? context.topicName(node.topic) : ''
  const choose = partitionChooser(node, context)
  return {
    push(record) {
      const { key, value, timestamp } = record
      const topic =
        topicOf === null
          ? fixedTopic
          : topicOf(key, value, timestamp, { headers: record.headers, source: context.recordMetadata() })
      let keyBytes: Buffer | null
      let valueBytes: Buffer | null
      let part: 'key' | 'value' = 'key'
      try {
        keyBytes = key === null || key === undefined ? null : keySerde.serialize(key, topic)
        part = 'value'
        valueBytes = value === null || value === undefined ? null : valueSerde.serialize(value, topic)
      } catch (cause) {
        throw unwritable(node, topic, part, context, cause)
      }
      const chosen = choose === null ? null : choose(topic, key, value)
      if (typeof chosen !== 'object' || chosen === null) {
        context.send(topic, chosen, keyBytes, valueBytes, timestamp, record.headers)
        return
      }
      if (chosen.length === 0) context.drop('noPartition')
      for (const partition of chosen) {
        context.send(topic, partition, keyBytes, valueBytes, timestamp, record.headers)
      }
    },
  }
}

type ChoosePartition = (topic: string, key: unknown, value: unknown) => number | readonly number[] | null

function partitionChooser(node: SinkNode, context: OperatorContext): ChoosePartition | null {
  const { partitioner, keySerde } = node
  const byInnerKey: ChoosePartition | null =
    keySerde.partitionBytes === undefined
      ? null
      : (topic, key) => {
          const bytes = key === null ? null : keySerde.partitionBytes?.(key, topic)
          return bytes ? partitionForKey(bytes, context.partitionCount(topic)) : null
        }
  if (partitioner === null) return byInnerKey
  return (topic, key, value) => {
    const count = context.partitionCount(topic)
    const chosen = partitioner(topic, key, value, count)
    if (chosen === null) return byInnerKey === null ? null : byInnerKey(topic, key, value)
    const wrong = typeof chosen === 'number' ? outside(chosen, count) : chosen.some((each) => outside(each, count))
    if (!wrong) return typeof chosen === 'number' ? chosen : [...new Set(chosen)]
    throw new MillraceError(
      'PARTITION_INVALID',
      `The partitioner of node ${node.name} chose partition ${chosen} of topic ${topic}, which has ${count}.`,
      { node: node.name, topic, taskId: context.taskId },
    )
  }
}

function outside(partition: number, count: number): boolean {
  return !Number.isInteger(partition) || partition < 0 || partition >= count
}

function unwritable(
  node: SinkNode,
  topic: string,
  part: 'key' | 'value',
  context: OperatorContext,
  cause: unknown,
): MillraceError {
  const at = context.recordMetadata()
  const where = at === null ? 'a punctuation' : `${at.topic}-${at.partition} at offset ${at.offset}`
  return new MillraceError(
    'SERIALIZE_FAILED',
    `Node ${node.name} could not write the ${part} of a record made from ${where} to topic ${topic} with serdes ${node.keySerde.name} and ${node.valueSerde.name}.`,
    { node: node.name, taskId: context.taskId, topic, part, cause },
  )
}
