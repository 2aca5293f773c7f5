/** Windowed keys and table changes, byte by byte as Kafka Streams writes them. */
import t from 'tap'
import { isMillraceError } from '../../lib/errors.js'
import { changed } from '../../lib/serde/changed.js'
import { sessionKey, splitSessionKey, splitWindowStoreKey, windowStoreKey } from '../../lib/serde/key-layouts.js'
import { string } from '../../lib/serde/primitive.js'
import { type Serde, toByteString } from '../../lib/serde/serde.js'
import { sessionWindowed, timeWindowed } from '../../lib/serde/windowed.js'

const k1 = Buffer.from('k1')

t.test('layouts of Kafka Streams', async (t) => {
  const time = { key: 'k1', window: { startMs: 60_000, endMs: 120_000 } }
  const burst = { key: 'k1', window: { startMs: 1000, endMs: 2500 } }
  const rows: [Serde<unknown>, unknown, string][] = [
    [timeWindowed(string, 60_000), time, '6b31000000000000ea60'],
    [sessionWindowed(string), burst, '6b3100000000000009c400000000000003e8'],
  ]
  for (const [serde, value, hex] of rows) {
    t.equal(serde.serialize(value, 't').toString('hex'), hex, serde.name)
    t.same(serde.deserialize(Buffer.from(hex, 'hex'), 't'), value)
    t.equal(Buffer.from(toByteString(serde, value, 't'), 'latin1').toString('hex'), hex)
    t.equal(serde.partitionBytes!(value, 't').toString(), 'k1', 'partitioned by the inner key')
  }
  t.equal(windowStoreKey(k1, 60_000).toString('hex'), '6b31000000000000ea6000000000')
  t.equal(windowStoreKey(k1, 60_000, 3).toString('hex'), '6b31000000000000ea6000000003')
  t.same(splitWindowStoreKey(windowStoreKey(k1, 60_000, 3)), { key: k1, startMs: 60_000, sequence: 3 })
  t.same(splitSessionKey(sessionKey(k1, 1000, 2500)), { key: k1, startMs: 1000, endMs: 2500 })
})

t.test('an unlimited window has no end', async (t) => {
  const serde = timeWindowed(string, Number.POSITIVE_INFINITY)
  const value = { key: 'k', window: { startMs: 10, endMs: Number.POSITIVE_INFINITY } }
  t.same(serde.deserialize(serde.serialize(value, 't'), 't'), value)
})

t.test('a key too short for its layout is refused', async (t) => {
  const short = Buffer.alloc(7)
  t.throws(() => timeWindowed(string, 1).deserialize(short, 't'), { code: 'SERDE_BYTES_INVALID' })
  t.throws(() => sessionWindowed(string).deserialize(Buffer.alloc(15), 't'), { code: 'SERDE_BYTES_INVALID' })
  t.throws(() => splitWindowStoreKey(Buffer.alloc(11)), { code: 'SERDE_BYTES_INVALID' })
})

const CHANGES: [newValue: string | null, oldValue: string | null, isLatest: boolean, hex: string][] = [
  ['n', null, true, '6e01'],
  [null, 'o', true, '6f00'],
  ['n', 'o', true, '026e6f02'],
  ['', '', true, '0002'],
  ['n', null, false, '6e0004'],
  [null, 'o', false, '6f0003'],
  ['n', 'o', false, '026e6f0005'],
]

t.test('table changes', async (t) => {
  const serde = changed(string)
  for (const [newValue, oldValue, isLatest, hex] of CHANGES) {
    t.equal(serde.serialize({ newValue, oldValue, isLatest }, 't').toString('hex'), hex)
    t.same(serde.deserialize(Buffer.from(hex, 'hex'), 't'), { newValue, oldValue, isLatest })
  }
  const long = { newValue: 'n'.repeat(5000), oldValue: 'o'.repeat(70), isLatest: true }
  t.equal(serde.serialize(long, 't').toString('hex', 0, 2), '904e', 'the length is a zigzag varint')
  t.same(serde.deserialize(serde.serialize(long, 't'), 't'), long)
  t.throws(() => serde.serialize({ newValue: null, oldValue: null, isLatest: true }, 't'), {
    code: 'SERDE_VALUE_INVALID',
  })
})

t.test('hostile changes are refused', async (t) => {
  const serde = changed(string)
  for (const hex of ['', '06', 'ff', '03', '02', '046e02', 'ffffffffffff02', '016e6f02', 'feffffff0f6e02']) {
    try {
      serde.deserialize(Buffer.from(hex, 'hex'), 't')
      t.fail(`read ${hex}`)
    } catch (error) {
      t.ok(isMillraceError(error, 'SERDE_BYTES_INVALID'), hex)
    }
  }
})

t.test('times beyond 2^53 are refused, not rounded', async (t) => {
  for (const time of [2n ** 53n, -(2n ** 53n), 1_733_000_000_123_456_789n, 2n ** 63n - 1n]) {
    const tail = Buffer.alloc(8)
    tail.writeBigInt64BE(time)
    const good = Buffer.alloc(8)
    for (const [serde, key] of [
      [timeWindowed(string, 1), [k1, tail]],
      [sessionWindowed(string), [k1, tail, good]],
      [sessionWindowed(string), [k1, good, tail]],
    ] as const) {
      t.throws(() => serde.deserialize(Buffer.concat(key), 't'), { code: 'SERDE_BYTES_INVALID' })
    }
  }
  for (const startMs of [2 ** 53, 1.5, Number.NaN, undefined, '5', 5n]) {
    const key = { key: 'k', window: { startMs, endMs: startMs } } as never
    for (const serde of [timeWindowed(string, 1), sessionWindowed(string)]) {
      t.throws(() => serde.serialize(key, 't'), { code: 'SERDE_VALUE_INVALID' })
    }
  }
})
