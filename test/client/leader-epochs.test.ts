/** KIP-320: a log that lost what was read of it is told, and never read on as if nothing had happened. */
import t from 'tap'
import { Fetcher } from '../../lib/client/fetcher.js'
import { commitOffsets, committedOffsets } from '../../lib/client/group-offsets.js'
import { TransactionManager } from '../../lib/client/transaction/transaction-manager.js'
import type { MillraceError } from '../../lib/errors.js'
import { type Api, BatchBuilder, fetchApi, KAFKA_ERROR, offsetForLeaderEpochApi } from '../../lib/protocol/index.js'
import { metadata, type Script, ScriptedBroker } from './scripted-broker.js'

const E = KAFKA_ERROR
const TP = { topic: 'in', partition: 0 }

/** A batch of one record at the offset, written under the leader. */
function batchAt(baseOffset: number, partitionLeaderEpoch: number): Buffer {
  const builder = new BatchBuilder()
  builder.append(1, null, Buffer.from('v'))
  return builder.build({ baseOffset, partitionLeaderEpoch })
}

const fetched =
  (partition: object): Script =>
  (request) => ({
    errorCode: 0,
    responses: (request.topics as { topic: string; topicId: string }[]).map(({ topic, topicId }) => ({
      topic,
      topicId,
      partitions: [
        { partitionIndex: 0, errorCode: 0, highWatermark: 9, abortedTransactions: null, records: null, ...partition },
      ],
    })),
  })
const hang: Script = () => 'hang'
const led =
  (leaderEpoch: number, topicId?: string): Script =>
  (request) => {
    const answer = metadata((request.topics as { name: string }[]) ?? [])
    for (const topic of answer.topics as { topicId: string; partitions: { leaderEpoch: number }[] }[]) {
      if (topicId !== undefined) topic.topicId = topicId
      for (const partition of topic.partitions) partition.leaderEpoch = leaderEpoch
    }
    return answer
  }
const epochEnd =
  (endOffset: number, errorCode = 0): Script =>
  () => ({ topics: [{ topic: 'in', partitions: [{ partition: 0, errorCode, leaderEpoch: 2, endOffset }] }] })

/** Reads until the broker holds a fetch, or an error stops the partition. */
async function read(broker: ScriptedBroker, offset: number, leaderEpoch?: number) {
  const errors: MillraceError[] = []
  const fetcher = new Fetcher({
    cluster: broker.cluster,
    isolation: 'readUncommitted',
    onError: (error) => errors.push(error),
  })
  broker.always('Fetch', hang)
  fetcher.add(TP, offset, leaderEpoch)
  let held = 0
  for (let turns = 0; turns < 400 && errors.length === 0 && held < 4; turns++) {
    await broker.clock.nextTurn()
    held = broker.named('Fetch').at(-1) === lastSeen.get(broker) ? held + 1 : 0
    lastSeen.set(broker, broker.named('Fetch').at(-1))
  }
  fetcher.close()
  return errors[0] ?? null
}
const lastSeen = new WeakMap<ScriptedBroker, unknown>()

function fetches(broker: ScriptedBroker) {
  return broker.named('Fetch').map(({ request }) => {
    const [topic] = request.topics as { partitions: Record<string, number>[] }[]
    const { fetchOffset, currentLeaderEpoch, lastFetchedEpoch } = topic!.partitions[0]!
    return { fetchOffset, currentLeaderEpoch, lastFetchedEpoch }
  })
}

function asked(broker: ScriptedBroker) {
  return broker.named('OffsetForLeaderEpoch').map(({ request }) => {
    const [topic] = request.topics as { partitions: Record<string, number>[] }[]
    const { currentLeaderEpoch, leaderEpoch } = topic!.partitions[0]!
    return { currentLeaderEpoch, leaderEpoch }
  })
}

t.test('a fetch says who leads and under whom the last record was written', async (t) => {
  const broker = new ScriptedBroker()
  broker.always('Metadata', led(3))
  broker.on('Fetch', fetched({ records: batchAt(5, 2) }), fetched({ records: batchAt(6, 3) }))
  t.equal(await read(broker, 5), null)
  t.same(fetches(broker).slice(0, 3), [
    { fetchOffset: 5, currentLeaderEpoch: 3, lastFetchedEpoch: -1 },
    { fetchOffset: 6, currentLeaderEpoch: 3, lastFetchedEpoch: 2 },
    { fetchOffset: 7, currentLeaderEpoch: 3, lastFetchedEpoch: 3 },
  ])
  t.same(asked(broker), [], 'the leader did not change')
})

