/** The rules of the tables: versions, defaults, nulls, tagged fields, hostile counts; and the headers. */
import t from 'tap'
import {
  apiByKey,
  apiVersionsApi,
  decodeConsumerAssignment,
  decodeConsumerSubscription,
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  decodeResponseHeader,
  encodeConsumerAssignment,
  encodeConsumerSubscription,
  encodeRequest,
  encodeRequestHeader,
  encodeResponse,
  encodeResponseHeader,
  fetchApi,
  heartbeatApi,
  joinGroupApi,
  metadataApi,
} from '../../lib/protocol/index.js'
import { Reader } from '../../lib/protocol/wire/byte-reader.js'
import { Writer } from '../../lib/protocol/wire/byte-writer.js'
import { fromHex, headerFixtures } from './fixtures.js'

t.test("headers equal Java's", async (t) => {
  for (const [key, version, clientId, correlationId, request, response] of headerFixtures) {
    const api = apiByKey(key)!
    t.equal(encodeRequestHeader(api, version, correlationId, clientId).toString('hex'), request)
    t.equal(encodeResponseHeader(api, version, correlationId).toString('hex'), response)
    const read = decodeRequestHeader(Buffer.concat([fromHex(request)!, Buffer.from([9])]), apiByKey)
    t.strictSame(read.header, { apiKey: key, apiVersion: version, correlationId, clientId })
    t.equal(read.bodyStart, request.length / 2)
    t.equal(read.api, api)
    t.strictSame(decodeResponseHeader(api, version, fromHex(response)!), {
      correlationId,
      bodyStart: response.length / 2,
    })
  }
})

t.test('a header of an unknown API or version is still read', async (t) => {
  const newer = encodeRequestHeader(apiVersionsApi, 99, 5, 'c')
  t.equal(decodeRequestHeader(newer, apiByKey).header.apiVersion, 99)
  const unknown = Buffer.from('03e7000000000001ffff', 'hex')
  const read = decodeRequestHeader(unknown, apiByKey)
  t.equal(read.api, undefined)
  t.strictSame(read.header, { apiKey: 999, apiVersion: 0, correlationId: 1, clientId: null })
  t.throws(() => decodeRequestHeader(unknown.subarray(0, 6), apiByKey), { code: 'PROTOCOL_TRUNCATED' })
})

t.test('what is left out takes its default, and a field the version lacks decodes to it', async (t) => {
  const bytes = encodeRequest(joinGroupApi, 0, {
    groupId: 'g',
    sessionTimeoutMs: 1,
    memberId: '',
    protocolType: 'consumer',
    protocols: [],
  })
  const body = decodeRequest(joinGroupApi, 0, bytes)
  t.strictSame(body, {
    groupId: 'g',
    sessionTimeoutMs: 1,
    rebalanceTimeoutMs: -1,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [],
    reason: null,
  })
})

t.test('a value is not dropped silently', async (t) => {
  const heartbeat = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: 'i' }
  t.throws(() => encodeRequest(heartbeatApi, 2, heartbeat), {
    code: 'PROTOCOL_VALUE_INVALID',
    message: /Heartbeat request version 2: .*"groupInstanceId"/,
  })
  t.equal(decodeRequest(heartbeatApi, 3, encodeRequest(heartbeatApi, 3, heartbeat)).groupInstanceId, 'i')
})

t.test('values that do not fit are refused', async (t) => {
  const body = { groupId: 'g', generationId: 1, memberId: 'm' }
  for (const [what, wrong] of [
    ['a fraction', { ...body, generationId: 1.5 }],
    ['33 bits', { ...body, generationId: 2 ** 31 }],
    ['a long string', { ...body, memberId: 'x'.repeat(40_000) }],
    ['a number for a string', { ...body, memberId: 5 as never }],
    ['an object for a string', { ...body, groupId: {} as never }],
    ['a string for a number', { ...body, generationId: '5' as never }],
  ] as const) {
    t.throws(() => encodeRequest(heartbeatApi, 0, wrong), { code: 'PROTOCOL_VALUE_INVALID' }, what)
  }
  t.throws(() => encodeRequest(metadataApi, 0, { topics: null }), { code: 'PROTOCOL_VALUE_INVALID' }, 'null')
  t.throws(() => encodeRequest(heartbeatApi, 9, body), { code: 'PROTOCOL_VERSION_UNSUPPORTED' }, 'version')
  t.throws(() => decodeRequest(heartbeatApi, -1, Buffer.alloc(0)), { code: 'PROTOCOL_VERSION_UNSUPPORTED' })
})

