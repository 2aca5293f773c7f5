/**
 * OffsetForLeaderEpoch v2 to v4: the broker has been the leader since epoch 0, so that epoch ends at the end of the
 * log.
 */
import { KAFKA_ERROR as E, offsetForLeaderEpochApi } from '../../protocol/index.js'
import { checkLeaderEpoch, LEADER_EPOCH } from '../log/partition-log.js'
import { defineHandler } from './handler.js'

export const offsetForLeaderEpochHandler = defineHandler(offsetForLeaderEpochApi, [2, 4], (core, request) => ({
  topics: request.topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition, currentLeaderEpoch, leaderEpoch }) => {
      const log = core.topics.log(topic, partition)
      if (log === undefined) return { partition, errorCode: E.UNKNOWN_TOPIC_OR_PARTITION }
      const errorCode = checkLeaderEpoch(currentLeaderEpoch)
      if (errorCode !== E.NONE || leaderEpoch !== LEADER_EPOCH) return { partition, errorCode }
      return { partition, errorCode, leaderEpoch: LEADER_EPOCH, endOffset: log.endOffset }
    }),
  })),
}))