t.test('the broker says where the logs part', async (t) => {
  for (const [endOffset, truncated] of [
    [4, true],
    [5, true],
    [6, false],
    [7, false],
  ] as const) {
    const broker = new ScriptedBroker()
    const diverging = fetched({ divergingEpoch: { epoch: 1, endOffset } })
    broker.on('Fetch', fetched({ records: batchAt(5, 2) }), diverging)
    const error = await read(broker, 5)
    if (!truncated) {
      t.equal(error, null, `${endOffset}`)
      t.match(fetches(broker)[2], { fetchOffset: 6, lastFetchedEpoch: -1 })
      continue
    }
    const where = { topic: 'in', partition: 0, offset: 6, kind: 'task' }
    t.match(error, { code: 'CLIENT_LOG_TRUNCATED', ...where, message: new RegExp(`now ends at offset ${endOffset}`) })
  }
})

t.test('another leader is asked whether it has what was read', async (t) => {
  const older = (api: Api): readonly [number, number] => (api === fetchApi ? [4, 11] : api.versions)
  const none = (api: Api): readonly [number, number] => (api === offsetForLeaderEpochApi ? [90, 99] : api.versions)
  const rows: readonly [name: string, answers: readonly Script[], code: string | null, offered?: typeof older][] = [
    ['it has', [epochEnd(6)], null],
    ['it has more', [epochEnd(60)], null],
    ['it lost it', [epochEnd(5)], 'CLIENT_LOG_TRUNCATED'],
    ['it cannot tell', [epochEnd(-1)], null],
    ['it does not lead any more', [epochEnd(-1, E.NOT_LEADER_OR_FOLLOWER), epochEnd(3)], 'CLIENT_LOG_TRUNCATED'],
    ['no answer', [() => 'drop', epochEnd(3)], 'CLIENT_LOG_TRUNCATED'],
    ['it says nothing', [() => ({ topics: [] }), epochEnd(6)], null],
    ['an older broker, which lost it', [epochEnd(5)], 'CLIENT_LOG_TRUNCATED', older],
    ['a broker that is not asked', [], null, none],
  ]
  for (const [name, answers, code, offered] of rows) {
    const broker = new ScriptedBroker(offered)
    broker.on('Metadata', led(2))
    broker.always('Metadata', led(3))
    const fenced = fetched({ errorCode: E.FENCED_LEADER_EPOCH })
    broker.on('Fetch', fetched({ records: batchAt(5, 2) }), fenced)
    broker.on('OffsetForLeaderEpoch', ...answers)
    const error = await read(broker, 5)
    t.equal(error?.code ?? null, code, name)
    t.equal(asked(broker).length, answers.length, name)
    for (const question of asked(broker)) t.same(question, { currentLeaderEpoch: 3, leaderEpoch: 2 }, name)
    if (code === null) t.match(fetches(broker).at(-1), { fetchOffset: 6, currentLeaderEpoch: 3 }, name)
  }
})

t.test('a position out of range: lost by the brokers, or deleted as it was meant to be', async (t) => {
  for (const [end, code] of [
    [3, 'CLIENT_LOG_TRUNCATED'],
    [6, 'CLIENT_OFFSET_OUT_OF_RANGE'],
    [-1, 'CLIENT_OFFSET_OUT_OF_RANGE'],
  ] as const) {
    const broker = new ScriptedBroker()
    const out = fetched({ errorCode: E.OFFSET_OUT_OF_RANGE })
    broker.on('Fetch', fetched({ records: batchAt(5, 0) }), out, out)
    broker.on('OffsetForLeaderEpoch', epochEnd(end))
    t.match(await read(broker, 5), { code, topic: 'in', partition: 0, offset: 6 }, `${end}`)
  }
  const unknown = new ScriptedBroker()
  unknown.on('Fetch', fetched({ errorCode: E.OFFSET_OUT_OF_RANGE }))
  t.match(await read(unknown, 5), { code: 'CLIENT_OFFSET_OUT_OF_RANGE' })
  t.same(asked(unknown), [], 'without an epoch there is nothing to ask')
})

