/** What the encoders of kafkajs and @platformatic/kafka write is read here, so that a broker of ours can serve them. */
import { createRequire } from 'node:module'
import * as platformatic from '@platformatic/kafka'
import t from 'tap'
import { apiByKey, decodeRequest, encodeResponse, metadataApi } from '../../lib/protocol/index.js'

interface KafkajsRequest {
  readonly apiKey: number
  encode(): Promise<{ readonly buffer: Buffer }>
}
interface KafkajsDefinition {
  readonly versions: readonly string[]
  protocol(options: { version: number }): (values: unknown) => { request: KafkajsRequest }
}

const load = createRequire(import.meta.url)
const { requests } = load('kafkajs/src/protocol/requests/index.js') as { requests: Record<string, KafkajsDefinition> }

const topics = [
  {
    topic: 't',
    partitions: [
      { partition: 3, offset: '5', fetchOffset: '5', timestamp: '-1', maxBytes: 9, metadata: 'm', messages: [] },
    ],
  },
]
const txn = { transactionalId: 'x', producerId: '7', producerEpoch: 2 }

/** Kafkajs's name of the API, its arguments, and a field that must come out of every version. */
const kafkajsRows: readonly [string, Record<string, unknown>, string, unknown][] = [
  ['Produce', { acks: -1, timeout: 5, ...txn, compression: 0, topicData: topics }, 'transactionalId', 'x'],
  ['Fetch', { replicaId: -1, isolationLevel: 1, maxWaitTime: 8, minBytes: 1, maxBytes: 9, topics }, 'maxWaitMs', 8],
  ['ListOffsets', { replicaId: -1, isolationLevel: 1, topics }, 'replicaId', -1],
  ['Metadata', { topics: ['t'], allowAutoTopicCreation: true }, 'allowAutoTopicCreation', true],
  ['OffsetCommit', { groupId: 'g', groupGenerationId: 4, memberId: 'm', retentionTime: -1, topics }, 'memberId', 'm'],
  ['OffsetFetch', { groupId: 'g', topics }, 'groupId', 'g'],
  ['GroupCoordinator', { groupId: 'g', coordinatorKey: 'g', coordinatorType: 0 }, 'key', 'g'],
  ['Heartbeat', { groupId: 'g', groupGenerationId: 4, memberId: 'm' }, 'generationId', 4],
  [
    'JoinGroup',
    {
      groupId: 'g',
      sessionTimeout: 5,
      rebalanceTimeout: 6,
      memberId: '',
      protocolType: 'consumer',
      groupProtocols: [{ name: 'p', metadata: Buffer.from('x') }],
    },
    'protocolType',
    'consumer',
  ],
  [
    'SyncGroup',
    {
      groupId: 'g',
      generationId: 4,
      memberId: 'm',
      groupAssignment: [{ memberId: 'm', memberAssignment: Buffer.from('x') }],
    },
    'generationId',
    4,
  ],
  ['LeaveGroup', { groupId: 'g', memberId: 'm', members: [{ memberId: 'm' }] }, 'groupId', 'g'],
  ['InitProducerId', { transactionalId: 'x', transactionTimeout: 5 }, 'transactionTimeoutMs', 5],
  ['AddPartitionsToTxn', { ...txn, topics: [{ topic: 't', partitions: [0] }] }, 'v3AndBelowProducerId', 7],
  ['AddOffsetsToTxn', { ...txn, groupId: 'g' }, 'producerId', 7],
  ['TxnOffsetCommit', { ...txn, groupId: 'g', topics }, 'producerEpoch', 2],
  ['EndTxn', { ...txn, transactionResult: true }, 'committed', true],
]

t.test('kafkajs, every version it has that Kafka 4 still speaks', async (t) => {
  for (const [name, values, field, expected] of kafkajsRows) {
    const definition = requests[name]!
    for (const version of definition.versions.map(Number)) {
      const { request } = definition.protocol({ version })(values)
      const api = apiByKey(request.apiKey)!
      if (version < api.versions[0]) continue
      const body = decodeRequest(api, version, (await request.encode()).buffer) as Record<string, unknown>
      const absent = field === 'allowAutoTopicCreation' && version < 4
      if (!absent) t.equal(body[field], expected, `${name} v${version}`)
    }
  }
})

t.test('@platformatic/kafka', async (t) => {
  const read = (key: number, version: number, bytes: { readonly buffer: Buffer }) =>
    decodeRequest(apiByKey(key)!, version, bytes.buffer) as Record<string, unknown>
  const id = '12345678-1234-1234-1234-123456789012'
  const partition = { partition: 3, currentLeaderEpoch: 1, fetchOffset: 5n, lastFetchedEpoch: -1, partitionMaxBytes: 9 }
  const wanted = [{ topicId: id, partitions: [{ ...partition, logStartOffset: -1n }] }]
  const fetch = read(1, 17, platformatic.fetchV17.createRequest(8, 1, 9, 1, 0, -1, wanted, [], 'r') as never)
  t.match(fetch, { maxWaitMs: 8, sessionEpoch: -1, topics: [{ topicId: 'EjRWeBI0EjQSNBI0VniQEg' }] })
  const join = platformatic.joinGroupV9.createRequest('g', 1, 2, '', 'i', 'consumer', [{ name: 'p' }], 'why')
  t.match(read(11, 9, join as never), { groupInstanceId: 'i', reason: 'why' })
  const added = platformatic.addPartitionsToTxnV5.createRequest([
    {
      transactionalId: 'x',
      producerId: 7n,
      producerEpoch: 2,
      verifyOnly: false,
      topics: [{ name: 't', partitions: [0, 1] }],
    },
  ])
  t.match(read(24, 5, added as never), { transactions: [{ producerId: 7, topics: [{ partitions: [0, 1] }] }] })
  const metadata = platformatic.metadataV12.createRequest(null, true, false)
  t.match(read(3, 12, metadata as never), { topics: null, allowAutoTopicCreation: true })
})

t.test('@platformatic/kafka reads our Metadata', async (t) => {
  const topicId = Buffer.from('12345678123412341234123456789012', 'hex').toString('base64url')
  const partition = { errorCode: 0, partitionIndex: 0, leaderId: 1, leaderEpoch: 4, replicaNodes: [1], isrNodes: [1] }
  const bytes = encodeResponse(metadataApi, 12, {
    brokers: [{ nodeId: 1, host: 'h', port: 9092 }],
    clusterId: 'c',
    controllerId: 1,
    topics: [{ errorCode: 0, name: 't', topicId, partitions: [{ ...partition, offlineReplicas: [] }] }],
  })
  const parsed = platformatic.metadataV12.parseResponse(1, 3, 12, platformatic.Reader.from(bytes))
  t.match(parsed, { brokers: [{ host: 'h' }], topics: [{ topicId: '12345678-1234-1234-1234-123456789012' }] })
})
