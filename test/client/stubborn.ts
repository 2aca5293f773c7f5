/** Brokers that never give in, and every loop of the client that asks them again. */
import { Admin } from '../../lib/client/admin.js'
import { Fetcher } from '../../lib/client/fetcher.js'
import { GroupMember } from '../../lib/client/group-member.js'
import { commitOffsets, committedOffsets } from '../../lib/client/group-offsets.js'
import { listOffsets } from '../../lib/client/list-offsets.js'
import { IdempotentProducer } from '../../lib/client/producer.js'
import { TransactionManager } from '../../lib/client/transaction/transaction-manager.js'
import { untilStable } from '../../lib/client/until-stable.js'
import { BatchBuilder, KAFKA_ERROR } from '../../lib/protocol/index.js'
import { answers, metadata, refused, type Script, type ScriptedBroker } from './scripted-broker.js'

const E = KAFKA_ERROR
const TP = { topic: 'in', partition: 0 }
const IDENTITY = { groupId: 'g', memberId: 'm', generationId: 3, groupInstanceId: null }
const ROW = { ...TP, offset: 5, metadata: '' }
export const drop: Script = () => 'drop'

function batch() {
  const builder = new BatchBuilder()
  builder.append(1, null, Buffer.from('v'))
  return { ...TP, builder }
}

const topicsWith =
  (name: 'topics' | 'results' | 'responses', errorCode: number): Script =>
  () => ({ throttleTimeMs: 0, [name]: [{ name: 'in', errorCode, partitions: [{ partitionIndex: 0, errorCode }] }] })
const noLeader: Script = (request) => metadata((request.topics as { name: string }[]) ?? [], -1)
/** It has just gone: the partitions still name it, and the list of brokers does not. */
const leaderGone: Script = (request) => metadata((request.topics as { name: string }[]) ?? [], 7)
const notYet: Script = (request) => metadata((request.topics as { name: string }[]) ?? [], 0, E.LEADER_NOT_AVAILABLE)
export const coordinator =
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
const offsetsFound =
  (errorCode: number): Script =>
  () => ({
    groups: [
      {
        groupId: 'g',
        errorCode: 0,
        topics: [{ name: 'in', partitions: [{ partitionIndex: 0, committedOffset: 1, metadata: '', errorCode }] }],
      },
    ],
  })
const added =
  (partitionErrorCode: number): Script =>
  () => ({
    throttleTimeMs: 0,
    resultsByTopicV3AndBelow: [{ name: 'in', resultsByPartition: [{ partitionIndex: 0, partitionErrorCode }] }],
  })
const fetched =
  (partition: object | null): Script =>
  (request) => ({
    errorCode: 0,
    responses:
      partition === null
        ? []
        : (request.topics as { topicId: string }[]).map(({ topicId }) => ({
            topicId,
            partitions: [
              {
                partitionIndex: 0,
                errorCode: 0,
                highWatermark: 1,
                abortedTransactions: null,
                records: null,
                ...partition,
              },
            ],
          })),
  })
export const joined =
  (errorCode: number): Script =>
  () => ({ errorCode, generationId: 1, protocolName: 'p', leader: 'other', memberId: 'me', members: [] })
const ends =
  (offset: (isolation: number) => number): Script =>
  (request) => ({
    topics: [
      {
        name: 'in',
        partitions: [0, 1, 2, 3].map((partitionIndex) => ({
          partitionIndex,
          errorCode: 0,
          timestamp: -1,
          offset: offset(request.isolationLevel as number),
        })),
      },
    ],
  })

export function memberOf({ cluster, clock }: ScriptedBroker): GroupMember {
  return new GroupMember({
    cluster,
    clock,
    groupId: 'g',
    groupInstanceId: null,
    sessionTimeoutMs: 45_000,
    rebalanceTimeoutMs: 60_000,
    maxPollIntervalMs: 300_000,
    heartbeatIntervalMs: 3_000,
    protocolName: 'p',
    subscription: () => ({ topics: ['in'], userData: Buffer.alloc(0) }),
    assign: () => new Map(),
  })
}

async function transaction(broker: ScriptedBroker): Promise<unknown> {
  const transactions = new TransactionManager({ cluster: broker.cluster, transactionalId: 'tx' })
  await transactions.init()
  return transactions.run([batch()], [ROW], IDENTITY)
}

async function outsideTransactions({ cluster }: ScriptedBroker): Promise<unknown> {
  return new IdempotentProducer({ cluster }).send([batch()])
}

function syncing(broker: ScriptedBroker): Promise<unknown> {
  broker.always('JoinGroup', joined(0))
  return memberOf(broker).join()
}

/** Never ends by itself, as a consumer's fetch does not: it ends with the client. */
function fetching({ cluster }: ScriptedBroker): Promise<unknown> {
  return new Promise((_, reject) => {
    const fetcher = new Fetcher({ cluster, isolation: 'readCommitted', onError: reject })
    fetcher.add(TP, 5)
  })
}