t.test('a committed offset brings its epoch along, and the log is asked before it is read', async (t) => {
  for (const [end, code] of [
    [5, null],
    [4, 'CLIENT_LOG_TRUNCATED'],
  ] as const) {
    const broker = new ScriptedBroker()
    broker.always('Metadata', led(3))
    broker.on('OffsetForLeaderEpoch', epochEnd(end))
    const error = await read(broker, 5, 2)
    t.equal(error?.code ?? null, code)
    t.same(asked(broker), [{ currentLeaderEpoch: 3, leaderEpoch: 2 }])
    t.equal(fetches(broker).length > 0, code === null)
  }
})

t.test('a topic that was created again is another topic', async (t) => {
  const broker = new ScriptedBroker()
  broker.on('Metadata', led(0, 'AAAAAAAAAAAAAAAAAAAAAQ'))
  broker.always('Metadata', led(0, 'AAAAAAAAAAAAAAAAAAAAAg'))
  broker.on('Fetch', fetched({ records: batchAt(5, -1) }), fetched({ errorCode: E.UNKNOWN_TOPIC_ID }))
  const error = await read(broker, 5)
  t.match(error, { code: 'CLIENT_LOG_TRUNCATED', offset: 6, message: /created again/ })
})

t.test('going back keeps the epoch, going forward or on after an error forgets it', async (t) => {
  const broker = new ScriptedBroker()
  broker.always('Metadata', led(2))
  broker.on('Fetch', fetched({ records: batchAt(5, 2) }), hang)
  const fetcher = new Fetcher({ cluster: broker.cluster, isolation: 'readUncommitted', lane: 'read' })
  fetcher.add(TP, 5)
  const until = async (count: number) => {
    while (broker.named('Fetch').length < count) await broker.clock.nextTurn()
  }
  await until(2)
  broker.always('Fetch', hang)
  fetcher.seek(TP, 5)
  await until(3)
  fetcher.seek(TP, 50)
  await until(4)
  t.same(
    fetches(broker).map(({ fetchOffset, lastFetchedEpoch }) => [fetchOffset, lastFetchedEpoch]),
    [
      [5, -1],
      [6, 2],
      [5, 2],
      [50, -1],
    ],
  )
  fetcher.close()
  await broker.cluster.close()
})

t.test('offsets are committed with the epoch, in transactions and outside, and come back with it', async (t) => {
  const broker = new ScriptedBroker()
  const identity = { groupId: 'g', memberId: 'm', generationId: 3, groupInstanceId: null }
  const offsets = [
    { topic: 'in', partition: 0, offset: 5, metadata: '', leaderEpoch: 4 },
    { topic: 'in', partition: 1, offset: 5, metadata: '' },
  ]
  const sent = (api: string) =>
    (broker.named(api)[0]!.request.topics as { partitions: { committedLeaderEpoch: number }[] }[]).flatMap((topic) =>
      topic.partitions.map(({ committedLeaderEpoch }) => committedLeaderEpoch),
    )
  const transactions = new TransactionManager({ cluster: broker.cluster, transactionalId: 'tx' })
  await transactions.init()
  t.equal((await transactions.run([], offsets, identity)).kind, 'committed')
  t.same(sent('TxnOffsetCommit'), [4, -1])
  broker.on('OffsetCommit', () => ({ topics: [] }))
  await commitOffsets(broker.cluster, offsets, identity)
  t.same(sent('OffsetCommit'), [4, -1])
  const row = { partitionIndex: 0, committedOffset: 5, committedLeaderEpoch: 4, metadata: '', errorCode: 0 }
  broker.on('OffsetFetch', () => ({
    groups: [{ groupId: 'g', errorCode: 0, topics: [{ name: 'in', partitions: [row] }] }],
  }))
  const found = await committedOffsets(broker.cluster, 'g', [TP, { ...TP, partition: 1 }], { requireStable: true })
  t.same(
    found.map(({ leaderEpoch }) => leaderEpoch),
    [4, -1],
  )
})
