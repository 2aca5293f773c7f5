/** DescribeTopicPartitions v0 (KIP-966): topics in order of name, paged by the cursor. */
import { describeTopicPartitionsApi, KAFKA_ERROR as E, type ResponseInput } from '../../protocol/index.js'
import { LEADER_EPOCH } from '../log/partition-log.js'
import { isInternalTopic, topicNameProblem } from '../topics.js'
import { defineHandler } from './handler.js'
import { NO_TOPIC_ID } from './metadata.js'

type Topics = NonNullable<ResponseInput<typeof describeTopicPartitionsApi>['topics']>[number][]

export const describeTopicPartitionsHandler = defineHandler(describeTopicPartitionsApi, [0, 0], (core, request) => {
  const { cursor, responsePartitionLimit } = request
  const { nodeId } = core
  const asked = request.topics.length === 0 ? core.topics.all() : request.topics
  const from = cursor?.topicName ?? ''
  const names = [...new Set(asked.map(({ name }) => name))].filter((name) => name >= from).sort()
  const topics: Topics = []
  let left = responsePartitionLimit
  for (const name of names) {
    const first = name === cursor?.topicName ? cursor.partitionIndex : 0
    if (left <= 0) return { topics, nextCursor: { topicName: name, partitionIndex: first } }
    const topic = core.topics.named(name)
    if (topic === undefined) {
      const invalid = topicNameProblem(name) !== undefined
      const errorCode = invalid ? E.INVALID_TOPIC_EXCEPTION : E.UNKNOWN_TOPIC_OR_PARTITION
      topics.push({ errorCode, name, topicId: NO_TOPIC_ID, partitions: [] })
      continue
    }
    const part = topic.partitions.slice(first, first + left)
    left -= part.length
    const replicas = { replicaNodes: [nodeId], isrNodes: [nodeId], offlineReplicas: [] }
    const elr = { eligibleLeaderReplicas: [], lastKnownElr: [] }
    const at = { errorCode: E.NONE, leaderId: nodeId, leaderEpoch: LEADER_EPOCH, ...replicas, ...elr }
    const partitions = part.map(({ partition }) => ({ partitionIndex: partition, ...at }))
    topics.push({ errorCode: E.NONE, name, topicId: topic.id, isInternal: isInternalTopic(name), partitions })
    const reached = first + part.length
    if (reached < topic.partitions.length) return { topics, nextCursor: { topicName: name, partitionIndex: reached } }
  }
  return { topics }
})
