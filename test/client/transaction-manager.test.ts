import t from 'tap'
import { TransactionManager } from '../../lib/client/transaction/transaction-manager.js'
import { BatchBuilder, KAFKA_ERROR, readBatches } from '../../lib/protocol/index.js'
import { answers, refused, type Script, ScriptedBroker } from './scripted-broker.js'

const E = KAFKA_ERROR
const IDENTITY = { groupId: 'g', memberId: 'm', generationId: 3, groupInstanceId: 'i' }
const OFFSETS = [{ topic: 'in', partition: 0, offset: 5, metadata: 'x' }]

function batch(partition = 0, records = 2) {
  const builder = new BatchBuilder()
  for (let i = 0; i < records; i++) builder.append(1, null, Buffer.from('v'))
  return { topic: 'out', partition, builder }
}

async function ready(options: { firstSequence?: number } = {}) {
  const broker = new ScriptedBroker()
  const transactions = new TransactionManager({
    cluster: broker.cluster,
    transactionalId: 'tx',
    transactionTimeoutMs: 4_000,
    ...options,
  })
  await transactions.init()
  return { broker, transactions }
}

function sequences(broker: ScriptedBroker): [epoch: number, sequence: number][] {
  return broker.named('Produce').flatMap(({ request }) =>
    (request.topicData as { partitionData: { records: Buffer }[] }[]).flatMap((topic) =>
      topic.partitionData.map(({ records }): [number, number] => {
        const [view] = readBatches(records)
        return [view!.producerEpoch, view!.baseSequence]
      }),
    ),
  )
}

const offsetsRefused =
  (errorCode: number): Script =>
  () => ({ throttleTimeMs: 0, topics: [{ name: 'in', partitions: [{ partitionIndex: 0, errorCode }] }] })
const partitionsRefused =
  (errorCode: number): Script =>
  () => ({
    throttleTimeMs: 0,
    resultsByTopicV3AndBelow: [
      { name: 'out', resultsByPartition: [{ partitionIndex: 0, partitionErrorCode: errorCode }] },
    ],
  })

t.test('a whole transaction: one AddPartitions, one Produce, the versions of transaction version 1', async (t) => {
  const { broker, transactions } = await ready()
  const outcome = await transactions.run([batch(0), batch(1)], OFFSETS, IDENTITY)
  t.equal(outcome.kind, 'committed')
  t.strictSame(
    broker.asked
      .filter(({ api }) => !/Metadata|FindCoordinator/.test(api))
      .map(({ api, version }) => `${api} ${version}`)
      .sort(),
    ['AddOffsetsToTxn 4', 'AddPartitionsToTxn 3', 'EndTxn 4', 'InitProducerId 5', 'Produce 11', 'TxnOffsetCommit 4'],
  )
  t.match(broker.named('TxnOffsetCommit')[0]?.request, { generationId: 3, memberId: 'm', groupInstanceId: 'i' })
  t.match(broker.named('InitProducerId')[0]?.request, {
    producerId: -1,
    producerEpoch: -1,
    transactionTimeoutMs: 4_000,
  })
})

t.test('an empty transaction asks nobody', async (t) => {
  const { broker, transactions } = await ready()
  t.equal((await transactions.run([], [], null)).kind, 'committed')
  t.equal(broker.named('EndTxn').length, 0)
})

t.test('sequences count records per partition and roll over at 2^31', async (t) => {
  const { broker, transactions } = await ready({ firstSequence: 2 ** 31 - 3 })
  for (let i = 0; i < 3; i++) await transactions.run([batch(0)], [], null)
  t.strictSame(sequences(broker), [
    [0, 2 ** 31 - 3],
    [0, 2 ** 31 - 1],
    [0, 1],
  ])
})

