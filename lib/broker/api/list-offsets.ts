/**
 * ListOffsets v1 to v10: earliest (-2), latest (-1), max timestamp (-3), earliest local (-4) and the first offset at or
 * after a time; read_committed ends at the last stable offset. There is no tiered storage: -5 and -6 find nothing.
 */
import { KAFKA_ERROR as E, listOffsetsApi } from '../../protocol/index.js'
import { checkLeaderEpoch, LEADER_EPOCH, type PartitionLog, visibleEnd } from '../log/partition-log.js'
import { defineHandler } from './handler.js'

const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4
const READ_COMMITTED = 1

export const listOffsetsHandler = defineHandler(listOffsetsApi, [1, 10], (core, request, { version }) => ({
  topics: request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex, timestamp, currentLeaderEpoch }) => {
      const log = core.topics.log(name, partitionIndex)
      const errorCode = log === undefined ? E.UNKNOWN_TOPIC_OR_PARTITION : checkLeaderEpoch(currentLeaderEpoch)
      if (log === undefined || errorCode !== E.NONE) return { partitionIndex, errorCode }
      const found = find(log, timestamp, visibleEnd(log, request.isolationLevel === READ_COMMITTED))
      if (found === undefined) return { partitionIndex, errorCode }
      return { partitionIndex, errorCode, ...found, ...(version >= 4 ? { leaderEpoch: LEADER_EPOCH } : {}) }
    }),
  })),
}))

function find(log: PartitionLog, timestamp: number, end: number): { timestamp: number; offset: number } | undefined {
  switch (timestamp) {
    case LATEST:
      return { timestamp: -1, offset: end }
    case EARLIEST:
    case EARLIEST_LOCAL:
      return { timestamp: -1, offset: log.logStartOffset }
    case MAX_TIMESTAMP:
      return beforeEnd(log.latestTimestamp(), end)
    default:
      return timestamp < 0 ? undefined : log.firstAt(timestamp, end)
  }
}

/** A reader of committed records is told of no record that it cannot fetch yet. */
function beforeEnd<T extends { readonly offset: number }>(found: T | undefined, end: number): T | undefined {
  return found !== undefined && found.offset < end ? found : undefined
}
