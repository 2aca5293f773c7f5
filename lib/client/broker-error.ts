/** Turns a broker's numeric error into a coded error that says what failed, on what, and what to do. */
import { type ErrorDetails, MillraceError } from '../errors.js'
import { isRetriableKafkaError, KAFKA_ERROR, kafkaErrorName } from '../protocol/error-codes.js'

const E = KAFKA_ERROR

const AUTHORIZATION: ReadonlySet<number> = new Set<number>([
  E.TOPIC_AUTHORIZATION_FAILED,
  E.GROUP_AUTHORIZATION_FAILED,
  E.CLUSTER_AUTHORIZATION_FAILED,
  E.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
])
const FENCED: ReadonlySet<number> = new Set<number>([
  E.INVALID_PRODUCER_EPOCH,
  E.PRODUCER_FENCED,
  E.TRANSACTION_COORDINATOR_FENCED,
])
const STALE_GENERATION: ReadonlySet<number> = new Set<number>([
  E.UNKNOWN_MEMBER_ID,
  E.ILLEGAL_GENERATION,
  E.REBALANCE_IN_PROGRESS,
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
])
const COORDINATOR_MOVED: ReadonlySet<number> = new Set<number>([E.NOT_COORDINATOR, E.COORDINATOR_NOT_AVAILABLE])

/**
 * `operation` and `resource` read as in "Produce to topic orders-3"; the broker's own text, where it sent one, is
 * `detail`. Zero is no error and must not be passed.
 */
export function brokerError(
  code: number,
  operation: string,
  resource: string,
  details: ErrorDetails & { readonly detail?: string | null } = {},
): MillraceError {
  const { detail, ...where } = details
  const name = kafkaErrorName(code)
  const text = detail ? ` (${detail})` : ''
  const more = { ...where, kafkaCode: code, retriable: isRetriableKafkaError(code) }
  if (AUTHORIZATION.has(code)) {
    return new MillraceError(
      'CLIENT_AUTHORIZATION',
      `Not authorized: ${operation} on ${resource}${text}; grant it to this principal.`,
      more,
    )
  }
  if (FENCED.has(code)) {
    return new MillraceError('CLIENT_FENCED', `${operation} on ${resource} was fenced: ${name}${text}.`, more)
  }
  if (code === E.FENCED_INSTANCE_ID) {
    return new MillraceError(
      'GROUP_INSTANCE_FENCED',
      `${operation} on ${resource} failed: another process uses this group instance id.`,
      more,
    )
  }
  if (STALE_GENERATION.has(code)) {
    return new MillraceError(
      'GROUP_STALE_GENERATION',
      `${operation} on ${resource} failed: ${name}${text}; join again.`,
      more,
    )
  }
  if (code === E.OFFSET_OUT_OF_RANGE) {
    return new MillraceError('CLIENT_OFFSET_OUT_OF_RANGE', `${operation} on ${resource} failed: ${name}${text}.`, more)
  }
  return new MillraceError('CLIENT_REQUEST_FAILED', `${operation} on ${resource} failed: ${name}${text}.`, more)
}

/** A topic the cluster does not have. */
export function topicMissing(topic: string): MillraceError {
  return new MillraceError(
    'CLIENT_TOPIC_MISSING',
    `Topic "${topic}" does not exist on the brokers; create it or correct its name.`,
    { topic, kafkaCode: E.UNKNOWN_TOPIC_OR_PARTITION },
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

/** Whether the broker says that this producer was replaced. */
export function isFenced(code: number | undefined): boolean {
  return code !== undefined && FENCED.has(code)
}
