/** What other people's clients send and Kafka answers, each in its smallest form. */
import { connect } from 'node:net'
import t from 'tap'
import { HANDLERS } from '../../lib/broker/api/registry.js'
import {
  type Api,
  decodeResponse,
  decodeResponseHeader,
  describeTopicPartitionsApi,
  KAFKA_ERROR as E,
  encodeRequest,
  encodeRequestHeader,
  fetchApi,
  findCoordinatorApi,
  listOffsetsApi,
  metadataApi,
} from '../../lib/protocol/index.js'
import { RawClient } from '../../verify/differential/raw-client.js'
import { batchFixtures } from '../protocol/fixtures.js'
import { startedBroker } from './started.js'
import { batchOf, produce, TestClock, type Wire, wire } from './wire.js'

/** Sends a body as it is, in the last version the broker answers unless another is given. */
async function send(w: Wire, api: Api, body: Buffer, version = lastVersion(api)) {
  const frame = await w.connection.handle(Buffer.concat([encodeRequestHeader(api, version, 1, 'test'), body]))
  return decodeResponse(api, version, frame!.subarray(decodeResponseHeader(api, version, frame!).bodyStart))
}

function lastVersion(api: Api): number {
  return HANDLERS.find((handler) => handler.api === api)!.versions[1]
}

t.test('bytes after a request body are ignored: librdkafka asks for all topics with three too many', async (t) => {
  const w = await wire()
  w.broker.createTopic('a', 1)
  // A null list of topics (one byte), and three bytes librdkafka reserved for a longer count.
  for (const version of [9, 12, 13]) {
    const answer = await send(
      w,
      metadataApi,
      Buffer.from('00000000000000'.slice(0, version < 11 ? 16 : 14), 'hex'),
      version,
    )
    t.match(answer, { topics: [{ name: 'a', errorCode: 0 }] }, `Metadata v${version}`)
  }
  const body = encodeRequest(metadataApi, 5, { topics: [{ name: 'a' }] })
  t.match(await send(w, metadataApi, Buffer.concat([body, Buffer.from('rest')]), 5), { topics: [{ name: 'a' }] })
})

t.test('times are looked up beside a batch that this Node cannot decompress', async (t) => {
  const clock = new TestClock()
  clock.nowMs = 1_760_000_100_000
  const w = await wire({}, clock)
  w.broker.createTopic('a', 1)
  t.match(await produce(w, 'a', batchOf([{ value: 'x', timestamp: 1_700_000_000_000 }])), { errorCode: 0 })
  const zstd = Buffer.from(batchFixtures.find(({ name }) => name === 'zstd headers')!.hex, 'hex')
  t.match(await produce(w, 'a', zstd), { errorCode: 0, baseOffset: 1 })
  const partitions = [-1, -2, -3, 1_700_000_000_001].map((timestamp) => ({ partitionIndex: 0, timestamp }))
  const { topics } = await w.ask(listOffsetsApi, 7, { replicaId: -1, topics: [{ name: 'a', partitions }] })
  t.match(topics[0]!.partitions, [{ offset: 4 }, { offset: 0 }, { offset: 1 }, { offset: 1 }])
})

t.test('the internal topics come with the first question for a coordinator, and are marked as such', async (t) => {
  const w = await wire()
  w.broker.createTopic('a', 1)
  const listed = async () => {
    const { topics } = await w.ask(metadataApi, 12, { topics: null })
    return topics.map(({ name, isInternal }) => [name, isInternal])
  }
  t.same(await listed(), [['a', false]])
  await w.ask(findCoordinatorApi, 4, { keyType: 2, coordinatorKeys: ['g'] })
  t.same(await listed(), [['a', false]], 'there is no coordinator of share groups')
  for (let i = 0; i < 2; i++) await w.ask(findCoordinatorApi, 4, { keyType: 0, coordinatorKeys: ['g', 'h'] })
  const offsets = ['__consumer_offsets', true]
  t.same(await listed(), [['a', false], offsets])
  await w.ask(findCoordinatorApi, 2, { keyType: 1, key: 't' })
  t.same(await listed(), [['a', false], offsets, ['__transaction_state', true]])
  const { topics } = await w.ask(describeTopicPartitionsApi, 0, { topics: [], responsePartitionLimit: 9 })
  t.same(
    topics.map(({ name, isInternal }) => [name, isInternal]),
    [offsets, ['__transaction_state', true], ['a', false]],
  )
  const answer = await produce(w, '__consumer_offsets', batchOf([{ key: 'k', value: 'v' }]))
  t.equal(answer.errorCode, E.INVALID_TOPIC_EXCEPTION, 'clients must not write there')
})

t.test('a client that leaves with requests unanswered is no fault: nothing is reported', async (t) => {
  const { broker, bootstrap, reports } = await startedBroker(t)
  broker.createTopic('a', 1)
  const leaving = connect(Number(bootstrap.split(':')[1]), '127.0.0.1')
  const waiting = encodeRequest(fetchApi, 11, {
    maxWaitMs: 60_000,
    minBytes: 1,
    topics: [{ topic: 'a', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100 }] }],
    forgottenTopicsData: [],
  })
  for (const request of [
    Buffer.concat([encodeRequestHeader(fetchApi, 11, 1, 'test'), waiting]),
    Buffer.concat([encodeRequestHeader(metadataApi, 9, 2, 'test'), encodeRequest(metadataApi, 9, { topics: [] })]),
  ]) {
    const length = Buffer.alloc(4)
    length.writeInt32BE(request.length)
    leaving.write(Buffer.concat([length, request]))
  }
  leaving.end()
  await new Promise((resolve) => leaving.once('close', resolve))
  const client = await RawClient.open(bootstrap)
  for (let i = 0; i < 5; i++) await client.ask(metadataApi, 9, { topics: [] })
  client.close()
  t.same(reports, [])
})
