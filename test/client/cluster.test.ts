import t from 'tap'
import { brokerError } from '../../lib/client/broker-error.js'
import { Cluster } from '../../lib/client/cluster.js'
import { Fetcher } from '../../lib/client/fetcher.js'
import { IdempotentProducer } from '../../lib/client/producer.js'
import { TRANSITIONS, type TransactionState, transition } from '../../lib/client/transaction/states.js'
import type { MillraceError } from '../../lib/errors.js'
import { type Api, BatchBuilder, KAFKA_ERROR, listOffsetsApi, readBatches } from '../../lib/protocol/index.js'
import { metadata, refused, ScriptedBroker } from './scripted-broker.js'

const E = KAFKA_ERROR
const TP = { topic: 'in', partition: 0 }

function batch(values: readonly string[] = ['v']) {
  const builder = new BatchBuilder()
  for (const value of values) builder.append(1, null, Buffer.from(value))
  return { ...TP, builder }
}

t.test('versions: the highest both speak, within what the caller allows', async (t) => {
  const rows: readonly [
    offered: [number, number],
    bounds: { minVersion?: number; maxVersion?: number },
    used: number | null,
  ][] = [
    [[1, 99], {}, 10],
    [[1, 7], {}, 7],
    [[3, 99], { maxVersion: 5 }, 5],
    [[6, 99], { maxVersion: 5 }, null],
    [[1, 2], { minVersion: 3 }, null],
    [[50, 60], {}, null],
  ]
  for (const [offered, bounds, used] of rows) {
    const broker = new ScriptedBroker((api: Api) => (api.key === listOffsetsApi.key ? offered : api.versions))
    const asked = broker.cluster.versionFor(listOffsetsApi, { leaderOf: TP }, { lane: 'admin', ...bounds })
    if (used !== null) t.equal(await asked, used, `${offered}`)
    else
      await t.rejects(
        asked,
        { code: 'CLIENT_VERSION_UNSUPPORTED', message: /needs ListOffsets version .* to/ },
        `${offered}`,
      )
  }
})

t.test('a missing topic is given a moment, then named', async (t) => {
  const broker = new ScriptedBroker()
  const missing = () => metadata([{ name: 'in' }], 0, E.UNKNOWN_TOPIC_OR_PARTITION)
  broker.on('Metadata', missing, missing)
  t.equal(await broker.cluster.partitionCount('in'), 4, 'known at the third time of asking')
  broker.on(
    'Metadata',
    ...Array<typeof missing>(40).fill(() => metadata([{ name: 'gone' }], 0, E.UNKNOWN_TOPIC_OR_PARTITION)),
  )
  await t.rejects(broker.cluster.partitionCount('gone'), {
    code: 'CLIENT_TOPIC_MISSING',
    message: /"gone"/,
    topic: 'gone',
  })
})

t.test('a topic that was just made is waited for as long as the caller says', async (t) => {
  const broker = new ScriptedBroker()
  const missing = () => metadata([{ name: 'in' }], 0, E.UNKNOWN_TOPIC_OR_PARTITION)
  broker.on('Metadata', ...Array<typeof missing>(50).fill(missing))
  const { leaders } = await broker.cluster.topic('in', undefined, 300_000)
  t.equal(leaders.length, 4, 'known at the 51st time of asking')
})

t.test('a missing right is final and names resource and operation', async (t) => {
  const broker = new ScriptedBroker()
  broker.on('Metadata', () => metadata([{ name: 'in' }], 0, E.TOPIC_AUTHORIZATION_FAILED))
  await t.rejects(broker.cluster.partitionCount('in'), {
    code: 'CLIENT_AUTHORIZATION',
    message: /Describe on topic "in"/,
  })
  t.equal(broker.named('Metadata').length, 1)
})

t.test('nobody answers', async (t) => {
  const broker = new ScriptedBroker()
  broker.on('Metadata', () => 'drop')
  await t.rejects(broker.cluster.partitionCount('in'), { code: 'CLIENT_UNREACHABLE', message: /scripted:1/ })
  t.throws(
    () =>
      new Cluster({
        transport: broker.cluster as never,
        clock: broker.clock,
        random: broker.cluster.random,
        bootstrap: [],
      }),
    {
      code: 'CONFIG_INVALID',
    },
  )
})

t.test('errors: code, retriable', async (t) => {
  const rows: readonly [number, string, boolean][] = [
    [E.GROUP_AUTHORIZATION_FAILED, 'CLIENT_AUTHORIZATION', false],
    [E.PRODUCER_FENCED, 'CLIENT_FENCED', false],
    [E.INVALID_PRODUCER_EPOCH, 'CLIENT_FENCED', false],
    [E.FENCED_INSTANCE_ID, 'GROUP_INSTANCE_FENCED', true],
    [E.ILLEGAL_GENERATION, 'GROUP_STALE_GENERATION', true],
    [E.REBALANCE_IN_PROGRESS, 'GROUP_STALE_GENERATION', true],
    [E.OFFSET_OUT_OF_RANGE, 'CLIENT_OFFSET_OUT_OF_RANGE', false],
    [E.NOT_COORDINATOR, 'CLIENT_REQUEST_FAILED', true],
    [E.MESSAGE_TOO_LARGE, 'CLIENT_REQUEST_FAILED', false],
  ]
  for (const [kafkaCode, code, retriable] of rows) {
    const error = brokerError(kafkaCode, 'TxnOffsetCommit', 'thing "x"')
    t.match(error, { code, retriable, kafkaCode, message: /TxnOffsetCommit on thing "x"/ }, code)
  }
})

