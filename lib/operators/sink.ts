/**
 * Writes records to a topic: serialises, chooses the topic if a function does so per record, and chooses the partition.
 */
import { MillraceError } from '../errors.js'
import { kindOf } from '../record/kind-of.js'
import { partitionForKey } from '../record/partitioner.js'
import type { Headers } from '../record/record.js'
import { isTopicName } from '../record/topic-name.js'
import type { SinkNode } from '../topology/node.js'
import type { Dropping, Place, RecordInHand, TopicOutput } from './context.js'
import type { Build } from './operator.js'

type SinkContext = Place & Dropping & RecordInHand & TopicOutput

/** Chooses the partition, or several: the user's partitioner, else the hash of the bytes the key serde names, else null (by key). */
export const buildSink: Build<SinkNode, SinkContext> = (node, context) => {
  const { keySerde, valueSerde } = node
  const topicOf = typeof node.topic === 'string' ? null : node.topic
  const fixedTopic = typeof node.topic === 'string' ? context.topicName(node.topic) : ''
  const write = writer(node, context)
  return {
    push(record) {
      const { key, value, timestamp, headers } = record
      const topic =
        topicOf === null ? fixedTopic : topicOf(key, value, timestamp, { headers, source: context.recordMetadata() })
      if (topicOf !== null && !isTopicName(topic)) throw noTopicName(node, topic, context)
      let keyBytes: Buffer | null
      let valueBytes: Buffer | null
      let part: 'key' | 'value' = 'key'
      try {
        keyBytes = key === null || key === undefined ? null : bytesOf(keySerde.serialize(key, topic))
        part = 'value'
        valueBytes = value === null || value === undefined ? null : bytesOf(valueSerde.serialize(value, topic))
      } catch (cause) {
        throw unwritable(node, topic, part, context, cause)
      }
      if (topicOf !== null && context.mustWaitFor(topic)) {
        const bytes = (keyBytes?.length ?? 0) + (valueBytes?.length ?? 0)
        const later = () => write(topic, key, value, keyBytes, valueBytes, timestamp, headers)
        context.whenKnown(topic, bytes, later)
      } else write(topic, key, value, keyBytes, valueBytes, timestamp, headers)
    },
  }
}

/** A text would be packed as so many zeros. */
function bytesOf(answer: Buffer | null): Buffer | null {
  if (answer instanceof Uint8Array || answer === null) return answer
  throw new TypeError(`the serde returned ${kindOf(answer)} instead of bytes`)
}

/** Chooses partitions and sends. */
function writer(node: SinkNode, context: SinkContext) {
  const choose = partitionChooser(node, context)
  return (
    topic: string,
    key: unknown,
    value: unknown,
    keyBytes: Buffer | null,
    valueBytes: Buffer | null,
    timestamp: number,
    headers: Headers,
  ): void => {
    const chosen = choose === null ? null : choose(topic, key, value)
    if (typeof chosen !== 'object' || chosen === null) {
      context.send(topic, chosen, keyBytes, valueBytes, timestamp, headers)
      return
    }
    if (chosen.length === 0) context.drop('noPartition')
    for (const partition of chosen) context.send(topic, partition, keyBytes, valueBytes, timestamp, headers)
  }
}

type ChoosePartition = (topic: string, key: unknown, value: unknown) => number | readonly number[] | null

function partitionChooser(node: SinkNode, context: SinkContext): ChoosePartition | null {
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
    const several = Array.isArray(chosen)
    const wrong = several ? chosen.some((each) => outside(each, count)) : outside(chosen as number, count)
    if (!wrong) return typeof chosen === 'number' ? chosen : [...new Set(chosen)]
    throw new MillraceError(
      'PARTITION_INVALID',
      `The partitioner of node ${node.name} chose ${shown(chosen)} of topic ${topic}, which has ${count}.`,
      { node: node.name, topic, taskId: context.taskId },
    )
  }
}

/** What is no number may be part of the record. */
function shown(chosen: number | readonly number[]): string {
  if (typeof chosen === 'number') return `partition ${chosen}`
  const numbers = Array.isArray(chosen) && chosen.every((each) => typeof each === 'number')
  return numbers ? `partitions ${chosen.join(', ')}` : `${kindOf(chosen)} for a partition`
}

function outside(partition: number, count: number): boolean {
  return !Number.isInteger(partition) || partition < 0 || partition >= count
}

/** What the function answered may be part of the record: it is not shown. */
function noTopicName(node: SinkNode, answer: unknown, context: SinkContext): MillraceError {
  const what = typeof answer === 'string' ? `a string of ${answer.length} characters` : String(answer && typeof answer)
  return new MillraceError(
    'TOPIC_NAME_INVALID',
    `The function of node ${node.name} returned ${what} for a record made from ${origin(context)}, which is not a topic name: a topic name has 1 to 249 letters, digits, dots, dashes and underscores.`,
    { node: node.name, taskId: context.taskId },
  )
}

function origin(context: SinkContext): string {
  const at = context.recordMetadata()
  return at === null ? 'a punctuation' : `${at.topic}-${at.partition} at offset ${at.offset}`
}

function unwritable(
  node: SinkNode,
  topic: string,
  part: 'key' | 'value',
  context: SinkContext,
  cause: unknown,
): MillraceError {
  return new MillraceError(
    'SERIALIZE_FAILED',
    `Node ${node.name} could not write the ${part} of a record made from ${origin(context)} to topic ${topic} with serdes ${node.keySerde.name} and ${node.valueSerde.name}.`,
    { node: node.name, taskId: context.taskId, topic, part, cause },
  )
}
