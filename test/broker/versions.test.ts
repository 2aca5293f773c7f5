import t from 'tap'
import { HANDLERS } from '../../lib/broker/api/registry.js'
import { isMillraceError } from '../../lib/errors.js'
import {
  type Api,
  apiVersionsApi,
  decodeResponse,
  decodeResponseHeader,
  encodeRequest,
  encodeRequestHeader,
  fetchApi,
  findCoordinatorApi,
  joinGroupApi,
  listOffsetsApi,
  metadataApi,
  offsetFetchApi,
  produceApi,
  type RequestInput,
} from '../../lib/protocol/index.js'
import type { Decoded, Shape } from '../../lib/protocol/wire/field.js'
import { defaultOf, inRange } from '../../lib/protocol/wire/schema.js'
import { seededRandom } from '../../lib/record/random.js'
import { batchOf, produce, wire } from './wire.js'

/** A request with one element in every list, and names that exist, as far as the version has the fields. */
function sample(shape: Shape, version: number): Decoded<Shape> {
  const names: Record<string, unknown> = {
    name: 'a',
    topic: 'a',
    topicName: 'a',
    resourceName: 'a',
    resourceType: 2,
    groupId: 'g',
    transactionalId: 'p',
    v3AndBelowTransactionalId: 'p',
    sessionTimeoutMs: 10_000,
    protocolType: 'consumer',
    transactionTimeoutMs: 1_000,
    acks: -1,
    endpointType: 1,
    cursor: null,
    numPartitions: 1,
    replicationFactor: 1,
    assignments: null,
    maxWaitMs: 0,
    sessionEpoch: 0,
    responsePartitionLimit: 10,
    producerId: -1,
    producerEpoch: -1,
  }
  const out: Record<string, unknown> = {}
  for (const [field, row] of Object.entries(shape)) {
    const { type } = row
    const given = names[field]
    const nulls = given === null && row.nullable !== undefined
    if (!inRange(row.versions, version)) out[field] = defaultOf(row)
    else if (nulls || (given !== undefined && given !== null && type.kind === 'scalar')) out[field] = given
    else if (type.kind === 'array' && given !== null) {
      const { element } = type
      out[field] = [
        element.kind === 'struct'
          ? sample(element.shape, version)
          : element.kind === 'scalar' && element.scalar === 'string'
            ? 'a'
            : 0,
      ]
    } else if (type.kind === 'struct') out[field] = sample(type.shape, version)
    else out[field] = defaultOf(row)
  }
  return out
}

t.test('every version of every API answers, and advertises itself', async (t) => {
  const w = await wire()
  w.broker.createTopic('a', 2)
  await produce(w, 'a', batchOf([{ key: 'k', value: 'v' }]))
  for (const { api, versions } of HANDLERS) {
    const [first, last] = versions
    t.ok(first >= api.versions[0] && last <= api.versions[1], `${api.name} has tables`)
    for (let version = first; version <= last; version++) {
      const asking = w.ask(api, version, sample(api.request, version) as RequestInput<Api>, w.broker.connection())
      const waiting = new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
      const outcome = await Promise.race([asking.then(() => 'answered'), waiting.then(() => 'waits')])
      if (outcome === 'waits') await w.clock.advance(60_000)
      await t.resolves(asking, `${api.name} v${version}`)
    }
  }
  const { apiKeys } = await w.ask(apiVersionsApi, 3, { clientSoftwareName: 'x', clientSoftwareVersion: '1' })
  t.same(
    apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, minVersion, maxVersion]),
    HANDLERS.map(({ api, versions }) => [api.key, ...versions]).sort((a, b) => a[0]! - b[0]!),
  )
})

