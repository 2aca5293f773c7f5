/**
 * Error answers of a broker that rejects a request, or has processed it and answers with an error: the possible codes
 * by request.
 */
import {
  type Api,
  addOffsetsToTxnApi,
  addPartitionsToTxnApi,
  apiByKey,
  createTopicsApi,
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  KAFKA_ERROR as E,
  encodeResponse,
  encodeResponseHeader,
  endTxnApi,
  fetchApi,
  findCoordinatorApi,
  heartbeatApi,
  initProducerIdApi,
  isFlexible,
  joinGroupApi,
  listOffsetsApi,
  metadataApi,
  offsetCommitApi,
  offsetFetchApi,
  produceApi,
  type RequestOf,
  type ResponseInput,
  syncGroupApi,
  txnOffsetCommitApi,
} from '../../protocol/index.js'

export interface BrokerErrors {
  /** The request has no effect. */
  readonly refused: readonly number[]
  /** The request takes effect, or changes nothing anyway. */
  readonly afterwards: readonly number[]
}

const COORDINATOR = [E.COORDINATOR_LOAD_IN_PROGRESS, E.COORDINATOR_NOT_AVAILABLE, E.NOT_COORDINATOR]
const LEADER = [
  ...[E.NOT_LEADER_OR_FOLLOWER, E.LEADER_NOT_AVAILABLE, E.REPLICA_NOT_AVAILABLE, E.UNKNOWN_TOPIC_OR_PARTITION],
  ...[E.KAFKA_STORAGE_ERROR, E.FENCED_LEADER_EPOCH, E.UNKNOWN_LEADER_EPOCH],
]
const TRANSACTION = [...COORDINATOR, E.CONCURRENT_TRANSACTIONS, E.UNKNOWN_SERVER_ERROR]

/** By API key: every code that Kafka 4.3's brokers answer there and that an application has to get through. */
export const BROKER_ERRORS: ReadonlyMap<number, BrokerErrors> = new Map<number, BrokerErrors>([
  [
    produceApi.key,
    {
      refused: [
        ...[E.NOT_LEADER_OR_FOLLOWER, E.LEADER_NOT_AVAILABLE, E.UNKNOWN_TOPIC_OR_PARTITION, E.KAFKA_STORAGE_ERROR],
        ...[E.NOT_ENOUGH_REPLICAS, E.CORRUPT_MESSAGE, E.UNKNOWN_SERVER_ERROR, E.OUT_OF_ORDER_SEQUENCE_NUMBER],
        ...[E.UNKNOWN_PRODUCER_ID, E.INVALID_TXN_STATE, E.TRANSACTION_ABORTABLE, E.INVALID_PRODUCER_EPOCH],
      ],
      afterwards: [E.REQUEST_TIMED_OUT, E.NOT_ENOUGH_REPLICAS_AFTER_APPEND, E.UNKNOWN_SERVER_ERROR],
    },
  ],
  [
    fetchApi.key,
    { refused: [], afterwards: [...LEADER, E.OFFSET_NOT_AVAILABLE, E.UNKNOWN_SERVER_ERROR, E.CORRUPT_MESSAGE] },
  ],
  [listOffsetsApi.key, { refused: [], afterwards: [...LEADER, E.OFFSET_NOT_AVAILABLE, E.UNKNOWN_SERVER_ERROR] }],
  [offsetFetchApi.key, { refused: [...COORDINATOR, E.UNKNOWN_SERVER_ERROR], afterwards: [E.UNSTABLE_OFFSET_COMMIT] }],
  [joinGroupApi.key, { refused: [...COORDINATOR, E.UNKNOWN_MEMBER_ID], afterwards: [] }],
  [syncGroupApi.key, { refused: [...COORDINATOR, E.REBALANCE_IN_PROGRESS, E.UNKNOWN_MEMBER_ID], afterwards: [] }],
  [
    heartbeatApi.key,
    {
      refused: [...COORDINATOR, E.UNKNOWN_MEMBER_ID, E.ILLEGAL_GENERATION, E.REBALANCE_IN_PROGRESS],
      afterwards: [E.REBALANCE_IN_PROGRESS],
    },
  ],
  [initProducerIdApi.key, { refused: TRANSACTION, afterwards: [E.REQUEST_TIMED_OUT] }],
  [
    addPartitionsToTxnApi.key,
    { refused: [...TRANSACTION, E.TRANSACTION_ABORTABLE, E.INVALID_TXN_STATE], afterwards: [E.REQUEST_TIMED_OUT] },
  ],
  [
    addOffsetsToTxnApi.key,
    { refused: [...TRANSACTION, E.TRANSACTION_ABORTABLE, E.INVALID_TXN_STATE], afterwards: [E.REQUEST_TIMED_OUT] },
  ],
  [
    txnOffsetCommitApi.key,
    {
      refused: [...COORDINATOR, E.UNKNOWN_TOPIC_OR_PARTITION, E.TRANSACTION_ABORTABLE, E.ILLEGAL_GENERATION],
      afterwards: [E.REQUEST_TIMED_OUT, E.UNKNOWN_SERVER_ERROR],
    },
  ],
  [endTxnApi.key, { refused: [...TRANSACTION, E.TRANSACTION_ABORTABLE], afterwards: [E.REQUEST_TIMED_OUT] }],
  [offsetCommitApi.key, { refused: [...COORDINATOR, E.ILLEGAL_GENERATION], afterwards: [E.REQUEST_TIMED_OUT] }],
  [metadataApi.key, { refused: [], afterwards: [E.LEADER_NOT_AVAILABLE] }],
  [findCoordinatorApi.key, { refused: [], afterwards: [E.COORDINATOR_NOT_AVAILABLE] }],
  [createTopicsApi.key, { refused: [E.NOT_CONTROLLER, E.REQUEST_TIMED_OUT], afterwards: [E.REQUEST_TIMED_OUT] }],
])