t.test('unknown tagged fields are skipped, known ones read inside their own bounds', async (t) => {
  const empty = { throttleTimeMs: 0, responses: [] }
  const bytes = encodeResponse(fetchApi, 16, empty)
  t.equal(bytes.at(-1), 0, 'no tagged field was written')
  const withUnknown = Buffer.concat([bytes.subarray(0, -1), Buffer.from([1, 77, 3, 1, 2, 3])])
  t.strictSame(decodeResponse(fetchApi, 16, withUnknown), decodeResponse(fetchApi, 16, bytes))
  const overlong = Buffer.concat([bytes.subarray(0, -1), Buffer.from([1, 77, 4, 1, 2, 3])])
  t.throws(() => decodeResponse(fetchApi, 16, overlong), { code: 'PROTOCOL_TRUNCATED' })
  const crossing = Buffer.concat([bytes.subarray(0, -1), Buffer.from([1, 0, 1, 200, 200, 200, 1])])
  t.throws(() => decodeResponse(fetchApi, 16, crossing), { code: /^PROTOCOL_/ })
})

t.test('a hostile count allocates nothing', async (t) => {
  const huge = Buffer.from('7fffffff', 'hex')
  t.throws(() => decodeRequest(metadataApi, 0, huge), { code: 'PROTOCOL_INVALID', message: /2147483647 elements/ })
  t.throws(() => decodeRequest(metadataApi, 0, Buffer.from('fffffffe', 'hex')), { code: 'PROTOCOL_INVALID' })
  t.throws(() => decodeRequest(metadataApi, 0, Buffer.from('0000000000', 'hex')), { message: /left over/ })
})

t.test('integers at their limits', async (t) => {
  const writer = new Writer(1)
  for (const value of [-128, 127]) writer.int8(value)
  for (const value of [-32768, 32767]) writer.int16(value)
  for (const value of [-(2 ** 31), 2 ** 31 - 1]) writer.int32(value)
  for (const value of [-(2 ** 53) + 1, -1, 2 ** 53 - 1]) writer.int64(value)
  for (const value of [-(2 ** 31), -1, 0, 63, 64, 2 ** 31 - 1]) writer.varint(value)
  for (const value of [0, 127, 128, 2 ** 31, 2 ** 32 - 1]) writer.unsignedVarint(value)
  const reader = new Reader(writer.finish())
  t.strictSame([reader.int8(), reader.int8(), reader.int16(), reader.int16()], [-128, 127, -32768, 32767])
  t.strictSame([reader.int32(), reader.int32()], [-(2 ** 31), 2 ** 31 - 1])
  t.strictSame([reader.int64(), reader.int64(), reader.int64()], [-(2 ** 53) + 1, -1, 2 ** 53 - 1])
  t.strictSame(
    Array.from({ length: 6 }, () => reader.varint()),
    [-(2 ** 31), -1, 0, 63, 64, 2 ** 31 - 1],
  )
  t.strictSame(
    Array.from({ length: 5 }, () => reader.unsignedVarint()),
    [0, 127, 128, 2 ** 31, 2 ** 32 - 1],
  )
  t.equal(reader.remaining, 0)
  t.throws(() => new Reader(Buffer.from('7fffffffffffffff', 'hex')).int64(), { code: 'PROTOCOL_INVALID' })
  t.throws(() => new Reader(Buffer.from('ffffffffff', 'hex')).unsignedVarint(), { code: 'PROTOCOL_INVALID' })
  t.throws(() => new Writer().int64(2 ** 53), { code: 'PROTOCOL_VALUE_INVALID' })
})

t.test('member metadata: a newer version is read as the last one known', async (t) => {
  const subscription = {
    topics: ['a', 'b'],
    userData: Buffer.from([1, 2]),
    ownedPartitions: [{ topic: 'a', partitions: [0, 3] }],
    generationId: 4,
    rackId: 'r',
  }
  const bytes = encodeConsumerSubscription(3, subscription)
  t.strictSame(decodeConsumerSubscription(bytes), subscription)
  const newer = Buffer.concat([bytes, Buffer.from([9, 9])])
  newer.writeInt16BE(7)
  t.strictSame(decodeConsumerSubscription(newer), subscription)
  const oldest = decodeConsumerSubscription(encodeConsumerSubscription(0, subscription))
  t.strictSame(oldest, { ...subscription, ownedPartitions: [], generationId: -1, rackId: null })
  const assignment = { assignedPartitions: [{ topic: 't', partitions: [1] }], userData: null }
  t.strictSame(decodeConsumerAssignment(encodeConsumerAssignment(0, assignment)), assignment)
  t.throws(() => decodeConsumerAssignment(Buffer.alloc(3)), { code: 'PROTOCOL_TRUNCATED' })
})
