/**
 * Metadata v0 to v13: this broker as the only node, topics by name or id (v10). A missing topic is created only if the
 * broker is configured to and the client allows it; otherwise UNKNOWN_TOPIC_OR_PARTITION.
 */
import { KAFKA_ERROR as E, metadataApi, type ResponseInput } from '../../protocol/index.js'
import type { BrokerCore } from '../core.js'
import { LEADER_EPOCH } from '../log/partition-log.js'
import { type BrokerTopic, isInternalTopic, topicNameProblem } from '../topics.js'
import { defineHandler } from './handler.js'

type TopicResponse = NonNullable<ResponseInput<typeof metadataApi>['topics']>[number]

/** What a topic id is when a request names the topic. */
export const NO_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAA'

export const metadataHandler = defineHandler(metadataApi, [0, 13], (core, request, { version }) => {
  const { nodeId, advertised, clusterId } = core
  const mayCreate = core.settings.autoCreateTopics && (version < 4 || request.allowAutoTopicCreation)
  const all = request.topics === null || (version === 0 && request.topics.length === 0)
  const topics = all
    ? core.topics.all().map((topic) => found(core, topic))
    : request.topics!.map(({ name, topicId }) => {
        if (name === null || (version >= 10 && topicId !== NO_TOPIC_ID)) {
          const topic = core.topics.withId(topicId)
          return topic === undefined ? missing(null, topicId, E.UNKNOWN_TOPIC_ID, version) : found(core, topic)
        }
        return byName(core, name, mayCreate, version)
      })
  return {
    brokers: [{ nodeId, host: advertised.host, port: advertised.port }],
    clusterId,
    controllerId: nodeId,
    topics,
  }
})

function byName(core: BrokerCore, name: string, mayCreate: boolean, version: number): TopicResponse {
  const topic = core.topics.named(name)
  if (topic !== undefined) return found(core, topic)
  if (topicNameProblem(name) !== undefined) return missing(name, NO_TOPIC_ID, E.INVALID_TOPIC_EXCEPTION, version)
  if (!mayCreate) return missing(name, NO_TOPIC_ID, E.UNKNOWN_TOPIC_OR_PARTITION, version)
  return found(core, core.topics.create(name, core.settings.defaultPartitions, {}))
}

function found({ nodeId }: BrokerCore, topic: BrokerTopic): TopicResponse {
  return {
    errorCode: E.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: isInternalTopic(topic.name),
    partitions: topic.partitions.map(({ partition }) => ({
      errorCode: E.NONE,
      partitionIndex: partition,
      leaderId: nodeId,
      leaderEpoch: LEADER_EPOCH,
      replicaNodes: [nodeId],
      isrNodes: [nodeId],
    })),
  }
}

function missing(name: string | null, topicId: string, errorCode: number, version: number): TopicResponse {
  return { errorCode, name: name === null && version < 12 ? '' : name, topicId, partitions: [] }
}