/** Answered by the coordinator of a group or of transactions. */
export const COORDINATOR_APIS: ReadonlySet<number> = new Set(
  [
    ...[initProducerIdApi, endTxnApi, heartbeatApi, addOffsetsToTxnApi, addPartitionsToTxnApi, txnOffsetCommitApi],
    ...[joinGroupApi, syncGroupApi, offsetFetchApi, offsetCommitApi],
  ].map(({ key }) => key),
)

/** How a broker answers that rejects the request; null for an API it cannot refuse here. */
export function refusedAnswer(frame: Buffer, errorCode: number): Buffer | null {
  const { header, api, bodyStart } = decodeRequestHeader(frame, apiByKey)
  if (api === undefined) return null
  const { apiVersion: version, correlationId } = header
  const body = refusedBody(api, version, frame.subarray(bodyStart), errorCode)
  return body === null ? null : Buffer.concat([encodeResponseHeader(api, version, correlationId), body])
}

/** The answer with another code wherever it has one. */
export function changedAnswer(request: Buffer, answer: Buffer, errorCode: number): Buffer {
  return changedBody(request, answer, (body) => withCode(body, errorCode))
}

function changedBody(request: Buffer, answer: Buffer, change: (body: Values) => Values): Buffer {
  const api = apiByKey(request.readInt16BE(0))!
  const version = request.readInt16BE(2)
  const headerBytes = isFlexible(api, version) ? 5 : 4
  const body = decodeResponse(api, version, answer.subarray(headerBytes)) as Values
  const changed = change(body) as ResponseInput<Api>
  return Buffer.concat([answer.subarray(0, headerBytes), encodeResponse(api, version, changed)])
}

/** No broker of the simulated cluster. */
const UNLISTED_NODE = 99

/** A Metadata answer in which every partition has a leader that is not among the brokers of the same answer. */
export function unlistedLeaders(request: Buffer, answer: Buffer): Buffer {
  return changedBody(request, answer, (body) => ({
    ...body,
    topics: (body.topics as Values[]).map((topic) => ({
      ...topic,
      partitions: (topic.partitions as Values[]).map((row) => ({ ...row, leaderId: UNLISTED_NODE })),
    })),
  }))
}

