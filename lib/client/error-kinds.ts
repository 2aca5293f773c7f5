/**
 * How to handle each of Kafka's errors for each request: one table for the whole client. A code that is not in the
 * table is handled as UNKNOWN_SERVER_ERROR, as in Kafka's own clients.
 */
import type { ErrorKind } from '../errors.js'
import { type KafkaErrorName, kafkaErrorName } from '../protocol/error-codes.js'

export type Remedy =
  /** Send the same request again after a pause: nothing happened, or repeating it is safe. */
  | 'repeat'
  /** The transaction cannot be committed: abort it, and take a new epoch if sequences may be off. The next may succeed. */
  | 'abort'
  /** Another producer has the transactional id, or the broker ended our transaction: InitProducerId takes it back. */
  | 'fenced'
  /** The group has moved on: join again. */
  | 'rejoin'
  /** Lasting for the records sent: to the handlers. */
  | 'record'
  /** Lasting for the partition, and so for its task. */
  | 'task'
  /** Lasting: somebody has to change something. */
  | 'lasting'

/** Requests that answer with errors. Produce outside transactions has its own name: there nobody can be fenced. */
export const REQUEST_NAMES = [
  'AddOffsetsToTxn',
  'AddPartitionsToTxn',
  'ApiVersions',
  'CreatePartitions',
  'CreateTopics',
  'DeleteGroups',
  'DeleteRecords',
  'DeleteTopics',
  'DescribeConfigs',
  'EndTxn',
  'Fetch',
  'FindCoordinator',
  'Heartbeat',
  'IdempotentProduce',
  'IncrementalAlterConfigs',
  'InitProducerId',
  'JoinGroup',
  'LeaveGroup',
  'ListOffsets',
  'Metadata',
  'OffsetCommit',
  'OffsetFetch',
  'OffsetForLeaderEpoch',
  'Produce',
  'SyncGroup',
  'TxnOffsetCommit',
] as const
export type RequestName = (typeof REQUEST_NAMES)[number]

type Exceptions = Partial<Record<RequestName, Remedy>>
/** What it is everywhere, and where it is something else. */
type Row = Remedy | readonly [everywhere: Remedy, except: Exceptions]

function at(remedy: Remedy, ...requests: readonly RequestName[]): Exceptions {
  return Object.fromEntries(requests.map((request) => [request, remedy]))
}

