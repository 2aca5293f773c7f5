/** Record batches: Java's bytes read and built again, both ways through every codec, damage found. */
import t from 'tap'
import { isMillraceError } from '../../lib/errors.js'
import {
  assignOffsets,
  BatchBuilder,
  type BatchView,
  COMPRESSIONS,
  type Compression,
  controlBatch,
  readBatches,
  stampAppendTime,
} from '../../lib/protocol/index.js'
import { crc32c } from '../../lib/record/crc32c.js'
import { type Random, seededRandom } from '../../lib/record/random.js'
import { type Headers, NO_HEADERS } from '../../lib/record/record.js'
import { type BatchFixture, batchFixtures, fromHex, headersFrom, type RecordRow, recordsOf, toHex } from './fixtures.js'
import { wideBatch } from './wide-batch.js'

const [major, minor] = process.versions.node.split('.').map(Number) as [number, number]
const zstdMissing = major < 22 || (major === 22 && minor < 15)

interface PlainRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: RecordRow[3]
}

function readAll(batch: BatchView): PlainRecord[] {
  const cursor = batch.records()
  const out: PlainRecord[] = []
  while (cursor.next()) {
    out.push({
      offset: cursor.offset,
      timestamp: cursor.timestamp,
      key: toHex(cursor.key()),
      value: toHex(cursor.value()),
      headers: cursor.headers().map(({ key, value }) => [key, toHex(value)]),
    })
  }
  return out
}

function expected(fixture: BatchFixture): PlainRecord[] {
  return recordsOf(fixture).map(([timestamp, key, value, headers], index) => ({
    offset: fixture.baseOffset + index,
    timestamp: fixture.logAppendTime ?? timestamp,
    key,
    value,
    headers,
  }))
}

function only(bytes: Buffer): BatchView {
  const batches = readBatches(bytes)
  if (batches.length !== 1) throw new Error(`expected one batch, found ${batches.length}`)
  return batches[0]!
}

t.test('CRC-32C: the vectors of RFC 3720 and every length and alignment', async (t) => {
  t.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa)
  t.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43)
  t.equal(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i))), 0x46dd794e)
  t.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  t.equal(crc32c(Buffer.alloc(0)), 0)
  const bytes = seededRandom('crc').bytes(200)
  for (let start = 0; start < 5; start++) {
    for (let end = start; end < 120; end++) {
      if (crc32c(bytes, start, end) !== bitwiseCrc(bytes.subarray(start, end))) t.fail(`bytes ${start} to ${end}`)
    }
  }
})

function bitwiseCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

for (const fixture of batchFixtures) {
  const skip = fixture.compression === 'zstd' && zstdMissing ? 'this Node has no zstd' : false
  t.test(`Java's batch "${fixture.name}"`, { skip }, async (t) => {
    const batch = only(fromHex(fixture.hex)!)
    batch.verify()
    t.equal(COMPRESSIONS[batch.codec], fixture.compression)
    t.equal(batch.baseOffset, fixture.baseOffset)
    t.equal(batch.producerId, fixture.producerId)
    t.equal(batch.producerEpoch, fixture.producerEpoch)
    t.equal(batch.baseSequence, fixture.baseSequence)
    t.equal(batch.isTransactional, fixture.transactional)
    t.equal(batch.partitionLeaderEpoch, fixture.leaderEpoch)
    t.equal(batch.isLogAppendTime, fixture.logAppendTime !== null)
    t.equal(batch.isControl, fixture.name.startsWith('marker'))
    if (fixture.records === null) return
    const records = readAll(batch)
    t.strictSame(records, expected(fixture))
    t.equal(batch.count, records.length)
    t.equal(batch.lastOffset, records.at(-1)!.offset)
    t.equal(batch.maxTimestamp, Math.max(...records.map((record) => record.timestamp)))
  })
}

t.test("big values inflate, through several of Java's blocks", async (t) => {
  const big = Buffer.alloc(200_000, 65)
  for (let i = 0; i < big.length; i += 251) big[i] = i >>> 8
  for (const codec of ['gzip', 'snappy', 'lz4', ...(zstdMissing ? [] : ['zstd'])]) {
    const bytes = fromHex(batchFixtures.find((fixture) => fixture.name === `${codec} big`)!.hex)!
    const cursor = only(bytes).records()
    t.ok(cursor.next())
    t.ok(cursor.value()!.equals(big), codec)
    t.notOk(cursor.next())
    t.throws(() => only(bytes).records(100_000), { code: 'PROTOCOL_TOO_LARGE' }, `${codec} keeps to its limit`)
  }
})

