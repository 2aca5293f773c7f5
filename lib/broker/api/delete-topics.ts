/** DeleteTopics v1 to v6: by name, from v6 also by id. Also deletes the groups' offsets for the topic. */
import { deleteTopicsApi, KAFKA_ERROR as E } from '../../protocol/index.js'
import { defineHandler } from './handler.js'
import { NO_TOPIC_ID } from './metadata.js'

export const deleteTopicsHandler = defineHandler(deleteTopicsApi, [1, 6], (core, request, { version }) => {
  const wanted = version < 6 ? request.topicNames.map((name) => ({ name, topicId: NO_TOPIC_ID })) : request.topics
  return {
    responses: wanted.map(({ name, topicId }) => {
      const topic = name === null ? core.topics.withId(topicId) : core.topics.named(name)
      if (topic === undefined) {
        const errorCode = name === null ? E.UNKNOWN_TOPIC_ID : E.UNKNOWN_TOPIC_OR_PARTITION
        return { name, topicId, errorCode, errorMessage: 'This server does not host this topic-partition.' }
      }
      core.topics.delete(topic)
      return { name: topic.name, topicId: topic.id, errorCode: E.NONE }
    }),
  }
})
