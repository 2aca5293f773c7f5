/** Avro's numbers are exact or refused, in every place a schema can have them; and no count is believed that cannot be. */
import t from 'tap'
import { avro } from '../../lib/serde/avro/avro.js'
import { avroType } from '../../lib/serde/avro/avro-schema.js'

const MAX = BigInt(Number.MAX_SAFE_INTEGER)
const POWERS = [6n, 7n, 13n, 14n, 27n, 28n, 31n, 32n, 45n, 51n, 52n, 53n]
const AROUND = POWERS.flatMap((power) =>
  [-2n, -1n, 0n, 1n, 2n].flatMap((by) => [2n ** power + by, -(2n ** power) + by]),
)
const SAFE = [...new Set([0n, 1n, -1n, MAX, -MAX, MAX - 1n, 1_733_000_000_123_456n, ...AROUND])].filter(
  (value) => value <= MAX && value >= -MAX,
)
const WIDE = [MAX + 1n, -MAX - 1n, MAX + 2n, 2n ** 60n, 2n ** 62n + 1n, 1_733_000_000_123_456_789n]
const EXTREME = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n - 2n, -(2n ** 63n) + 1n]

/** As Java writes it. */
function zigzag(value: bigint): Buffer {
  const bytes: number[] = []
  let raw = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; raw >= 0x80n; raw >>= 7n) bytes.push(Number(raw & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(raw)])
}

const field = (type: unknown, more: object = {}, name = 'R') => ({
  type: 'record',
  name,
  fields: [{ name: 'v', type, ...more }],
})

/** Where a long may stand: the schema, a value around it, and how it is found again. */
interface Place {
  readonly where: string
  readonly schema: unknown
  readonly put: (value: unknown) => unknown
  readonly take: (read: Found) => unknown
}
type Found = { readonly [name: string]: Found } & readonly Found[]
const inField = { put: (v: unknown) => ({ v }), take: ({ v }: Found) => v }
const places: readonly Place[] = [
  { where: 'field', schema: field('long'), ...inField },
  { where: 'logical type', schema: field({ type: 'long', logicalType: 'timestamp-micros' }), ...inField },
  { where: 'nullable', schema: field(['null', 'long']), ...inField },
  { where: 'array', schema: { type: 'array', items: 'long' }, put: (v) => [v, v], take: (read) => read[1] },
  { where: 'map', schema: { type: 'map', values: 'long' }, put: (k) => ({ k }), take: ({ k }) => k },
  { where: 'alone', schema: 'long', put: (v) => v, take: (read) => read },
  {
    where: 'in a record',
    schema: field(field('long', {}, 'In')),
    put: (v) => ({ v: { v } }),
    take: ({ v }) => v!.v,
  },
]

for (const { where, schema, put, take } of places) {
  t.test(`longs as numbers: ${where}`, async (t) => {
    const serde = avro<unknown>(schema as never)
    for (const value of SAFE) {
      const bytes = serde.serialize(put(Number(value)), 't')
      t.ok(bytes.includes(zigzag(value)), `${value} is written as Java writes it`)
      t.equal(take(serde.deserialize(bytes, 't') as Found), Number(value))
    }
    for (const value of [2 ** 53, -(2 ** 53), 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', 5n, undefined]) {
      t.throws(() => serde.serialize(put(value), 't'), { code: 'SERDE_VALUE_INVALID' })
    }
    const wide = avro<unknown>(schema as never, { longs: 'bigint' })
    for (const value of [...WIDE, ...EXTREME]) {
      const bytes = wide.serialize(put(value), 't')
      t.throws(() => serde.deserialize(bytes, 't'), { code: 'SERDE_BYTES_INVALID' }, `${value} is refused`)
    }
  })

  t.test(`longs as bigints: ${where}`, async (t) => {
    const serde = avro<unknown>(schema as never, { longs: 'bigint' })
    for (const value of [...SAFE, ...WIDE, ...EXTREME]) {
      const bytes = serde.serialize(put(value), 't')
      t.ok(bytes.includes(zigzag(value)), `${value} is written as Java writes it`)
      t.equal(take(serde.deserialize(bytes, 't') as Found), value)
    }
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n, 5, '5', undefined]) {
      t.throws(() => serde.serialize(put(value), 't'), { code: 'SERDE_VALUE_INVALID' })
    }
    t.same(serde.name, avro(schema as never).name)
  })
}

t.test('in a union of int and long a bigint is the long', async (t) => {
  const serde = avro<{ v: unknown }>(field(['int', 'long']), { longs: 'bigint' })
  for (const v of [5, 5n, 2n ** 60n]) t.equal(serde.deserialize(serde.serialize({ v }, 't'), 't').v, v)
})