t.test('idempotent producer: what got no answer is sent again with the same bytes, in order', async (t) => {
  const broker = new ScriptedBroker()
  const producer = new IdempotentProducer({ cluster: broker.cluster, firstSequence: 2 ** 31 - 1 })
  broker.on(
    'Produce',
    () => 'drop',
    refused(E.NOT_LEADER_OR_FOLLOWER),
    () => 'hang',
  )
  await Promise.all([producer.send([batch()]), producer.send([batch(['b', 'c'])]), producer.send([batch()])])
  const sent = broker.named('Produce').map(({ request }) => {
    const [topic] = request.topicData as { partitionData: { records: Buffer }[] }[]
    return readBatches(topic!.partitionData[0]!.records)[0]!.baseSequence
  })
  const first = 2 ** 31 - 1
  t.strictSame(sent, [first, first, first, first, 0, 2])
  t.equal(broker.named('InitProducerId').length, 1)
})

t.test('idempotent producer: a refusal concerns one batch; doubt means a new producer id', async (t) => {
  const broker = new ScriptedBroker()
  const producer = new IdempotentProducer({ cluster: broker.cluster, deliveryTimeoutMs: 1_000 })
  broker.on('Produce', refused(E.MESSAGE_TOO_LARGE))
  const [first, second] = await Promise.allSettled([producer.send([batch()]), producer.send([batch()])])
  t.match(first, { status: 'rejected', reason: { code: 'CLIENT_REQUEST_FAILED', topic: 'in', partition: 0 } })
  t.equal(second.status, 'fulfilled')
  t.equal(broker.named('InitProducerId').length, 1)
  broker.on('Produce', () => 'hang')
  await t.rejects(producer.send([batch()]), { code: 'TRANSPORT_TIMEOUT' })
  await producer.send([batch()])
  t.equal(broker.named('InitProducerId').length, 2)
  await producer.close()
  await t.rejects(producer.send([batch()]), { code: 'CLIENT_CLOSED' })
})

t.test(
  'fetcher: a lost leader and a damaged batch are asked for again, damage that lasts is an error event',
  async (t) => {
    const broker = new ScriptedBroker()
    const errors: MillraceError[] = []
    const fetcher = new Fetcher({
      cluster: broker.cluster,
      isolation: 'readCommitted',
      onError: (error) => errors.push(error),
    })
    const answer = (partition: object) => (request: Readonly<Record<string, unknown>>) => ({
      throttleTimeMs: 0,
      errorCode: 0,
      responses: (request.topics as { topicId: string }[]).map(({ topicId }) => ({
        topicId,
        partitions: [
          {
            partitionIndex: 0,
            errorCode: 0,
            highWatermark: 1,
            lastStableOffset: 1,
            abortedTransactions: null,
            records: null,
            ...partition,
          },
        ],
      })),
    })
    const bytes = batch().builder.build({ baseOffset: 5 })
    const damaged = Buffer.from(bytes)
    damaged[damaged.length - 1]! ^= 1
    const damagedAt = (offset: number) => {
      const later = Buffer.from(damaged)
      later.writeInt32BE(offset, 4)
      return later
    }
    broker.on(
      'Fetch',
      answer({ errorCode: E.NOT_LEADER_OR_FOLLOWER }),
      () => 'drop',
      answer({ records: bytes }),
      answer({ records: damagedAt(6) }),
      answer({ errorCode: E.CORRUPT_MESSAGE }),
      answer({ records: batch().builder.build({ baseOffset: 6 }) }),
    )
    broker.always('Fetch', answer({ records: damagedAt(7) }))
    const arrived: { nextOffset: number }[] = []
    await new Promise<void>((resolve) => {
      fetcher.onArrival = () => arrived.push(...fetcher.poll())
      const look = () => (errors.length > 0 ? resolve() : void setImmediate(look))
      fetcher.add(TP, 5)
      look()
    })
    t.match(arrived, [
      { startOffset: 5, nextOffset: 6, highWatermark: 1 },
      { startOffset: 6, nextOffset: 7 },
    ])
    t.match(errors, [{ code: 'PROTOCOL_CRC_MISMATCH', kind: 'instance', topic: 'in', partition: 0, offset: 7 }])
    t.equal(fetcher.position(TP), 7)
    t.equal(broker.named('Metadata').length >= 2, true)
    fetcher.close()
  },
)

t.test('transaction states: only the steps of the table', async (t) => {
  const states = Object.keys(TRANSITIONS) as TransactionState[]
  for (const from of states) {
    for (const to of states) {
      if (TRANSITIONS[from].includes(to)) t.equal(transition('id', from, to), to)
      else t.throws(() => transition('id', from, to), { code: 'CLIENT_STATE_INVALID' })
    }
  }
  t.ok(states.every((state) => state === 'closed' || TRANSITIONS[state].includes('closed')))
})
