/** Turns a broker's numeric error into a coded error that says what failed, where, and what to do. */
import { type ErrorCode, type ErrorDetails, MillraceError } from '../errors.js'
import { KAFKA_ERROR, kafkaErrorName } from '../protocol/error-codes.js'
import { errorKindOf, type Remedy, type RequestName, remedyFor } from './error-kinds.js'

const E = KAFKA_ERROR

const AUTHORIZATION: ReadonlySet<number> = new Set<number>([
  E.TOPIC_AUTHORIZATION_FAILED,
  E.GROUP_AUTHORIZATION_FAILED,
  E.CLUSTER_AUTHORIZATION_FAILED,
  E.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
])
const LEADER_MOVED: ReadonlySet<number> = new Set<number>([
  E.UNKNOWN_TOPIC_OR_PARTITION,
  E.LEADER_NOT_AVAILABLE,
  E.NOT_LEADER_OR_FOLLOWER,
  E.REPLICA_NOT_AVAILABLE,
  E.KAFKA_STORAGE_ERROR,
  E.FENCED_LEADER_EPOCH,
  E.UNKNOWN_LEADER_EPOCH,
  E.UNKNOWN_TOPIC_ID,
  E.INCONSISTENT_TOPIC_ID,
  E.NOT_CONTROLLER,
  E.STALE_CONTROLLER_EPOCH,
  E.NEW_LEADER_ELECTED,
])
const COORDINATOR_MOVED: ReadonlySet<number> = new Set<number>([E.NOT_COORDINATOR, E.COORDINATOR_NOT_AVAILABLE])

/** What a request is called in messages, where its own name is not what an operator grants. */
const OPERATIONS: Partial<Record<RequestName, string>> = {
  FindCoordinator: 'Describe',
  IdempotentProduce: 'Write',
  Metadata: 'Describe',
  Produce: 'Write',
}

/** What a broker answered, with what to do about it at this request. */
export class BrokerError extends MillraceError {
  readonly remedy: Remedy

  constructor(code: ErrorCode, message: string, remedy: Remedy, details: ErrorDetails) {
    super(code, message, { ...details, kind: errorKindOf(remedy) })
    this.remedy = remedy
  }
}

/**
 * `resource` reads as in "Write on topic orders-3"; the broker's own text, where it sent one, is `detail`. Zero is no
 * error and must not be passed.
 */
export function brokerError(
  kafkaCode: number,
  request: RequestName,
  resource: string,
  details: ErrorDetails & { readonly detail?: string | null } = {},
): BrokerError {
  const { detail, ...where } = details
  const remedy = remedyFor(request, kafkaCode)
  const what = `${OPERATIONS[request] ?? request} on ${resource}`
  const [code, text] = worded(kafkaCode, remedy, what, detail ? ` (${detail})` : '')
  return new BrokerError(code, text, remedy, { ...where, kafkaCode })
}

function worded(kafkaCode: number, remedy: Remedy, what: string, detail: string): [ErrorCode, string] {
  const name = kafkaErrorName(kafkaCode)
  if (AUTHORIZATION.has(kafkaCode)) {
    return ['CLIENT_AUTHORIZATION', `Not authorized: ${what}${detail}; grant it to this principal.`]
  }
  if (remedy === 'fenced') return ['CLIENT_FENCED', `${what} was fenced: ${name}${detail}.`]
  if (kafkaCode === E.FENCED_INSTANCE_ID) {
    return ['GROUP_INSTANCE_FENCED', `${what} failed: another process uses this group instance id.`]
  }
  if (remedy === 'rejoin') return ['GROUP_STALE_GENERATION', `${what} failed: ${name}${detail}; join again.`]
  if (kafkaCode === E.OFFSET_OUT_OF_RANGE) return ['CLIENT_OFFSET_OUT_OF_RANGE', `${what} failed: ${name}${detail}.`]
  return ['CLIENT_REQUEST_FAILED', `${what} failed: ${name}${detail}.`]
}

/** What to do about an error that a broker answered; null for any other. */
export function remedyOf(error: unknown): Remedy | null {
  return error instanceof BrokerError ? error.remedy : null
}

/** Whether the same request may be sent again after a pause. */
export function mayRepeat(error: unknown): error is MillraceError {
  return error instanceof BrokerError ? error.remedy === 'repeat' : error instanceof MillraceError && error.retriable
}

/** A topic the cluster does not have. */
export function topicMissing(topic: string): MillraceError {
  return new MillraceError(
    'CLIENT_TOPIC_MISSING',
    `Topic "${topic}" does not exist on the brokers; create it or correct its name.`,
    { topic, kafkaCode: E.UNKNOWN_TOPIC_OR_PARTITION },
  )
}

/** A partition the topic does not have, or has no more. */
export function partitionMissing(topic: string, partition: number, partitions: number): MillraceError {
  return new MillraceError(
    'CLIENT_PARTITION_MISSING',
    `Topic "${topic}" has ${partitions} partitions and no partition ${partition}.`,
    { topic, partition, kafkaCode: E.UNKNOWN_TOPIC_OR_PARTITION },
  )
}

/** Whether the error says that the partition's leader, or the topic behind the name, changed. */
export function isLeaderMoved(code: number | undefined): boolean {
  return code !== undefined && LEADER_MOVED.has(code)
}

/** Whether the error says that the group's or transaction's coordinator moved. */
export function isCoordinatorMoved(code: number | undefined): boolean {
  return code !== undefined && COORDINATOR_MOVED.has(code)
}