t.test('building from the same records gives the same bytes as Java', async (t) => {
  const builder = new BatchBuilder({ initialBytes: 1 })
  for (const fixture of batchFixtures) {
    if (fixture.compression !== 'none' || fixture.records === null || fixture.logAppendTime !== null) continue
    for (const [timestamp, key, value, headers] of recordsOf(fixture)) {
      builder.append(timestamp, fromHex(key), fromHex(value), headersFrom(headers))
    }
    const expectedBytes = fromHex(fixture.hex)!
    t.equal(builder.sizeBytes, expectedBytes.length)
    t.equal(builder.count, recordsOf(fixture).length)
    const built = builder.build({ ...fixture, compression: 'none', partitionLeaderEpoch: fixture.leaderEpoch })
    t.equal(built.toString('hex'), fixture.hex, fixture.name)
    t.equal(builder.count, 0, 'the builder is empty again')
  }
})

t.test('markers equal Java’s', async (t) => {
  for (const type of ['commit', 'abort'] as const) {
    const fixture = batchFixtures.find(({ name }) => name === `marker ${type}`)!
    t.equal(only(fromHex(fixture.hex)!).controlType, type)
    const marker = controlBatch({
      type,
      producerId: 1234567,
      producerEpoch: 9,
      coordinatorEpoch: 21,
      timestamp: 1760000000000,
      baseOffset: 77,
      partitionLeaderEpoch: 5,
    })
    t.equal(marker.toString('hex'), fixture.hex)
  }
  const data = new BatchBuilder()
  data.append(0, Buffer.from([0, 0, 0, 0]), null)
  t.equal(only(data.build()).controlType, undefined, 'a data record that looks like a marker is none')
})

t.test('a broker assigns offsets without touching the checksum', async (t) => {
  const builder = new BatchBuilder()
  builder.append(5, null, Buffer.from('a'))
  builder.append(6, null, Buffer.from('b'))
  const bytes = builder.build()
  assignOffsets(bytes, 2 ** 40, 17)
  const batch = only(bytes)
  batch.verify()
  t.strictSame([batch.baseOffset, batch.lastOffset, batch.partitionLeaderEpoch], [2 ** 40, 2 ** 40 + 1, 17])
  t.strictSame(
    readAll(batch).map((record) => record.offset),
    [2 ** 40, 2 ** 40 + 1],
  )
})

t.test('a compacted batch keeps its offsets, a stamped one has the time of the broker', async (t) => {
  const builder = new BatchBuilder()
  builder.append(5, null, Buffer.from('a'), NO_HEADERS, 2)
  builder.append(9, null, Buffer.from('b'), NO_HEADERS, 7)
  const bytes = builder.build({ baseOffset: 100, lastOffsetDelta: 10 })
  const compacted = only(bytes)
  t.strictSame([compacted.lastOffset, compacted.count, compacted.maxTimestamp], [110, 2, 9])
  t.strictSame(
    readAll(compacted).map((record) => record.offset),
    [102, 107],
  )
  stampAppendTime(bytes, 1_760_000_000_000)
  const stamped = only(bytes)
  stamped.verify()
  t.ok(stamped.isLogAppendTime)
  t.strictSame(
    readAll(stamped).map((record) => record.timestamp),
    [1_760_000_000_000, 1_760_000_000_000],
  )
})

t.test('random batches survive every codec', async (t) => {
  const random = seededRandom('batches')
  const codecs = COMPRESSIONS.filter((codec) => codec !== 'zstd' || !zstdMissing)
  for (let round = 0; round < 60; round++) {
    const compression = codecs[round % codecs.length]!
    const builder = new BatchBuilder({ initialBytes: 1 + random.int(300) })
    const records = Array.from({ length: 1 + random.int(80) }, () => randomRecord(random))
    for (const record of records) builder.append(record.timestamp, record.key, record.value, record.headers)
    const batch = only(builder.build({ compression, producerId: round, producerEpoch: 3, baseSequence: 9 }))
    batch.verify()
    const seen = readAll(batch)
    const wanted = records.map((record, offset) => ({
      offset,
      timestamp: record.timestamp,
      key: toHex(record.key),
      value: toHex(record.value),
      headers: record.headers.map(({ key, value }) => [key, toHex(value)]),
    }))
    if (JSON.stringify(seen) !== JSON.stringify(wanted)) t.fail(`${compression}, round ${round}`)
  }
})

