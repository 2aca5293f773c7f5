/** CreatePartitions v0 to v3: the number of partitions can only grow. */
import { createPartitionsApi, KAFKA_ERROR as E } from '../../protocol/index.js'
import { MAX_NEW_PARTITIONS } from '../topics.js'
import { defineHandler } from './handler.js'

export const createPartitionsHandler = defineHandler(createPartitionsApi, [0, 3], (core, request) => ({
  results: request.topics.map(({ name, count, assignments }) => {
    const topic = core.topics.named(name)
    if (topic === undefined) {
      return { name, errorCode: E.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: `The topic '${name}' does not exist.` }
    }
    const now = topic.partitions.length
    if (count <= now) {
      const errorMessage = `The topic ${name} currently has ${now} partition(s); ${count} would not be an increase.`
      return { name, errorCode: E.INVALID_PARTITIONS, errorMessage }
    }
    if (count - now > MAX_NEW_PARTITIONS) {
      const errorMessage = 'Excessively large number of partitions per request.'
      return { name, errorCode: E.POLICY_VIOLATION, errorMessage }
    }
    const here = assignments?.every(({ brokerIds }) => brokerIds.length === 1 && brokerIds[0] === core.nodeId) ?? true
    if (!here || (assignments !== null && assignments.length !== count - now)) {
      const errorMessage = `Each of the ${count - now} new partitions needs this broker as its only replica.`
      return { name, errorCode: E.INVALID_REPLICA_ASSIGNMENT, errorMessage }
    }
    if (!request.validateOnly) core.topics.grow(topic, count)
    return { name, errorCode: E.NONE }
  }),
}))