t.test('answers with data in every version', async (t) => {
  const w = await wire()
  w.broker.createTopic('b', 1)
  const { id: topicId } = w.broker.core.topics.named('b')!
  for (let version = 3; version <= 11; version++) {
    const answer = await produce(w, 'b', batchOf([{ value: `${version}` }]), { version })
    t.match(answer, { errorCode: 0, baseOffset: version - 3 }, `Produce v${version}`)
  }
  t.equal((await produce(w, 'b', Buffer.alloc(70), { version: 3 })).errorCode, 87, 'an error of an old version')
  for (let version = 4; version <= 17; version++) {
    const topics = [
      {
        ...(version < 13 ? { topic: 'b' } : { topicId }),
        partitions: [{ partition: 0, fetchOffset: 2, partitionMaxBytes: 500 }],
      },
    ]
    const answer = await w.ask(fetchApi, version, {
      maxWaitMs: 0,
      minBytes: 1,
      isolationLevel: 1,
      topics,
      forgottenTopicsData: [],
    })
    t.match(answer.responses[0]!.partitions[0]!, { errorCode: 0, highWatermark: 9 }, `Fetch v${version}`)
  }
  for (let version = 1; version <= 10; version++) {
    const topics = [{ name: 'b', partitions: [{ partitionIndex: 0, timestamp: -1 }] }]
    const answer = await w.ask(listOffsetsApi, version, { replicaId: -1, topics })
    t.equal(answer.topics[0]!.partitions[0]!.offset, 9, `ListOffsets v${version}`)
  }
  for (let version = 0; version <= 13; version++) {
    const all = await w.ask(metadataApi, version, { topics: version === 0 ? [] : null })
    t.match(all.topics, [{ name: 'b', partitions: [{ leaderId: 0 }] }], `Metadata v${version}`)
    const none = await w.ask(metadataApi, version, { topics: [{ name: 'none' }] })
    t.match(none.topics, [{ name: 'none', errorCode: 3 }])
  }
  for (let version = 0; version <= 6; version++) {
    const body = version < 4 ? { key: 'g' } : { coordinatorKeys: ['g'] }
    const answer = await w.ask(findCoordinatorApi, version, body)
    t.match(version < 4 ? answer : answer.coordinators[0], { nodeId: 0, errorCode: 0 }, `FindCoordinator v${version}`)
  }
  for (let version = 0; version <= 9; version++) {
    const body = { groupId: `g${version}`, sessionTimeoutMs: 10_000, memberId: '', protocolType: 'consumer' }
    const protocols = [{ name: 'range', metadata: Buffer.alloc(0) }]
    const answer = await w.ask(joinGroupApi, version, { ...body, protocols }, w.broker.connection())
    t.equal(answer.errorCode, version < 4 ? 0 : 79, `JoinGroup v${version}`)
  }
  for (let version = 1; version <= 9; version++) {
    const topics = [{ name: 'b', partitionIndexes: [0] }]
    const body = version < 8 ? { groupId: 'g', topics } : { groups: [{ groupId: 'g', topics }] }
    await t.resolves(w.ask(offsetFetchApi, version, body), `OffsetFetch v${version}`)
  }
})

t.test('what cannot be answered closes the connection; ApiVersions always answers', async (t) => {
  const w = await wire()
  const future = await w.connection.handle(encodeRequestHeader({ ...apiVersionsApi, flexibleFrom: 99 }, 99, 7, 'x'))
  const { correlationId, bodyStart } = decodeResponseHeader(apiVersionsApi, 0, future!)
  const body = decodeResponse(apiVersionsApi, 0, future!.subarray(bodyStart))
  t.match({ correlationId, ...body }, { correlationId: 7, errorCode: 35, apiKeys: [{ apiKey: 18 }] })
  const unknown = Buffer.from('03e7000000000001ffff', 'hex')
  await t.rejects(w.connection.handle(unknown), { code: 'BROKER_REQUEST_REJECTED' })
  await t.rejects(w.ask(produceApi, 12, { acks: 1, timeoutMs: 1, topicData: [] }), { code: 'BROKER_REQUEST_REJECTED' })
  await t.rejects(w.connection.handle(Buffer.alloc(3)), { code: 'PROTOCOL_TRUNCATED' })
})

t.test('damaged requests end in an answer or a coded error, and the broker goes on', async (t) => {
  const random = seededRandom('damaged requests')
  const w = await wire()
  w.broker.createTopic('a', 2)
  let refused = 0
  for (const { api, versions } of HANDLERS) {
    for (let round = 0; round < 120; round++) {
      const version = versions[0] + random.int(versions[1] - versions[0] + 1)
      const body = encodeRequest(api, version, sample(api.request, version) as RequestInput<Api>)
      const frame = Buffer.concat([encodeRequestHeader(api, version, 1, 'x'), body])
      for (let i = 0; i <= random.int(3); i++) frame[8 + random.int(frame.length - 8)] = random.int(256)
      const damaged = random.int(4) === 0 ? frame.subarray(0, 8 + random.int(frame.length - 8)) : frame
      const connection = w.broker.connection()
      const answer = connection.handle(Buffer.from(damaged)).then(
        () => undefined,
        (error) => error,
      )
      await new Promise((resolve) => setImmediate(resolve))
      connection.close()
      const error = await answer
      if (error === undefined) continue
      refused += 1
      if (!isMillraceError(error)) t.fail(`${api.name} v${version}: ${error.stack}`)
    }
  }
  t.ok(refused > 500, `${refused} were refused`)
  w.broker.createTopic('after', 1)
  t.match(await produce(w, 'after', batchOf([{ value: 'v' }])), { errorCode: 0, baseOffset: 0 })
})