function randomRecord(random: Random) {
  const bytes = () => {
    if (random.int(6) === 0) return null
    return random.int(2) === 0 ? random.bytes(random.int(200)) : Buffer.alloc(random.int(20_000), 'ab')
  }
  const headers: Headers =
    random.int(3) > 0
      ? NO_HEADERS
      : Array.from({ length: random.int(4) }, (_, i) => ({ key: `é${i}`.repeat(random.int(70)), value: bytes() }))
  const spreads = [10, 2 ** 20, 2 ** 31, 2 ** 40]
  const timestamp = 1_760_000_000_000 + Math.floor((random.next() - 0.5) * spreads[random.int(4)]!)
  return { timestamp, key: bytes(), value: bytes(), headers }
}

t.test('headers are shared when there are none', async (t) => {
  const builder = new BatchBuilder()
  builder.append(0, null, null)
  const cursor = only(builder.build()).records()
  cursor.next()
  t.equal(cursor.headers(), NO_HEADERS)
  t.throws(() => builder.append(0.5, null, null), { code: 'PROTOCOL_VALUE_INVALID' })
  t.throws(() => builder.append(Number.NaN, null, null), { code: 'PROTOCOL_VALUE_INVALID' })
})

t.test('several batches, the last cut short', async (t) => {
  const parts = batchFixtures.filter(({ compression }) => compression === 'none').map(({ hex }) => fromHex(hex)!)
  const all = Buffer.concat(parts)
  t.equal(readBatches(all).length, parts.length)
  t.strictSame(
    readBatches(all).map((batch) => batch.sizeBytes),
    parts.map((part) => part.length),
  )
  const last = parts.at(-1)!.length
  for (const cut of [1, last - 70, last - 20, last - 13, last - 1]) {
    t.equal(readBatches(all.subarray(0, all.length - cut)).length, parts.length - 1, `without ${cut} bytes`)
  }
  t.ok(readBatches(all)[1]!.slice().equals(parts[1]!))
})

t.test('damage has a code and the offset', async (t) => {
  const good = fromHex(batchFixtures.find(({ name }) => name === 'headers')!.hex)!
  const change = (edit: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(good)
    edit(bytes)
    return bytes
  }
  const flipped = change((bytes) => bytes.writeUInt8(bytes[70]! ^ 1, 70))
  t.throws(() => only(flipped).verify(), { code: 'PROTOCOL_CRC_MISMATCH', offset: 41 })
  t.throws(() => readBatches(change((bytes) => bytes.writeUInt8(1, 16))), {
    code: 'PROTOCOL_MAGIC_UNSUPPORTED',
    offset: 41,
  })
  for (const [what, bytes] of [
    ['a short length', change((copy) => copy.writeInt32BE(10, 8))],
    ['a negative length', change((copy) => copy.writeInt32BE(-1, 8))],
    ['a negative count', change((copy) => copy.writeInt32BE(-1, 57))],
    ['an offset out of range', change((copy) => copy.writeUInt8(0x7f, 0))],
    ['a producer id out of range', change((copy) => copy.writeUInt8(0x7f, 43))],
  ] as const) {
    t.throws(() => readBatches(bytes), { code: 'PROTOCOL_BATCH_INVALID' }, what)
  }
  for (const [what, count] of [
    ['too many', 4],
    ['too few', 2],
  ] as const) {
    const view = only(change((copy) => copy.writeInt32BE(count, 57)))
    t.throws(() => readAll(view), { code: 'PROTOCOL_BATCH_INVALID' }, what)
  }
  t.throws(() => only(change((copy) => copy.writeUInt8(7, 22))).records(), {
    code: 'PROTOCOL_COMPRESSION_UNSUPPORTED',
  })
})