t.test('defaults of longs', async (t) => {
  const old = { type: 'record', name: 'R', fields: [] }
  const read = (serde: ReturnType<typeof avro<{ v: unknown }>>) =>
    serde.deserialize(avro<object>(old).serialize({}, 't'), 't').v
  const schema = field('long', { default: -(2 ** 52) - 1 })
  t.equal(read(avro<{ v: unknown }>(schema, { readable: [old] })), -(2 ** 52) - 1)
  t.equal(read(avro<{ v: unknown }>(schema, { readable: [old], longs: 'bigint' })), -(2n ** 52n) - 1n)
  for (const longs of ['number', 'bigint'] as const) {
    t.throws(() => avro(field('long', { default: 2 ** 53 }), { longs }), { code: 'SERDE_SCHEMA_INVALID' })
  }
})

t.test('promoted, a number is exact or refused too', async (t) => {
  const writer = field('long')
  const wide = avro<{ v: bigint }>(writer, { longs: 'bigint' })
  const bytes = (v: bigint) => wide.serialize({ v }, 't')
  for (const type of ['double', 'float']) {
    const serde = avro<{ v: number }>(field(type), { readable: [writer] })
    for (const value of [...SAFE, MAX + 1n, 2n ** 60n, -(2n ** 63n)]) {
      t.equal(BigInt(serde.deserialize(bytes(value), 't').v), value)
    }
    for (const value of [MAX + 2n, 2n ** 63n - 1n, 1_733_000_000_123_456_789n]) {
      t.throws(() => serde.deserialize(bytes(value), 't'), { code: 'SERDE_BYTES_INVALID' })
    }
  }
  const ints = avro<{ v: number }>(field('int')).serialize({ v: -7 }, 't')
  t.equal(avro<{ v: unknown }>(writer, { readable: [field('int')], longs: 'bigint' }).deserialize(ints, 't').v, -7n)
  t.equal(avro<{ v: unknown }>(writer, { readable: [field('int')] }).deserialize(ints, 't').v, -7)
})

t.test('ints of more than 32 bits, longs of more than 64', async (t) => {
  const head = avro<number>('int').serialize(0, 't').subarray(0, 10)
  for (const value of [2n ** 31n, -(2n ** 31n) - 1n, 2n ** 52n + 1n, 2n ** 63n - 1n]) {
    t.throws(() => avro('int').deserialize(Buffer.concat([head, zigzag(value)]), 't'), { code: 'SERDE_BYTES_INVALID' })
  }
  const longHead = avro<number>('long').serialize(0, 't').subarray(0, 10)
  for (const longs of ['number', 'bigint'] as const) {
    for (const hex of ['80808080808080808002', '8080808080808080808001', 'ffffffffffffffffffff']) {
      const message = Buffer.concat([longHead, Buffer.from(hex, 'hex')])
      t.throws(() => avro('long', { longs }).deserialize(message, 't'), { code: 'SERDE_BYTES_INVALID' })
    }
  }
})

t.test('an array or a map that says it has more than there are bytes is refused at once', async (t) => {
  const empty = { type: 'record', name: 'E', fields: [] }
  for (const items of ['int', 'string', 'null', empty, 'double', ['null', 'int'], { type: 'array', items: 'int' }]) {
    for (const schema of [
      { type: 'array', items },
      { type: 'map', values: items },
    ]) {
      const skipping = { type: 'record', name: 'R', fields: [{ name: 'gone', type: schema }] }
      const none = { type: 'record', name: 'R', fields: [] }
      for (const count of [2n ** 31n, 2n ** 40n, 2n ** 52n, -(2n ** 40n), -(2n ** 63n)]) {
        const body = Buffer.concat([zigzag(count), zigzag(1n), Buffer.alloc(20)])
        const type = avroType(schema)
        t.throws(() => type.fromBuffer(body), `${JSON.stringify(items)} ${count}`)
        const head = avro<object>(skipping)
          .serialize({ gone: 'map' === schema.type ? {} : [] }, 't')
          .subarray(0, 10)
        const message = Buffer.concat([head, body])
        t.throws(() => avro(none, { readable: [skipping] }).deserialize(message, 't'), { code: 'SERDE_BYTES_INVALID' })
      }
    }
  }
  const nulls = avro<null[]>({ type: 'array', items: 'null' })
  t.equal(nulls.deserialize(nulls.serialize(new Array(1_000).fill(null), 't'), 't').length, 1_000)
})
