/** Serdes: bytes as Java writes them, there and back, and clear errors for anything else. */
import t from 'tap'
import { isMillraceError } from '../../lib/errors.js'
import { seededRandom } from '../../lib/record/random.js'
import { readInt64, writeInt64 } from '../../lib/serde/int64-bytes.js'
import { json } from '../../lib/serde/json.js'
import { bigint64, bytes, float64, int32, int64, string } from '../../lib/serde/primitive.js'
import { type Serde, toByteString } from '../../lib/serde/serde.js'

const row = <T>(serde: Serde<T>, value: T, hex: string) => ({ serde: serde as Serde<unknown>, value, hex })

const ROWS = [
  row(string, '', ''),
  row(string, 'k1', '6b31'),
  row(string, 'é€😀', 'c3a9e282acf09f9880'),
  row(string, 'x'.repeat(100), '78'.repeat(100)),
  row(string, `${'x'.repeat(100)}é`, `${'78'.repeat(100)}c3a9`),
  row(bytes, Buffer.from('00ff', 'hex'), '00ff'),
  row(int32, 0, '00000000'),
  row(int32, -1, 'ffffffff'),
  row(int32, 2 ** 31 - 1, '7fffffff'),
  row(int32, -(2 ** 31), '80000000'),
  row(int64, 0, '0000000000000000'),
  row(int64, -1, 'ffffffffffffffff'),
  row(int64, 1_700_000_000_000, '0000018bcfe56800'),
  row(int64, -1_700_000_000_000, 'fffffe74301a9800'),
  row(int64, Number.MAX_SAFE_INTEGER, '001fffffffffffff'),
  row(int64, Number.MIN_SAFE_INTEGER, 'ffe0000000000001'),
  row(bigint64, 2n ** 63n - 1n, '7fffffffffffffff'),
  row(bigint64, -(2n ** 63n), '8000000000000000'),
  row(float64, 1.5, '3ff8000000000000'),
  row(json<unknown>(), { a: [1, null, 'é'] }, Buffer.from('{"a":[1,null,"é"]}').toString('hex')),
]

t.test('bytes, there and back', async (t) => {
  for (const { serde, value, hex } of ROWS) {
    const written = serde.serialize(value, 'topic')
    t.equal(written.toString('hex'), hex, `${serde.name} ${hex.slice(0, 20)}`)
    t.same(serde.deserialize(written, 'topic'), value)
    t.equal(Buffer.from(toByteString(serde, value, 'topic'), 'latin1').toString('hex'), hex, 'as byte string')
  }
})

t.test('int64 without BigInt equals BigInt', async (t) => {
  const random = seededRandom('int64')
  const out = Buffer.alloc(8)
  for (let i = 0; i < 2000; i++) {
    const value = (random.int(2) === 0 ? 1 : -1) * Math.floor(random.next() * 2 ** random.int(54))
    writeInt64(out, value, 0)
    if (out.readBigInt64BE(0) !== BigInt(value) || readInt64(out, 0) !== value) t.fail(`differs for ${value}`)
  }
  t.pass('2000 numbers')
})

t.test('what was read is a private copy', async (t) => {
  const batch = Buffer.from('abc')
  const value = bytes.deserialize(batch, 'topic')
  batch[0] = 0
  t.equal(value.toString(), 'abc')
})

const WRONG_BYTES: [Serde<unknown>, string][] = [
  [int32, '000000'],
  [int32, '0000000000'],
  [int64, ''],
  [int64, '00000000000000'],
  [int64, '0020000000000000'],
  [bigint64, '00'],
  [float64, '00000000000000'],
  [json<unknown>(), ''],
  [json<unknown>(), Buffer.from('{"secret":').toString('hex')],
]

t.test('bytes of another kind are refused by name, and never quoted', async (t) => {
  for (const [serde, hex] of WRONG_BYTES) {
    try {
      serde.deserialize(Buffer.from(hex, 'hex'), 'orders')
      t.fail(`${serde.name} read ${hex}`)
    } catch (error) {
      t.ok(isMillraceError(error, 'SERDE_BYTES_INVALID'), `${serde.name} ${hex}`)
      t.match((error as Error).message, 'orders')
      t.notMatch((error as Error).message, 'secret')
    }
  }
})

const WRONG_VALUES: [Serde<never>, unknown][] = [
  [string as Serde<never>, 5],
  [string as Serde<never>, null],
  [bytes as Serde<never>, 'text'],
  [int32 as Serde<never>, 1.5],
  [int32 as Serde<never>, 2 ** 31],
  [int64 as Serde<never>, 2 ** 53],
  [int64 as Serde<never>, Number.NaN],
  [int64 as Serde<never>, 'secret'],
  [int32 as Serde<never>, 5n],
  [int32 as Serde<never>, '5'],
  [int64 as Serde<never>, 5n],
  [bigint64 as Serde<never>, 5],
  [bigint64 as Serde<never>, 2n ** 63n],
  [float64 as Serde<never>, '1'],
  [json<unknown>() as Serde<never>, undefined],
  [json<unknown>() as Serde<never>, Promise.resolve(1)],
]

t.test('values of another type are refused', async (t) => {
  for (const [serde, value] of WRONG_VALUES) {
    t.throws(() => serde.serialize(value as never, 'orders'), { code: 'SERDE_VALUE_INVALID' }, serde.name)
  }
  t.throws(() => int64.byteString!(2 ** 53, 'orders'), { code: 'SERDE_VALUE_INVALID' })
  t.throws(() => string.byteString!(7 as never, 'orders'), { code: 'SERDE_VALUE_INVALID' })
})

t.test('json with a check', async (t) => {
  const serde = json((value) => {
    if (typeof (value as { id?: unknown }).id !== 'string') throw new Error('no id')
    return value as { id: string }
  })
  t.same(serde.deserialize(Buffer.from('{"id":"a"}'), 'x'), { id: 'a' })
  t.throws(() => serde.deserialize(Buffer.from('{}'), 'x'), { message: 'no id' })
})
