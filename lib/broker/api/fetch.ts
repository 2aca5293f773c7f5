/**
 * Fetch v4 to v17: waits until `minBytes` are available or `maxWaitMs` has passed. Returns whole batches; topic ids
 * from v13; read_committed ends at the last stable offset and lists aborted transactions. There are no sessions
 * (KIP-227): every answer has session id 0, so clients send whole requests.
 */
import { KAFKA_ERROR as E, fetchApi, type RequestOf } from '../../protocol/index.js'
import type { BrokerCore, RequestContext } from '../core.js'
import { checkLeaderEpoch, type PartitionLog, visibleEnd } from '../log/partition-log.js'
import { defineHandler, type ResponseBody } from './handler.js'

type FetchRequest = RequestOf<typeof fetchApi>
type FetchResponse = ResponseBody<typeof fetchApi>
type TopicResponse = NonNullable<FetchResponse['responses']>[number]
type PartitionRequest = FetchRequest['topics'][number]['partitions'][number]
type PartitionResponse = NonNullable<TopicResponse['partitions']>[number]

interface Attempt {
  readonly responses: TopicResponse[]
  readonly logs: PartitionLog[]
  sizeBytes: number
  failed: boolean
}

const NO_RECORDS = Buffer.alloc(0)
const READ_COMMITTED = 1
const FIRST_SESSION_EPOCH = 0
const NO_SESSION_EPOCH = -1

export const fetchHandler = defineHandler(fetchApi, [4, 17], (core, request, context) => {
  const { sessionEpoch } = request
  if (sessionEpoch !== FIRST_SESSION_EPOCH && sessionEpoch !== NO_SESSION_EPOCH) {
    return { errorCode: E.FETCH_SESSION_ID_NOT_FOUND, responses: [] }
  }
  const first = attempt(core, request, context.version)
  if (first.failed || first.sizeBytes >= enough(request) || request.maxWaitMs <= 0 || first.logs.length === 0) {
    return { responses: first.responses }
  }
  return waitForMore(core, request, context, first)
})

function enough({ minBytes, maxBytes }: FetchRequest): number {
  return Math.min(minBytes, maxBytes)
}

function waitForMore(
  core: BrokerCore,
  request: FetchRequest,
  context: RequestContext,
  first: Attempt,
): Promise<FetchResponse> {
  return new Promise((resolve, reject) => {
    const releases: (() => void)[] = []
    let checking = false
    let finished = false
    const finish = (answer: Attempt) => {
      finished = true
      for (const release of releases) release()
      resolve({ responses: answer.responses })
    }
    const check = () => {
      checking = false
      if (finished) return
      try {
        const next = attempt(core, request, context.version)
        if (next.failed || next.sizeBytes >= enough(request)) finish(next)
      } catch (error) {
        finished = true
        for (const release of releases) release()
        reject(error)
      }
    }
    const readCommitted = request.isolationLevel === READ_COMMITTED
    for (const log of first.logs) {
      const end = visibleEnd(log, readCommitted)
      const start = log.logStartOffset
      const changed = () => {
        // A transaction changes many logs at once, and who reads committed sees nothing of it before the markers.
        if (checking) return
        const isThere = core.topics.log(log.topic, log.partition) === log
        if (isThere && visibleEnd(log, readCommitted) === end && log.logStartOffset === start) return
        checking = true
        queueMicrotask(check)
      }
      releases.push(log.onChange(changed))
    }
    releases.push(core.clock.setTimer(request.maxWaitMs, () => finish(attempt(core, request, context.version))))
    releases.push(context.onClose(() => finish(first)))
  })
}

/** Reads what is there now. */
function attempt(core: BrokerCore, request: FetchRequest, version: number): Attempt {
  const result: Attempt = { responses: [], logs: [], sizeBytes: 0, failed: false }
  const byId = version >= 13
  const readCommitted = request.isolationLevel === READ_COMMITTED
  for (const { topic: name, topicId, partitions } of request.topics) {
    const topic = byId ? core.topics.withId(topicId) : core.topics.named(name)
    const answers: PartitionResponse[] = []
    for (const partition of partitions) {
      const log = topic?.partitions[partition.partition]
      if (log === undefined) {
        result.failed = true
        answers.push(
          failure(partition, topic === undefined && byId ? E.UNKNOWN_TOPIC_ID : E.UNKNOWN_TOPIC_OR_PARTITION, []),
        )
        continue
      }
      result.logs.push(log)
      answers.push(readPartition(log, partition, request, readCommitted, result))
    }
    result.responses.push({ topic: name, topicId, partitions: answers })
  }
  return result
}

function readPartition(
  log: PartitionLog,
  partition: PartitionRequest,
  request: FetchRequest,
  readCommitted: boolean,
  result: Attempt,
): PartitionResponse {
  const { fetchOffset, partitionMaxBytes, currentLeaderEpoch } = partition
  const epochError = checkLeaderEpoch(currentLeaderEpoch)
  const outOfRange = fetchOffset < log.logStartOffset || fetchOffset > log.endOffset
  if (epochError !== E.NONE || outOfRange) {
    result.failed = true
    return failure(partition, epochError === E.NONE ? E.OFFSET_OUT_OF_RANGE : epochError, null)
  }
  const left = Math.min(partitionMaxBytes, request.maxBytes - result.sizeBytes)
  const read = log.read(fetchOffset, visibleEnd(log, readCommitted), left, result.sizeBytes === 0)
  result.sizeBytes += read.sizeBytes
  return {
    partitionIndex: partition.partition,
    errorCode: E.NONE,
    highWatermark: log.endOffset,
    lastStableOffset: log.lastStableOffset,
    logStartOffset: log.logStartOffset,
    abortedTransactions: readCommitted
      ? log.producers
          .abortedIn(fetchOffset, read.nextOffset)
          .map(({ producerId, firstOffset }) => ({ producerId, firstOffset }))
      : null,
    records: read.batches.length === 1 ? read.batches[0]! : Buffer.concat(read.batches, read.sizeBytes),
  }
}

function failure(partition: PartitionRequest, errorCode: number, abortedTransactions: [] | null): PartitionResponse {
  return {
    partitionIndex: partition.partition,
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    abortedTransactions,
    records: NO_RECORDS,
  }
}