t.test('times of any 64 bits: exact below 2^53, seen to be rounded beyond, and the batch can be read on', async (t) => {
  const max = BigInt(Number.MAX_SAFE_INTEGER)
  const long = 2n ** 63n - 1n
  const rows: readonly (readonly bigint[])[] = [
    [5n, max, max - 1n, 0n, -1n],
    [0n, 2n ** 52n, 2n ** 52n - 1n, 2n ** 52n + 1n, max - 2n],
    [max, 1n, 3n, max - 4n],
    [1_733_000_000_123n, 1_733_000_000_123_456_789n, 1_733_000_000_124n],
    [1_733_000_000_123_456_789n, 1_733_000_000_123n, 1_733_000_000_123_456_790n],
    [long, -long - 1n, 7n, long],
    [-long - 1n, 7n, max + 1n, -max],
  ]
  for (const times of rows) {
    const seen = readAll(only(wideBatch(times))).map(({ timestamp }) => timestamp)
    t.strictSame(
      seen,
      times.map((time) => Number(time)),
    )
    t.strictSame(
      seen.map((time) => Number.isSafeInteger(time)),
      times.map((time) => time >= -max && time <= max),
    )
  }
  const builder = new BatchBuilder()
  const exact = [0, Number.MAX_SAFE_INTEGER, 2 ** 52 + 1, 1, 2 ** 52 - 1, Number.MAX_SAFE_INTEGER - 1]
  for (const timestamp of exact) builder.append(timestamp, null, null)
  t.ok(only(builder.build()).bytes.equals(wideBatch(exact.map(BigInt))), 'and written as they are read')
  for (const timestamp of [2 ** 53, 1.5, Number.NaN, Number.POSITIVE_INFINITY, undefined, '5', 5n]) {
    t.throws(() => builder.append(timestamp as number, null, null), { code: 'PROTOCOL_VALUE_INVALID' })
  }
})

t.test('zstd without support in Node is a coded error', { skip: !zstdMissing && 'this Node has zstd' }, async (t) => {
  const bytes = fromHex(batchFixtures.find(({ name }) => name === 'zstd many')!.hex)!
  t.throws(() => only(bytes).records(), { code: 'PROTOCOL_COMPRESSION_UNSUPPORTED', message: /22\.15/ })
  const builder = new BatchBuilder()
  builder.append(0, null, null)
  t.throws(() => builder.build({ compression: 'zstd' }), { code: 'PROTOCOL_COMPRESSION_UNSUPPORTED' })
})

t.test('random damage raises coded errors and nothing else, with or without the checksum', async (t) => {
  const random = seededRandom('batch damage')
  let missedByChecksum = 0
  const codes = new Map<string, number>()
  for (const fixture of batchFixtures) {
    const good = fromHex(fixture.hex)!
    for (let round = 0; round < 150; round++) {
      const bytes = Buffer.from(good)
      const at = random.int(Math.min(bytes.length, 400))
      bytes[at]! ^= 1 << random.int(8)
      const code = outcome(() => readBatches(bytes).map(readAll))
      codes.set(code, (codes.get(code) ?? 0) + 1)
      if (at >= 21 && outcome(() => readBatches(bytes).map((batch) => batch.verify())) === 'accepted') {
        missedByChecksum++
      }
    }
  }
  t.equal(missedByChecksum, 0, 'the checksum finds every flipped bit behind it')
  t.ok((codes.get('PROTOCOL_BATCH_INVALID') ?? 0) > 100)
  t.ok((codes.get('PROTOCOL_COMPRESSION_FAILED') ?? 0) > 100)
})

function outcome(act: () => void): string {
  try {
    act()
    return 'accepted'
  } catch (error) {
    if (!isMillraceError(error)) throw error
    return error.code
  }
}

t.test('every codec refuses garbage', async (t) => {
  const random = seededRandom('garbage')
  const builder = new BatchBuilder()
  for (const codec of ['gzip', 'snappy', 'lz4'] satisfies Compression[]) {
    for (let round = 0; round < 200; round++) {
      builder.append(0, null, random.bytes(30))
      const bytes = builder.build()
      bytes[22] = COMPRESSIONS.indexOf(codec)
      const code = outcome(() => readAll(only(bytes)))
      if (code === 'accepted') t.fail(`${codec} accepted garbage`)
    }
  }
})
