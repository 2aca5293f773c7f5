/**
 * DeleteRecords v0 to v2: advances the start of a log; -1 means its end. Topics that are only compacted do not allow
 * it.
 */
import { deleteRecordsApi, KAFKA_ERROR as E } from '../../protocol/index.js'
import type { BrokerCore } from '../core.js'
import { defineHandler } from './handler.js'

const TO_THE_END = -1

export const deleteRecordsHandler = defineHandler(deleteRecordsApi, [0, 2], (core, request) => ({
  topics: request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex, offset }) => ({
      partitionIndex,
      ...deleteBefore(core, name, partitionIndex, offset),
    })),
  })),
}))

function deleteBefore(core: BrokerCore, name: string, partition: number, offset: number) {
  const topic = core.topics.named(name)
  const log = topic?.partitions[partition]
  const refused = (errorCode: number) => ({ lowWatermark: -1, errorCode })
  if (topic === undefined || log === undefined) return refused(E.UNKNOWN_TOPIC_OR_PARTITION)
  if (!topic.config.delete) return refused(E.POLICY_VIOLATION)
  const target = offset === TO_THE_END ? log.endOffset : offset
  if (target < 0 || target > log.endOffset) return refused(E.OFFSET_OUT_OF_RANGE)
  core.topics.moveStart(topic, log, target)
  return { lowWatermark: log.logStartOffset, errorCode: E.NONE }
}
