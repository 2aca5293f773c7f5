/** Every error of Kafka at every request we send: what it is taken for, and that this is what happens. */
import t from 'tap'
import { brokerError } from '../../lib/client/broker-error.js'
import { REQUEST_NAMES, type Remedy, type RequestName, remedyFor } from '../../lib/client/error-kinds.js'
import { TransactionManager } from '../../lib/client/transaction/transaction-manager.js'
import { BatchBuilder, KAFKA_ERROR, type KafkaErrorName } from '../../lib/protocol/index.js'
import { answers, refused, type Script, ScriptedBroker } from './scripted-broker.js'

const E = KAFKA_ERROR
const CODES = Object.values(E).filter((code) => code !== E.NONE)
const nameOf = new Map<number, string>(Object.entries(E).map(([name, code]) => [code, name]))

/** Those whose exception is a RetriableException in kafka-clients 4.4.0. */
const RETRIABLE_IN_JAVA: readonly KafkaErrorName[] = [
  ...(['CORRUPT_MESSAGE', 'UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_OR_FOLLOWER'] as const),
  ...(['REQUEST_TIMED_OUT', 'REPLICA_NOT_AVAILABLE', 'NETWORK_EXCEPTION', 'COORDINATOR_LOAD_IN_PROGRESS'] as const),
  ...(['COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR', 'NOT_ENOUGH_REPLICAS', 'NOT_CONTROLLER'] as const),
  ...(['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'CONCURRENT_TRANSACTIONS', 'KAFKA_STORAGE_ERROR'] as const),
  ...(['FETCH_SESSION_ID_NOT_FOUND', 'INVALID_FETCH_SESSION_EPOCH', 'LISTENER_NOT_FOUND'] as const),
  ...(['FENCED_LEADER_EPOCH', 'UNKNOWN_LEADER_EPOCH', 'OFFSET_NOT_AVAILABLE', 'ELECTION_NOT_NEEDED'] as const),
  ...(['PREFERRED_LEADER_NOT_AVAILABLE', 'ELIGIBLE_LEADERS_NOT_AVAILABLE', 'UNSTABLE_OFFSET_COMMIT'] as const),
  ...(['THROTTLING_QUOTA_EXCEEDED', 'UNKNOWN_TOPIC_ID', 'INCONSISTENT_TOPIC_ID'] as const),
  ...(['FETCH_SESSION_TOPIC_ID_ERROR', 'SHARE_SESSION_NOT_FOUND', 'INVALID_SHARE_SESSION_EPOCH'] as const),
  ...(['SHARE_SESSION_LIMIT_REACHED'] as const),
]

/** An ApplicationRecoverableException there (KIP-1050): the transaction is lost, the application goes on. */
const RECOVERABLE_IN_JAVA: readonly KafkaErrorName[] = [
  ...(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'] as const),
  ...(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING'] as const),
]

/** An AuthorizationException, AuthenticationException or another InvalidConfigurationException there: it lasts. */
const CONFIGURATION_IN_JAVA: readonly KafkaErrorName[] = [
  ...(['INVALID_TOPIC_EXCEPTION', 'RECORD_LIST_TOO_LARGE', 'INVALID_REQUIRED_ACKS', 'INVALID_RECORD'] as const),
  ...(['TOPIC_AUTHORIZATION_FAILED', 'GROUP_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED'] as const),
  ...(['UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE', 'SASL_AUTHENTICATION_FAILED'] as const),
  ...(['UNSUPPORTED_VERSION', 'INVALID_REPLICATION_FACTOR', 'INVALID_CONFIG'] as const),
  ...(['UNSUPPORTED_FOR_MESSAGE_FORMAT', 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED'] as const),
  ...(['DELEGATION_TOKEN_AUTHORIZATION_FAILED'] as const),
]

/** Repeated by us although Java's class does not say so, and why. */
const MORE_REPEATED: Readonly<Partial<Record<KafkaErrorName, string>>> = {
  UNKNOWN_SERVER_ERROR: 'whatever it was, the next attempt meets another moment, and the time is limited',
  BROKER_NOT_AVAILABLE: 'it comes back',
  STALE_CONTROLLER_EPOCH: 'the controller moved',
  NEW_LEADER_ELECTED: 'the leader moved',
  STALE_BROKER_EPOCH: 'the broker restarts',
  REASSIGNMENT_IN_PROGRESS: 'it ends',
  REBOOTSTRAP_REQUIRED: 'KIP-1102',
  UNRELEASED_INSTANCE_ID: 'the member before is about to leave',
  OPERATION_NOT_ATTEMPTED: 'another part of the request failed',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'of transactions: elsewhere it means nothing',
  DUPLICATE_SEQUENCE_NUMBER: 'of transactions',
  INVALID_PRODUCER_EPOCH: 'of transactions',
  INVALID_TXN_STATE: 'of transactions',
  INVALID_PRODUCER_ID_MAPPING: 'of transactions',
  TRANSACTION_COORDINATOR_FENCED: 'of transactions',
  UNKNOWN_PRODUCER_ID: 'of transactions',
  PRODUCER_FENCED: 'of transactions',
  TRANSACTIONAL_ID_NOT_FOUND: 'of transactions',
  TRANSACTION_ABORTABLE: 'of transactions',
  ILLEGAL_GENERATION: 'of groups',
  UNKNOWN_MEMBER_ID: 'of groups',
  REBALANCE_IN_PROGRESS: 'of groups',
  MEMBER_ID_REQUIRED: 'of groups',
  FENCED_MEMBER_EPOCH: 'of groups',
  STALE_MEMBER_EPOCH: 'of groups',
}
const NAMED_TWICE = new Set<string>([...RETRIABLE_IN_JAVA, ...Object.keys(MORE_REPEATED)])

t.test('what is repeated is what Java repeats, and what is listed here with a reason', async (t) => {
  t.equal(CODES.length, 137, 'all of Kafka 4.4: -1 and 1 to 136')
  const differing: string[] = []
  for (const code of CODES) {
    const name = nameOf.get(code)!
    for (const request of REQUEST_NAMES) {
      const remedy = remedyFor(request, code)
      if (remedy === 'repeat' && !NAMED_TWICE.has(name)) differing.push(`${request} ${name}: repeated`)
      const passes = (RETRIABLE_IN_JAVA as readonly string[]).includes(name)
      if (passes && remedy !== 'repeat') differing.push(`${request} ${name}: ${remedy}`)
    }
  }
  t.same(differing, [])
})

t.test('what Java recovers from does not end an instance; what it calls configuration is never repeated', async (t) => {
  for (const name of RECOVERABLE_IN_JAVA) {
    t.match(remedyFor('TxnOffsetCommit', E[name]), /fenced|rejoin/, name)
    t.not(remedyFor('Produce', E[name]), name === 'FENCED_INSTANCE_ID' ? '' : 'lasting', name)
  }
  for (const name of CONFIGURATION_IN_JAVA) {
    for (const request of REQUEST_NAMES) t.match(remedyFor(request, E[name]), /lasting|record/, `${request} ${name}`)
  }
})

t.test('errors say their kind; a code nobody knows yet is an unknown server error', async (t) => {
  const kinds = { repeat: 'passing', abort: 'passing', rejoin: 'passing', fenced: 'instance' } as const
  const lasting = { record: 'record', task: 'task', lasting: 'instance' } as const
  const wrong: string[] = []
  for (const code of CODES) {
    for (const request of REQUEST_NAMES) {
      const error = brokerError(code, request, 'thing')
      const kind = { ...kinds, ...lasting }[error.remedy]
      if (error.kind !== kind || error.retriable !== (kind === 'passing')) wrong.push(error.message)
    }
  }
  t.same(wrong, [])
  for (const request of REQUEST_NAMES) {
    t.equal(remedyFor(request, 9_999), remedyFor(request, E.UNKNOWN_SERVER_ERROR), request)
  }
})

const IDENTITY = { groupId: 'g', memberId: 'm', generationId: 3, groupInstanceId: 'i' }
const OFFSETS = [{ topic: 'in', partition: 0, offset: 5, metadata: 'x' }]

function batch() {
  const builder = new BatchBuilder()
  builder.append(1, null, Buffer.from('v'))
  return { topic: 'out', partition: 0, builder }
}

const partitionsRefused =
  (partitionErrorCode: number): Script =>
  () => ({
    throttleTimeMs: 0,
    resultsByTopicV3AndBelow: [{ name: 'out', resultsByPartition: [{ partitionIndex: 0, partitionErrorCode }] }],
  })
const offsetsRefused =
  (errorCode: number): Script =>
  () => ({ throttleTimeMs: 0, topics: [{ name: 'in', partitions: [{ partitionIndex: 0, errorCode }] }] })
const coordinatorRefused =
  (errorCode: number): Script =>
  (request) => ({
    coordinators: (request.coordinatorKeys as string[]).map((key) => ({
      key,
      nodeId: 0,
      host: '',
      port: 0,
      errorCode,
    })),
  })

const TRANSACTIONAL: readonly (readonly [RequestName, (code: number) => Script])[] = [
  ['AddPartitionsToTxn', partitionsRefused],
  ['Produce', refused],
  ['AddOffsetsToTxn', answers],
  ['TxnOffsetCommit', offsetsRefused],
  ['EndTxn', answers],
]

/** The outcome of a transaction in which one request was answered once with an error. */
const OUTCOMES: Readonly<Record<Remedy, { readonly kind: string; readonly causeKind?: string }>> = {
  repeat: { kind: 'committed' },
  abort: { kind: 'aborted', causeKind: 'passing' },
  rejoin: { kind: 'staleGeneration' },
  fenced: { kind: 'fenced', causeKind: 'instance' },
  record: { kind: 'aborted', causeKind: 'record' },
  task: { kind: 'aborted', causeKind: 'task' },
  lasting: { kind: 'aborted', causeKind: 'instance' },
}
for (const [request, script] of TRANSACTIONAL) {
  t.test(`${request}: one error of each kind in a transaction, then the next is committed`, async (t) => {
    const wrong: string[] = []
    for (const code of CODES) {
      if (request === 'Produce' && code === E.DUPLICATE_SEQUENCE_NUMBER) continue
      const name = `${request} ${nameOf.get(code)}`
      const broker = new ScriptedBroker()
      const transactions = new TransactionManager({ cluster: broker.cluster, transactionalId: 'tx' })
      await transactions.init()
      broker.on(request, script(code))
      const outcome = await transactions.run([batch()], OFFSETS, IDENTITY)
      const remedy = remedyFor(request, code)
      // After EndTxn alone a transaction may be committed although the answer is an error.
      const open = request === 'EndTxn' && !['repeat', 'fenced'].includes(remedy)
      const expected = open ? { kind: 'unknown' } : OUTCOMES[remedy]
      const cause = 'cause' in outcome ? (outcome.cause as { kind: string }).kind : undefined
      const seen = `${outcome.kind} ${expected.causeKind === undefined ? '' : cause}`
      if (seen !== `${expected.kind} ${expected.causeKind ?? ''}`) wrong.push(`${name}: ${seen}`)
      if (transactions.state !== 'ready') await transactions.init()
      const next = await transactions.run([batch()], OFFSETS, IDENTITY)
      if (next.kind !== 'committed') wrong.push(`${name}: the next transaction is ${next.kind}`)
      await broker.cluster.close()
    }
    t.same(wrong, [])
  })
}

for (const [request, script] of [
  ['InitProducerId', answers],
  ['FindCoordinator', coordinatorRefused],
] as const) {
  t.test(`${request}: what passes is waited for, what lasts is told`, async (t) => {
    const wrong: string[] = []
    for (const code of CODES) {
      const broker = new ScriptedBroker()
      const transactions = new TransactionManager({ cluster: broker.cluster, transactionalId: 'tx' })
      broker.on(request, script(code), script(code))
      const ended = await transactions.init().then(
        () => 'ready',
        (error) => error.kind,
      )
      const expected = remedyFor(request, code) === 'repeat' ? 'ready' : brokerError(code, request, 'it').kind
      if (ended !== expected) wrong.push(`${request} ${nameOf.get(code)}: ${ended}`)
      await broker.cluster.close()
    }
    t.same(wrong, [])
  })
}
