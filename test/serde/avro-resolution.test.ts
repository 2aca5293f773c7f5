/** Avro's resolution rules, row by row; Java's library (1.12.0) reads the same of every one. */
import t from 'tap'
import { avro } from '../../lib/serde/avro/avro.js'
import { avroType } from '../../lib/serde/avro/avro-schema.js'
import { confluentAvro } from '../../lib/serde/avro/confluent-avro.js'
import { type AvroRow, rows } from './avro-rows.js'

/** Plain, so that records compare by their fields and a field that is undefined is seen. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}

function written({ writer, value, hex }: AvroRow): Buffer {
  return hex === undefined ? avroType(writer as never).toBuffer(value) : Buffer.from(hex, 'hex')
}

for (const row of rows) {
  t.test(row.what, async (t) => {
    const registry = { register: async () => 1, schema: async () => row.writer }
    const serde = await confluentAvro({ schema: row.reader, registry, subject: 's' })
    const message = Buffer.concat([Buffer.from([0, 0, 0, 0, 2]), written(row)])
    t.throws(() => serde.deserialize(message, 't'), { message: 'schema not loaded yet' })
    await new Promise((resolve) => setImmediate(resolve))
    if (row.fails === 'schema') {
      t.throws(() => serde.deserialize(message, 't'), { code: 'SERDE_SCHEMA_INVALID' })
      t.throws(() => avro(row.reader, { readable: [row.writer] }), { code: 'SERDE_SCHEMA_INVALID' })
      return
    }
    if (row.fails === 'record') {
      t.throws(() => serde.deserialize(message, 't'), { code: 'SERDE_BYTES_INVALID' })
      return
    }
    t.strictSame(plain(serde.deserialize(message, 't')), plain(row.read))
    if (row.hex !== undefined) return
    const single = avro(row.reader, { readable: [row.writer] })
    t.strictSame(plain(single.deserialize(avro(row.writer).serialize(row.value, 't'), 't')), plain(row.read))
    for (let cut = 5; cut < message.length; cut++) {
      t.throws(() => serde.deserialize(message.subarray(0, cut), 't'), { code: 'SERDE_BYTES_INVALID' }, `cut at ${cut}`)
    }
  })
}

t.test('what was resolved is of the class that the same schema reads, and writes again', async (t) => {
  const old = { type: 'record', name: 'R', fields: [{ name: 'a', type: 'int' }] }
  const now = { ...old, fields: [...old.fields, { name: 'b', type: 'string', default: 'x' }] }
  const serde = avro<object>(now, { readable: [old] })
  const read = serde.deserialize(avro(old).serialize({ a: 1 }, 't'), 't')
  const back = serde.deserialize(serde.serialize(read, 't'), 't')
  t.equal(Object.getPrototypeOf(read), Object.getPrototypeOf(back))
  t.strictSame(plain(back), { a: 1, b: 'x' })
})