export interface Loop {
  readonly name: string
  /** Which request is sent again and again. */
  readonly api: string
  readonly script: Script
  readonly act: (broker: ScriptedBroker) => Promise<unknown>
  /** It ends within this time; null: it goes on until the client closes. */
  readonly endsMs: number | null
  /** Most attempts in its time, if other than what doubling pauses make of it. */
  readonly attempts?: number
  /** Attempts that come at once, for a reason that is no failure. */
  readonly atOnce?: number
  /** Not the first connection: what cannot be reached at the start is told at once. */
  readonly afterStart?: boolean
}

type More = Pick<Loop, 'attempts' | 'atOnce' | 'afterStart'>
type Row = readonly [name: string, api: string, script: Script, act: Loop['act'], endsMs: number | null, more?: More]

const REQUEST_MS = 6_000
const TRANSACTION_MS = 12_000
const DELIVERY_MS = 122_000
const empty =
  (results: object): Script =>
  () => ({ throttleTimeMs: 0, ...results })
const before = batch().builder.build({ baseOffset: 0 })
const changed = Buffer.from(batch().builder.build({ baseOffset: 5 }))
changed[changed.length - 1]! ^= 1
const sizeless = Buffer.from(changed)
sizeless.writeInt32BE(-1, 8)
const missing: Script = () => metadata([{ name: 'in' }], 0, E.UNKNOWN_TOPIC_OR_PARTITION)
const rebootstrap: Script = () => ({ ...metadata([]), errorCode: E.REBOOTSTRAP_REQUIRED })
const unstable = ends((isolation) => (isolation === 1 ? 0 : 1))
const topic: Loop['act'] = ({ cluster }) => cluster.topic('in')
const list: Loop['act'] = ({ cluster }) => listOffsets(cluster, [TP], 'latest', 'readCommitted')
const stable: Loop['act'] = ({ cluster }) => untilStable(cluster, ['in'])
const offsets: Loop['act'] = ({ cluster }) => committedOffsets(cluster, 'g', [TP], { requireStable: true })
const commit: Loop['act'] = ({ cluster }) => commitOffsets(cluster, [ROW], IDENTITY)
const join: Loop['act'] = (broker) => memberOf(broker).join()
const admin =
  (act: (admin: Admin) => Promise<unknown>): Loop['act'] =>
  ({ cluster }) =>
    act(new Admin(cluster))
const create = admin((to) => to.createTopics([{ name: 'in', partitions: 1 }]))
const grow = admin((to) => to.createPartitions('in', 9))
const remove = admin((to) => to.deleteTopics(['in']))
const trim = admin((to) => to.deleteRecords([ROW]))
const removeGroup = admin((to) => to.deleteGroup('g'))
const describe = admin((to) => to.describeConfigs('in'))
const alter = admin((to) => to.incrementalAlterConfigs('in', { a: '1' }))
const groups = empty({ results: [{ groupId: 'g', errorCode: E.NOT_COORDINATOR }] })
const configs = empty({ results: [{ errorCode: E.UNKNOWN_SERVER_ERROR, resourceName: 'in', configs: [] }] })
const altered = empty({ responses: [{ errorCode: E.NOT_CONTROLLER, resourceName: 'in' }] })
const noLeaderYet = topicsWith('topics', E.NOT_LEADER_OR_FOLLOWER)

