/** Avro with and without a registry. */
import t from 'tap'
import { avro } from '../../lib/serde/avro/avro.js'
import { avroType, fingerprint } from '../../lib/serde/avro/avro-schema.js'
import { confluentAvro } from '../../lib/serde/avro/confluent-avro.js'
import type { SchemaRegistry } from '../../lib/serde/avro/schema-registry.js'
import { SchemaPending } from '../../lib/serde/serde.js'

const V1 = { type: 'record', name: 'Click', fields: [{ name: 'page', type: 'string' }] }
const V2 = {
  type: 'record',
  name: 'Click',
  doc: 'with a user',
  fields: [...V1.fields, { name: 'user', type: ['null', 'string'], default: null }],
}
const OTHER = { type: 'record', name: 'Click', fields: [{ name: 'count', type: 'int' }] }

interface Click {
  page: string
  user?: string | null
}

t.test('fingerprints of the specification', async (t) => {
  const rows = [
    ['null', '63dd24e7cc258f8a'],
    ['int', '7275d51a3f395c8f'],
  ] as const
  for (const [schema, bigEndian] of rows) {
    t.equal(
      Buffer.from(fingerprint(avroType(schema)))
        .reverse()
        .toString('hex'),
      bigEndian,
      schema,
    )
  }
})

t.test('single-object encoding', async (t) => {
  const one = avro<Click>(V1)
  const two = avro<Click>(V2, { readable: [V1] })
  const written = one.serialize({ page: '/a' }, 't')
  t.equal(written.toString('hex', 0, 2), 'c301')
  t.equal(written.toString('hex', 2, 10), fingerprint(avroType(V1)).toString('hex'))
  t.equal(written.toString('hex', 10), '042f61')
  t.same({ ...one.deserialize(written, 't') }, { page: '/a' })
  t.same({ ...two.deserialize(written, 't') }, { page: '/a', user: null }, 'read with a later schema')
  const large = { page: 'x'.repeat(100_000), user: 'u' }
  for (const value of [large, { page: '', user: null }, large]) {
    t.same({ ...two.deserialize(two.serialize(value, 't'), 't') }, value, 'any size, one after the other')
  }
})

t.test('what cannot be read or written', async (t) => {
  const serde = avro<Click>(V1)
  const unknown = avro<Click>(V2).serialize({ page: '/', user: 'u' }, 't')
  const good = serde.serialize({ page: '/a' }, 't')
  t.throws(() => serde.deserialize(unknown, 't'), { code: 'SERDE_SCHEMA_UNKNOWN' })
  t.throws(() => serde.deserialize(Buffer.from('00'), 't'), { code: 'SERDE_BYTES_INVALID' })
  t.throws(() => serde.deserialize(Buffer.from('hello, world'), 't'), { code: 'SERDE_BYTES_INVALID' })
  t.throws(() => serde.deserialize(good.subarray(0, good.length - 1), 't'), { code: 'SERDE_BYTES_INVALID' })
  t.throws(() => serde.deserialize(Buffer.concat([good, good]), 't'), { code: 'SERDE_BYTES_INVALID' })
  t.throws(() => serde.serialize({ page: 5 } as never, 't'), { code: 'SERDE_VALUE_INVALID' })
  t.throws(() => avro({ type: 'nonsense' }), { code: 'SERDE_SCHEMA_INVALID' })
  t.throws(() => avro(V1, { readable: [OTHER] }), { code: 'SERDE_SCHEMA_INVALID' })
})

function registryOf(schemas: Map<number, object>): SchemaRegistry & { asked: number; down: boolean } {
  return {
    asked: 0,
    down: false,
    async schema(id) {
      this.asked++
      if (this.down) throw new Error('no answer')
      return (schemas.get(id) as Record<string, unknown> | undefined) ?? null
    },
    async register(_subject, schema) {
      schemas.set(schemas.size + 1, schema as object)
      return schemas.size
    },
  }
}

function pendingOf(read: () => unknown): Promise<void> {
  try {
    read()
  } catch (error) {
    if (error instanceof SchemaPending) return error.ready
    throw error
  }
  throw new Error('nothing was pending')
}

t.test('confluent framing', async (t) => {
  const registry = registryOf(new Map())
  const one = await confluentAvro<Click>({ schema: V1, registry, subject: 'clicks-value' })
  const two = await confluentAvro<Click>({ schema: V2, registry, subject: 'clicks-value' })
  const written = one.serialize({ page: '/a' }, 't')
  t.equal(written.toString('hex'), '0000000001042f61')
  t.same({ ...one.deserialize(written, 't') }, { page: '/a' }, 'its own schema needs no look-up')
  registry.down = true
  await t.rejects(
    pendingOf(() => two.deserialize(written, 't')),
    { message: 'no answer' },
  )
  registry.down = false
  const waiting = pendingOf(() => two.deserialize(written, 't'))
  t.equal(
    pendingOf(() => two.deserialize(written, 't')),
    waiting,
    'asked once, however many wait',
  )
  await waiting
  t.same({ ...two.deserialize(written, 't') }, { page: '/a', user: null })
  t.equal(registry.asked, 2)
})

t.test('a schema that is unknown or does not fit makes poison records, and is asked for once', async (t) => {
  const schemas = new Map<number, object>()
  const registry = registryOf(schemas)
  const serde = await confluentAvro<Click>({ schema: V1, registry, subject: 's' })
  schemas.set(7, OTHER)
  for (const [id, code] of [
    [7, 'SERDE_SCHEMA_INVALID'],
    [9, 'SERDE_SCHEMA_UNKNOWN'],
  ] as const) {
    const bytes = Buffer.from([0, 0, 0, 0, id, 0])
    await pendingOf(() => serde.deserialize(bytes, 't'))
    t.throws(() => serde.deserialize(bytes, 't'), { code })
  }
  t.equal(registry.asked, 2)
  t.throws(() => serde.deserialize(Buffer.from([1, 0, 0, 0, 1]), 't'), { code: 'SERDE_BYTES_INVALID' })
  t.throws(() => serde.deserialize(Buffer.from([0, 0]), 't'), { code: 'SERDE_BYTES_INVALID' })
})

t.test('a map keeps every key, also those that objects have', async (t) => {
  const map = JSON.parse('{"__proto__":5,"constructor":6,"toString":7,"hasOwnProperty":8,"":9}') as Record<
    string,
    number
  >
  const schema = (type: object, ...more: object[]) => ({
    type: 'record',
    name: 'R',
    fields: [{ name: 'map', type }, ...more],
  })
  const int = schema({ type: 'map', values: 'int' })
  const double = schema({ type: 'map', values: 'double' }, { name: 'more', type: 'string', default: '' })
  const bytes = avro<{ map: typeof map }>(int).serialize({ map }, 't')
  for (const serde of [avro<{ map: typeof map }>(int), avro<{ map: typeof map }>(double, { readable: [int] })]) {
    const read = serde.deserialize(bytes, 't').map
    t.same(Object.entries(read), Object.entries(map))
    t.equal(Object.getPrototypeOf(read), Object.prototype)
  }
})