/** What happens on the way, and what is known afterwards. */
const ROWS: readonly {
  name: string
  api: string
  scripts: readonly Script[]
  outcome: string
  /** State afterwards. */
  state: string
  /** InitProducerId calls in all. */
  inits: number
}[] = [
  {
    name: 'the transaction before still completes',
    api: 'AddPartitionsToTxn',
    scripts: Array(9).fill(partitionsRefused(E.CONCURRENT_TRANSACTIONS)),
    outcome: 'committed',
    state: 'ready',
    inits: 1,
  },
  {
    name: 'the coordinator moved',
    api: 'AddPartitionsToTxn',
    scripts: [partitionsRefused(E.NOT_COORDINATOR)],
    outcome: 'committed',
    state: 'ready',
    inits: 1,
  },
  {
    name: 'AddPartitions gets no answer',
    api: 'AddPartitionsToTxn',
    scripts: [() => 'drop'],
    outcome: 'aborted',
    state: 'ready',
    inits: 2,
  },
  {
    name: 'AddPartitions: a right is missing',
    api: 'AddPartitionsToTxn',
    scripts: [partitionsRefused(E.TOPIC_AUTHORIZATION_FAILED)],
    outcome: 'aborted',
    state: 'ready',
    inits: 2,
  },
  {
    name: 'AddPartitions: fenced',
    api: 'AddPartitionsToTxn',
    scripts: [partitionsRefused(E.PRODUCER_FENCED)],
    outcome: 'fenced',
    state: 'fenced',
    inits: 1,
  },
  {
    name: 'Produce: the leader moved',
    api: 'Produce',
    scripts: [refused(E.NOT_LEADER_OR_FOLLOWER)],
    outcome: 'committed',
    state: 'ready',
    inits: 1,
  },
  {
    name: 'Produce gets no answer',
    api: 'Produce',
    scripts: [() => 'hang'],
    outcome: 'aborted',
    state: 'ready',
    inits: 2,
  },
  {
    name: 'Produce: out of order',
    api: 'Produce',
    scripts: [refused(E.OUT_OF_ORDER_SEQUENCE_NUMBER)],
    outcome: 'aborted',
    state: 'ready',
    inits: 2,
  },
  {
    name: 'Produce: too large',
    api: 'Produce',
    scripts: [refused(E.MESSAGE_TOO_LARGE)],
    outcome: 'aborted',
    state: 'ready',
    inits: 2,
  },
  {
    name: 'Produce: abortable',
    api: 'Produce',
    scripts: [refused(E.TRANSACTION_ABORTABLE)],
    outcome: 'aborted',
    state: 'ready',
    inits: 2,
  },
  {
    name: 'Produce: fenced',
    api: 'Produce',
    scripts: [refused(E.INVALID_PRODUCER_EPOCH)],
    outcome: 'fenced',
    state: 'fenced',
    inits: 1,
  },
  {
    name: 'offsets: stale generation',
    api: 'TxnOffsetCommit',
    scripts: [offsetsRefused(E.ILLEGAL_GENERATION)],
    outcome: 'staleGeneration',
    state: 'ready',
    inits: 1,
  },
  {
    name: 'offsets: unknown member',
    api: 'TxnOffsetCommit',
    scripts: [offsetsRefused(E.UNKNOWN_MEMBER_ID)],
    outcome: 'staleGeneration',
    state: 'ready',
    inits: 1,
  },
  {
    name: 'offsets: instance fenced',
    api: 'TxnOffsetCommit',
    scripts: [offsetsRefused(E.FENCED_INSTANCE_ID)],
    outcome: 'staleGeneration',
    state: 'ready',
    inits: 1,
  },
  {
    name: 'offsets: the group coordinator loads',
    api: 'TxnOffsetCommit',
    scripts: [offsetsRefused(E.COORDINATOR_LOAD_IN_PROGRESS)],
    outcome: 'committed',
    state: 'ready',
    inits: 1,
  },
  {
    name: 'offsets get no answer',
    api: 'TxnOffsetCommit',
    scripts: [() => 'hang'],
    outcome: 'aborted',
    state: 'ready',
    inits: 2,
  },
  {
    name: 'EndTxn: the coordinator moved',
    api: 'EndTxn',
    scripts: [answers(E.NOT_COORDINATOR)],
    outcome: 'committed',
    state: 'ready',
    inits: 1,
  },
  {
    name: 'EndTxn gets no answer',
    api: 'EndTxn',
    scripts: [() => 'hang'],
    outcome: 'unknown',
    state: 'unknown',
    inits: 1,
  },
  {
    name: 'EndTxn: the connection drops',
    api: 'EndTxn',
    scripts: [() => 'drop'],
    outcome: 'unknown',
    state: 'unknown',
    inits: 1,
  },
  {
    name: 'EndTxn: fenced',
    api: 'EndTxn',
    scripts: [answers(E.INVALID_PRODUCER_EPOCH)],
    outcome: 'fenced',
    state: 'fenced',
    inits: 1,
  },
  {
    name: 'EndTxn: fenced after a coordinator could not confirm',
    api: 'EndTxn',
    scripts: [answers(E.COORDINATOR_NOT_AVAILABLE), answers(E.PRODUCER_FENCED)],
    outcome: 'unknown',
    state: 'unknown',
    inits: 1,
  },
  {
    name: 'EndTxn: an error nobody expects',
    api: 'EndTxn',
    scripts: [answers(E.UNKNOWN_SERVER_ERROR)],
    outcome: 'unknown',
    state: 'unknown',
    inits: 1,
  },
]

for (const row of ROWS) {
  t.test(`${row.name}: ${row.outcome}`, async (t) => {
    const { broker, transactions } = await ready()
    broker.on(row.api, ...row.scripts)
    const outcome = await transactions.run([batch(0)], OFFSETS, IDENTITY)
    t.equal(outcome.kind, row.outcome)
    t.equal(transactions.state, row.state)
    t.equal(broker.named('InitProducerId').length, row.inits)
    if (row.state !== 'ready') await transactions.init()
    t.equal((await transactions.run([batch(0)], OFFSETS, IDENTITY)).kind, 'committed', 'the next one works')
    const seen = sequences(broker)
    t.equal(
      seen.at(-1)?.[1],
      broker.named('InitProducerId').length > 1 ? 0 : 2,
      'sequences go on, or begin anew with the epoch',
    )
  })
}

t.test('a repeated Produce carries the same sequence', async (t) => {
  const { broker, transactions } = await ready()
  broker.on('Produce', refused(E.NOT_LEADER_OR_FOLLOWER), refused(E.NOT_ENOUGH_REPLICAS))
  t.equal((await transactions.run([batch(0)], [], null)).kind, 'committed')
  t.strictSame(sequences(broker), [
    [0, 0],
    [0, 0],
    [0, 0],
  ])
})

t.test('an abort that cannot reach InitProducerId leaves the question open', async (t) => {
  const { broker, transactions } = await ready()
  broker.on('Produce', () => 'hang')
  broker.on('InitProducerId', answers(E.TRANSACTIONAL_ID_AUTHORIZATION_FAILED))
  t.equal((await transactions.run([batch(0)], [], null)).kind, 'unknown')
  await transactions.init()
  t.equal(transactions.state, 'ready')
})

t.test('calls in the wrong order are coded errors', async (t) => {
  const { transactions } = await ready()
  await t.rejects(transactions.send([batch()]), { code: 'CLIENT_STATE_INVALID' })
  await t.rejects(transactions.commit(), { code: 'CLIENT_STATE_INVALID' })
  transactions.begin()
  t.throws(() => transactions.begin(), { code: 'CLIENT_STATE_INVALID' })
  await transactions.close()
  await t.rejects(transactions.init(), { code: 'CLIENT_STATE_INVALID' })
})