const ROWS: readonly Row[] = [
  ['metadata: a topic that settles', 'Metadata', notYet, topic, REQUEST_MS],
  ['metadata: no broker answers', 'Metadata', drop, topic, REQUEST_MS, { afterStart: true }],
  ['metadata: begin again', 'Metadata', rebootstrap, topic, REQUEST_MS],
  ['metadata: a topic that is missing', 'Metadata', missing, topic, 2_500],
  ['coordinator', 'FindCoordinator', coordinator(E.COORDINATOR_NOT_AVAILABLE), offsets, 13_000],
  ['list offsets: not the leader', 'ListOffsets', noLeaderYet, list, REQUEST_MS],
  ['list offsets: left out of the answer', 'ListOffsets', empty({ topics: [] }), list, REQUEST_MS],
  ['list offsets: the connection drops', 'ListOffsets', drop, list, REQUEST_MS],
  ['list offsets: no leader', 'Metadata', noLeader, list, REQUEST_MS],
  ['list offsets: the leader is no broker', 'Metadata', leaderGone, list, REQUEST_MS],
  // First where the topic ends, then how much of it is stable.
  ['a transaction stays open', 'ListOffsets', unstable, stable, 11_000, { attempts: 140, atOnce: 1 }],
  ['offsets: unstable', 'OffsetFetch', offsetsFound(E.UNSTABLE_OFFSET_COMMIT), offsets, 121_000, { attempts: 1_600 }],
  ['offsets: the coordinator moves', 'OffsetFetch', offsetsFound(E.NOT_COORDINATOR), offsets, REQUEST_MS],
  ['commit', 'OffsetCommit', topicsWith('topics', E.COORDINATOR_LOAD_IN_PROGRESS), commit, REQUEST_MS],
  ['create topics: the controller moves', 'CreateTopics', topicsWith('topics', E.NOT_CONTROLLER), create, REQUEST_MS],
  ['create topics: throttled', 'CreateTopics', topicsWith('topics', E.THROTTLING_QUOTA_EXCEEDED), create, REQUEST_MS],
  ['create partitions', 'CreatePartitions', topicsWith('results', E.REASSIGNMENT_IN_PROGRESS), grow, REQUEST_MS],
  ['delete topics', 'DeleteTopics', topicsWith('responses', E.REQUEST_TIMED_OUT), remove, REQUEST_MS],
  ['delete records', 'DeleteRecords', noLeaderYet, trim, REQUEST_MS],
  ['delete a group', 'DeleteGroups', groups, removeGroup, REQUEST_MS],
  ['describe configs', 'DescribeConfigs', configs, describe, REQUEST_MS],
  ['alter configs', 'IncrementalAlterConfigs', altered, alter, REQUEST_MS],
  ['producer id', 'InitProducerId', answers(E.COORDINATOR_LOAD_IN_PROGRESS), outsideTransactions, REQUEST_MS],
  // The end of the transaction before takes milliseconds: polled fast for a second.
  ['init: busy', 'InitProducerId', answers(E.CONCURRENT_TRANSACTIONS), transaction, TRANSACTION_MS, { attempts: 250 }],
  ['init: no answer', 'InitProducerId', drop, transaction, TRANSACTION_MS],
  ['add: busy', 'AddPartitionsToTxn', added(E.CONCURRENT_TRANSACTIONS), transaction, TRANSACTION_MS, { attempts: 250 }],
  ['add: the coordinator moves', 'AddPartitionsToTxn', added(E.NOT_COORDINATOR), transaction, TRANSACTION_MS],
  ['add offsets', 'AddOffsetsToTxn', answers(E.COORDINATOR_LOAD_IN_PROGRESS), transaction, TRANSACTION_MS],
  ['send offsets', 'TxnOffsetCommit', topicsWith('topics', E.COORDINATOR_NOT_AVAILABLE), transaction, TRANSACTION_MS],
  ['end', 'EndTxn', answers(E.NOT_COORDINATOR), transaction, TRANSACTION_MS],
  ['produce in a transaction', 'Produce', refused(E.NOT_ENOUGH_REPLICAS), transaction, TRANSACTION_MS],
  // First whether the topic is there, then where its leader is.
  ['produce in a transaction: no leader', 'Metadata', noLeader, transaction, TRANSACTION_MS, { atOnce: 1 }],
  [
    'produce in a transaction: the leader is no broker',
    'Metadata',
    leaderGone,
    transaction,
    TRANSACTION_MS,
    { atOnce: 1 },
  ],
  ['produce: the leader is no broker', 'Metadata', leaderGone, outsideTransactions, DELIVERY_MS],
  ['produce: no answer', 'Produce', drop, outsideTransactions, DELIVERY_MS],
  ['produce: not the leader', 'Produce', refused(E.NOT_LEADER_OR_FOLLOWER), outsideTransactions, DELIVERY_MS],
  ['fetch: not the leader', 'Fetch', fetched({ errorCode: E.NOT_LEADER_OR_FOLLOWER }), fetching, null],
  ['fetch: an error of the broker', 'Fetch', answers(E.UNKNOWN_SERVER_ERROR), fetching, null],
  ['fetch: the connection drops', 'Fetch', drop, fetching, null],
  ['fetch: left out of the answer', 'Fetch', fetched(null), fetching, null],
  ['fetch: records before the position', 'Fetch', fetched({ records: before }), fetching, null],
  ['fetch: damaged on the broker', 'Fetch', fetched({ errorCode: E.CORRUPT_MESSAGE }), fetching, REQUEST_MS],
  ['fetch: a changed bit', 'Fetch', fetched({ records: changed }), fetching, REQUEST_MS],
  ['fetch: a batch of no length', 'Fetch', fetched({ records: sizeless }), fetching, REQUEST_MS],
  ['fetch: no leader', 'Metadata', noLeader, fetching, null],
  ['fetch: the leader is no broker', 'Metadata', leaderGone, fetching, null],
  ['join: the coordinator moves', 'JoinGroup', joined(E.NOT_COORDINATOR), join, null],
  ['join: the member is unknown', 'JoinGroup', joined(E.UNKNOWN_MEMBER_ID), join, null],
  // The coordinator names a member once (KIP-394).
  ['join: named again and again', 'JoinGroup', joined(E.MEMBER_ID_REQUIRED), join, null, { atOnce: 1 }],
  ['join: the group rebalances', 'JoinGroup', joined(E.REBALANCE_IN_PROGRESS), join, null],
  ['join: no answer', 'JoinGroup', drop, join, null],
  ['sync: the group rebalances', 'SyncGroup', answers(E.REBALANCE_IN_PROGRESS), syncing, null],
  ['sync: another generation', 'SyncGroup', answers(E.ILLEGAL_GENERATION), syncing, null],
]

/** Every loop of the client that asks again; heartbeats have their own test. */
export const LOOPS: readonly Loop[] = ROWS.map(([name, api, script, act, endsMs, more]) => ({
  name: `${api}, ${name}`,
  api,
  script,
  act,
  endsMs,
  ...more,
}))
