/** OffsetFetch v1 to v9: several groups from v8; with requireStable an offset in an open transaction is error 88. */
import { KAFKA_ERROR as E, offsetFetchApi } from '../../protocol/index.js'
import type { BrokerCore } from '../core.js'
import { defineHandler } from './handler.js'

type Wanted = readonly { readonly name: string; readonly partitionIndexes: readonly number[] }[]

const NO_OFFSET = { committedOffset: -1, committedLeaderEpoch: -1, metadata: '' }

export const offsetFetchHandler = defineHandler(offsetFetchApi, [1, 9], (core, request, { version }) => {
  const { requireStable } = request
  if (version < 8) return { topics: fetchGroup(core, request.groupId, request.topics, requireStable) }
  return {
    groups: request.groups.map(({ groupId, topics }) => ({
      groupId,
      errorCode: E.NONE,
      topics: fetchGroup(core, groupId, topics, requireStable),
    })),
  }
})

/** `wanted` null asks for everything the group has. */
function fetchGroup(core: BrokerCore, groupId: string, wanted: Wanted | null, requireStable: boolean) {
  const topics = wanted ?? everything(core, groupId)
  return topics.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => {
      if (requireStable && core.offsets.isPending(groupId, name, partitionIndex)) {
        return { partitionIndex, ...NO_OFFSET, errorCode: E.UNSTABLE_OFFSET_COMMIT }
      }
      const found = core.offsets.get(groupId, name, partitionIndex)
      if (found === undefined) return { partitionIndex, ...NO_OFFSET, errorCode: E.NONE }
      const { offset, leaderEpoch, metadata } = found
      const value = { committedOffset: offset, committedLeaderEpoch: leaderEpoch, metadata }
      return { partitionIndex, ...value, errorCode: E.NONE }
    }),
  }))
}

function everything(core: BrokerCore, groupId: string): Wanted {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of core.offsets.all(groupId)) {
    const partitions = topics.get(topic)
    if (partitions === undefined) topics.set(topic, [partition])
    else partitions.push(partition)
  }
  return [...topics].map(([name, partitionIndexes]) => ({ name, partitionIndexes }))
}
