/** OffsetDelete v0: deletes offsets of topics that no member of the group reads. */
import { decodeConsumerSubscription, KAFKA_ERROR as E, offsetDeleteApi } from '../../protocol/index.js'
import type { Group } from '../group/group.js'
import { defineHandler } from './handler.js'

export const offsetDeleteHandler = defineHandler(offsetDeleteApi, [0, 0], (core, { groupId, topics }) => {
  const group = core.groups.get(groupId)
  if (group === undefined) return { errorCode: E.GROUP_ID_NOT_FOUND, topics: [] }
  if (group.status !== 'Empty' && group.protocolType !== 'consumer') return { errorCode: E.NON_EMPTY_GROUP, topics: [] }
  const subscribed = subscribedTopics(group)
  return {
    errorCode: E.NONE,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        if (subscribed.has(name)) return { partitionIndex, errorCode: E.GROUP_SUBSCRIBED_TO_TOPIC }
        if (core.topics.log(name, partitionIndex) === undefined) {
          return { partitionIndex, errorCode: E.UNKNOWN_TOPIC_OR_PARTITION }
        }
        core.offsets.delete(groupId, name, partitionIndex)
        return { partitionIndex, errorCode: E.NONE }
      }),
    })),
  }
})

function subscribedTopics(group: Group): Set<string> {
  const topics = new Set<string>()
  for (const member of group.members.values()) {
    const metadata = member.metadataFor(group.protocolName ?? '')
    if (metadata.length === 0) continue
    for (const topic of decodeConsumerSubscription(metadata).topics) topics.add(topic)
  }
  return topics
}