type Values = Readonly<Record<string, unknown>>

/** Sets the code where it is deepest: of partitions, else of topics, else of the whole. Records go with it. */
function withCode(values: Values, errorCode: number): Values {
  const nested = Object.entries(values).filter(
    ([, value]) =>
      Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null && hasCode(item)),
  )
  if (nested.length > 0) {
    const changed = nested.map(([name, list]) => [name, (list as Values[]).map((item) => withCode(item, errorCode))])
    return { ...values, ...Object.fromEntries(changed) }
  }
  return {
    ...values,
    ...('errorCode' in values && { errorCode }),
    ...('partitionErrorCode' in values && { partitionErrorCode: errorCode }),
    ...('records' in values && { records: null }),
  }
}

function hasCode(values: Values): boolean {
  if ('errorCode' in values || 'partitionErrorCode' in values) return true
  return Object.values(values).some(
    (value) => Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null && hasCode(item)),
  )
}

function refusedBody(api: Api, version: number, request: Buffer, errorCode: number): Buffer | null {
  const encode = <A extends Api>(of: A, body: (asked: RequestOf<A>) => object) =>
    encodeResponse(of, version, {
      throttleTimeMs: 0,
      ...body(decodeRequest(of, version, request)),
    } as unknown as ResponseInput<A>)
  switch (api.key) {
    case initProducerIdApi.key:
      return encode(initProducerIdApi, () => ({ errorCode, producerId: -1, producerEpoch: -1 }))
    case endTxnApi.key:
      return encode(endTxnApi, () => ({ errorCode }))
    case heartbeatApi.key:
      return encode(heartbeatApi, () => ({ errorCode }))
    case addOffsetsToTxnApi.key:
      return encode(addOffsetsToTxnApi, () => ({ errorCode }))
    case addPartitionsToTxnApi.key:
      return encode(addPartitionsToTxnApi, ({ v3AndBelowTopics }) => ({
        resultsByTopicV3AndBelow: v3AndBelowTopics.map(({ name, partitions }) => ({
          name,
          resultsByPartition: partitions.map((partitionIndex) => ({ partitionIndex, partitionErrorCode: errorCode })),
        })),
      }))
    case txnOffsetCommitApi.key:
      return encode(txnOffsetCommitApi, ({ topics }) => ({ topics: refusedOffsets(topics, errorCode) }))
    case offsetCommitApi.key:
      return encode(offsetCommitApi, ({ topics }) => ({ topics: refusedOffsets(topics, errorCode) }))
    case produceApi.key:
      return encode(produceApi, ({ topicData }) => ({
        responses: topicData.map(({ name, partitionData }) => ({
          name,
          partitionResponses: partitionData.map(({ index }) => ({ index, errorCode, baseOffset: -1 })),
        })),
      }))
    case joinGroupApi.key:
      return encode(joinGroupApi, ({ memberId }) => ({
        errorCode,
        memberId,
        protocolName: '',
        leader: '',
        members: [],
      }))
    case syncGroupApi.key:
      return encode(syncGroupApi, () => ({ errorCode, protocolName: '', assignment: Buffer.alloc(0) }))
    case createTopicsApi.key:
      return encode(createTopicsApi, ({ topics }) => ({
        topics: topics.map(({ name }) => ({ name, errorCode, errorMessage: null })),
      }))
    case offsetFetchApi.key:
      return encode(offsetFetchApi, ({ groups }) => ({
        topics: [],
        errorCode,
        groups: (groups ?? []).map(({ groupId }) => ({ groupId, topics: [], errorCode })),
      }))
    default:
      return null
  }
}

function refusedOffsets(
  topics: readonly { readonly name: string; readonly partitions: readonly { readonly partitionIndex: number }[] }[],
  errorCode: number,
) {
  return topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
  }))
}