const PRODUCE = ['Produce', 'IdempotentProduce'] as const
const IN_TRANSACTION = ['Produce', 'AddPartitionsToTxn', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn'] as const

const OF_GROUP = [
  'JoinGroup',
  'SyncGroup',
  'Heartbeat',
  'LeaveGroup',
  'OffsetCommit',
  'OffsetFetch',
  'TxnOffsetCommit',
] as const

/** A transaction is lost, the producer may continue. At a request that has nothing to do with one it can only pass. */
const ABORTS: Row = ['repeat', at('abort', 'IdempotentProduce', ...IN_TRANSACTION)]
/** InitProducerId names no producer, so whoever asks last has the id: there it passes. */
const FENCES: Row = ['repeat', { ...at('fenced', ...IN_TRANSACTION), ...at('abort', 'IdempotentProduce') }]
const MOVES_ON: Row = ['repeat', at('rejoin', ...OF_GROUP)]
const REJECTS_RECORDS: Row = ['lasting', at('record', ...PRODUCE)]

const TABLE: Readonly<Record<Exclude<KafkaErrorName, 'NONE'>, Row>> = {
  // An answer to EndTxn or a group's commit that says nothing: what happened is asked by InitProducerId.
  UNKNOWN_SERVER_ERROR: ABORTS,
  OFFSET_OUT_OF_RANGE: 'task',
  // Damaged on the way, or, at Fetch, on one broker's disk: there the fetcher repeats it for a limited time only.
  CORRUPT_MESSAGE: 'repeat',
  UNKNOWN_TOPIC_OR_PARTITION: 'repeat',
  INVALID_FETCH_SIZE: 'lasting',
  LEADER_NOT_AVAILABLE: 'repeat',
  NOT_LEADER_OR_FOLLOWER: 'repeat',
  REQUEST_TIMED_OUT: 'repeat',
  BROKER_NOT_AVAILABLE: 'repeat',
  REPLICA_NOT_AVAILABLE: 'repeat',
  MESSAGE_TOO_LARGE: REJECTS_RECORDS,
  STALE_CONTROLLER_EPOCH: 'repeat',
  OFFSET_METADATA_TOO_LARGE: 'lasting',
  NETWORK_EXCEPTION: 'repeat',
  COORDINATOR_LOAD_IN_PROGRESS: 'repeat',
  COORDINATOR_NOT_AVAILABLE: 'repeat',
  NOT_COORDINATOR: 'repeat',
  INVALID_TOPIC_EXCEPTION: ['lasting', at('record', 'AddPartitionsToTxn', ...PRODUCE)],
  RECORD_LIST_TOO_LARGE: REJECTS_RECORDS,
  NOT_ENOUGH_REPLICAS: 'repeat',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'repeat',
  INVALID_REQUIRED_ACKS: 'lasting',
  ILLEGAL_GENERATION: MOVES_ON,
  INCONSISTENT_GROUP_PROTOCOL: 'lasting',
  INVALID_GROUP_ID: 'lasting',
  UNKNOWN_MEMBER_ID: MOVES_ON,
  INVALID_SESSION_TIMEOUT: 'lasting',
  REBALANCE_IN_PROGRESS: MOVES_ON,
  INVALID_COMMIT_OFFSET_SIZE: 'lasting',
  TOPIC_AUTHORIZATION_FAILED: 'lasting',
  GROUP_AUTHORIZATION_FAILED: 'lasting',
  CLUSTER_AUTHORIZATION_FAILED: 'lasting',
  INVALID_TIMESTAMP: REJECTS_RECORDS,
  UNSUPPORTED_SASL_MECHANISM: 'lasting',
  ILLEGAL_SASL_STATE: 'lasting',
  UNSUPPORTED_VERSION: 'lasting',
  TOPIC_ALREADY_EXISTS: 'lasting',
  INVALID_PARTITIONS: 'lasting',
  INVALID_REPLICATION_FACTOR: 'lasting',
  INVALID_REPLICA_ASSIGNMENT: 'lasting',
  INVALID_CONFIG: 'lasting',
  NOT_CONTROLLER: 'repeat',
  INVALID_REQUEST: 'lasting',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'lasting',
  POLICY_VIOLATION: REJECTS_RECORDS,
  OUT_OF_ORDER_SEQUENCE_NUMBER: ABORTS,
  // At Produce it means success and never comes here.
  DUPLICATE_SEQUENCE_NUMBER: ABORTS,
  INVALID_PRODUCER_EPOCH: FENCES,
  INVALID_TXN_STATE: ABORTS,
  // The coordinator has forgotten the id, or gave it another producer.
  INVALID_PRODUCER_ID_MAPPING: FENCES,
  INVALID_TRANSACTION_TIMEOUT: 'lasting',
  CONCURRENT_TRANSACTIONS: 'repeat',
  // The coordinator was replaced, not we.
  TRANSACTION_COORDINATOR_FENCED: ABORTS,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'lasting',
  SECURITY_DISABLED: 'lasting',
  // Another partition of the request failed; its error says what to do.
  OPERATION_NOT_ATTEMPTED: ABORTS,
  KAFKA_STORAGE_ERROR: 'repeat',
  LOG_DIR_NOT_FOUND: 'lasting',
  SASL_AUTHENTICATION_FAILED: 'lasting',
  UNKNOWN_PRODUCER_ID: ABORTS,
  REASSIGNMENT_IN_PROGRESS: 'repeat',
  DELEGATION_TOKEN_AUTH_DISABLED: 'lasting',
  DELEGATION_TOKEN_NOT_FOUND: 'lasting',
  DELEGATION_TOKEN_OWNER_MISMATCH: 'lasting',
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: 'lasting',
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: 'lasting',
  DELEGATION_TOKEN_EXPIRED: 'lasting',
  INVALID_PRINCIPAL_TYPE: 'lasting',
  NON_EMPTY_GROUP: 'lasting',
  GROUP_ID_NOT_FOUND: ['lasting', at('rejoin', ...OF_GROUP)],
  FETCH_SESSION_ID_NOT_FOUND: 'repeat',
  INVALID_FETCH_SESSION_EPOCH: 'repeat',
  LISTENER_NOT_FOUND: 'repeat',
  TOPIC_DELETION_DISABLED: 'lasting',
  FENCED_LEADER_EPOCH: 'repeat',
  UNKNOWN_LEADER_EPOCH: 'repeat',
  UNSUPPORTED_COMPRESSION_TYPE: 'lasting',
  STALE_BROKER_EPOCH: 'repeat',
  OFFSET_NOT_AVAILABLE: 'repeat',
  MEMBER_ID_REQUIRED: MOVES_ON,
  PREFERRED_LEADER_NOT_AVAILABLE: 'repeat',
  GROUP_MAX_SIZE_REACHED: 'lasting',
  // At a commit our own join may have replaced the member that began it: the next join finds out whether somebody else has.
  FENCED_INSTANCE_ID: ['lasting', at('rejoin', 'TxnOffsetCommit', 'OffsetCommit')],
  ELIGIBLE_LEADERS_NOT_AVAILABLE: 'repeat',
  ELECTION_NOT_NEEDED: 'repeat',
  NO_REASSIGNMENT_IN_PROGRESS: 'lasting',
  GROUP_SUBSCRIBED_TO_TOPIC: 'lasting',
  INVALID_RECORD: REJECTS_RECORDS,
  UNSTABLE_OFFSET_COMMIT: 'repeat',
  THROTTLING_QUOTA_EXCEEDED: 'repeat',
  PRODUCER_FENCED: FENCES,
  RESOURCE_NOT_FOUND: 'lasting',
  DUPLICATE_RESOURCE: 'lasting',
  UNACCEPTABLE_CREDENTIAL: 'lasting',
  INCONSISTENT_VOTER_SET: 'lasting',
  INVALID_UPDATE_VERSION: 'lasting',
  FEATURE_UPDATE_FAILED: 'lasting',
  PRINCIPAL_DESERIALIZATION_FAILURE: 'lasting',
  SNAPSHOT_NOT_FOUND: 'lasting',
  POSITION_OUT_OF_RANGE: 'lasting',
  UNKNOWN_TOPIC_ID: 'repeat',
  DUPLICATE_BROKER_REGISTRATION: 'lasting',
  BROKER_ID_NOT_REGISTERED: 'lasting',
  INCONSISTENT_TOPIC_ID: 'repeat',
  INCONSISTENT_CLUSTER_ID: 'lasting',
  TRANSACTIONAL_ID_NOT_FOUND: FENCES,
  FETCH_SESSION_TOPIC_ID_ERROR: 'repeat',
  INELIGIBLE_REPLICA: 'lasting',
  NEW_LEADER_ELECTED: 'repeat',
  OFFSET_MOVED_TO_TIERED_STORAGE: 'lasting',
  FENCED_MEMBER_EPOCH: MOVES_ON,
  UNRELEASED_INSTANCE_ID: 'repeat',
  UNSUPPORTED_ASSIGNOR: 'lasting',
  STALE_MEMBER_EPOCH: MOVES_ON,
  MISMATCHED_ENDPOINT_TYPE: 'lasting',
  UNSUPPORTED_ENDPOINT_TYPE: 'lasting',
  UNKNOWN_CONTROLLER_ID: 'lasting',
  UNKNOWN_SUBSCRIPTION_ID: 'lasting',
  TELEMETRY_TOO_LARGE: 'lasting',
  INVALID_REGISTRATION: 'lasting',
  TRANSACTION_ABORTABLE: ABORTS,
  INVALID_RECORD_STATE: 'lasting',
  SHARE_SESSION_NOT_FOUND: 'repeat',
  INVALID_SHARE_SESSION_EPOCH: 'repeat',
  FENCED_STATE_EPOCH: 'lasting',
  INVALID_VOTER_KEY: 'lasting',
  DUPLICATE_VOTER: 'lasting',
  VOTER_NOT_FOUND: 'lasting',
  INVALID_REGULAR_EXPRESSION: 'lasting',
  // The client begins again at the addresses it was given.
  REBOOTSTRAP_REQUIRED: 'repeat',
  STREAMS_INVALID_TOPOLOGY: 'lasting',
  STREAMS_INVALID_TOPOLOGY_EPOCH: 'lasting',
  STREAMS_TOPOLOGY_FENCED: 'lasting',
  SHARE_SESSION_LIMIT_REACHED: 'repeat',
  GROUP_DELETION_FAILED: 'lasting',
  STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED: 'lasting',
  CONTROLLER_ID_NOT_REGISTERED: 'lasting',
}

const KINDS: Readonly<Record<Remedy, ErrorKind>> = {
  repeat: 'passing',
  abort: 'passing',
  rejoin: 'passing',
  // Whoever owns the id decides whether to take it back: nothing is repeated by itself.
  fenced: 'instance',
  record: 'record',
  task: 'task',
  lasting: 'instance',
}

/** `code` is not 0. */
export function remedyFor(request: RequestName, code: number): Remedy {
  const name = kafkaErrorName(code)
  const row = Object.hasOwn(TABLE, name) ? TABLE[name as keyof typeof TABLE] : TABLE.UNKNOWN_SERVER_ERROR
  return typeof row === 'string' ? row : (row[1][request] ?? row[0])
}

export function errorKindOf(remedy: Remedy): ErrorKind {
  return KINDS[remedy]
}
