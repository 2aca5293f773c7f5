/** Watches what leaders hand out: every task has exactly one owner in a generation (I4). */
import {
  apiByKey,
  decodeConsumerAssignment,
  decodeRequest,
  decodeRequestHeader,
  syncGroupApi,
} from '../protocol/index.js'
import { formatTopicPartition } from '../record/record.js'
import type { FrameFaults } from './sim-network.js'

export function watchSyncs(faults: FrameFaults, violated: (invariant: string, what: string) => void): FrameFaults {
  return {
    request: (process, apiKey, frame) => faults.request(process, apiKey, frame),
    answer(process, apiKey, answer, request) {
      if (apiKey === syncGroupApi.key) check(request, violated)
      return faults.answer(process, apiKey, answer, request)
    },
  }
}

function check(frame: Buffer, violated: (invariant: string, what: string) => void): void {
  const { header, bodyStart } = decodeRequestHeader(frame, apiByKey)
  const { generationId, assignments } = decodeRequest(syncGroupApi, header.apiVersion, frame.subarray(bodyStart))
  const owners = new Map<string, string>()
  for (const { memberId, assignment } of assignments) {
    for (const { topic, partitions } of decodeConsumerAssignment(assignment).assignedPartitions) {
      for (const partition of partitions) {
        const name = formatTopicPartition(topic, partition)
        const other = owners.get(name)
        if (other !== undefined) violated('I4', `generation ${generationId} gives ${name} to ${other} and ${memberId}`)
        owners.set(name, memberId)
      }
    }
  }
}
