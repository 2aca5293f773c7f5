/** The registry client against an HTTP server that answers as Confluent's registry does. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { avroType } from '../../lib/serde/avro/avro-schema.js'
import { confluentAvro } from '../../lib/serde/avro/confluent-avro.js'
import { confluentRegistry } from '../../lib/serde/avro/schema-registry.js'

const SCHEMA = {
  type: 'record',
  name: 'Click',
  namespace: 'shop',
  fields: [{ name: 'page', type: 'string', default: '/' }],
}

t.test('schemas are registered and fetched; what is unknown is told from what does not answer', async (t) => {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/vnd.schemaregistry.v1+json')
    const answer = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body))
    if (request.url?.startsWith('/schemas/ids/5')) answer(200, { schema: JSON.stringify(SCHEMA) })
    else if (request.url?.startsWith('/config/')) answer(200, { compatibilityLevel: 'BACKWARD' })
    else if (request.url?.startsWith('/subjects/clicks-value')) answer(200, { id: 5 })
    else if (request.url?.startsWith('/schemas/ids/500')) answer(500, { error_code: 50_001, message: 'store' })
    else answer(404, { error_code: 40_403, message: 'not found' })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const registry = await confluentRegistry({ host })
  t.same(await registry.schema(5), SCHEMA)
  t.equal(await registry.schema(404), null)
  const serde = await confluentAvro<{ page: string }>({ schema: SCHEMA, registry, subject: 'clicks-value' })
  t.equal(serde.serialize({ page: 'x' }, 't').readInt32BE(1), 5)
  server.close()
  server.closeAllConnections()
  await t.rejects(registry.schema(6), { code: 'SERDE_REGISTRY_UNAVAILABLE', retriable: true })
})

interface Answer {
  readonly status: number
  readonly body: unknown
}

/** A registry that answers each path as told, 404 elsewhere; `asked` are the paths. */
async function serving(t: Test, answers: Readonly<Record<string, Answer>>) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = request.url!.split('?')[0]!
    asked.push(path)
    const { status, body } = answers[path] ?? { status: 404, body: { error_code: 40_403, message: 'not found' } }
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { asked, server, registry: await confluentRegistry({ host }) }
}

const TEXT = JSON.stringify(SCHEMA)
/** A status and body of `/schemas/ids/5`, and the code it rejects with; the schema or null where it does not. */
const rows: readonly (readonly [what: string, status: number, body: unknown, code: string | object | null])[] = [
  ['an Avro schema', 200, { schema: TEXT }, SCHEMA],
  ['one that says its kind', 200, { schemaType: 'AVRO', schema: TEXT, references: null }, SCHEMA],
  ['a primitive type', 200, { schema: '"string"' }, 'text:string'],
  ['a primitive type by its bare name', 200, { schema: 'string' }, 'text:string'],
  ['JSON Schema', 200, { schemaType: 'JSON', schema: '{"type":"object"}' }, 'SERDE_SCHEMA_INVALID'],
  ['Protobuf', 200, { schemaType: 'PROTOBUF', schema: 'syntax = "proto3";' }, 'SERDE_SCHEMA_INVALID'],
  ['a kind nobody knows yet', 200, { schemaType: 'NEW', schema: TEXT }, 'SERDE_SCHEMA_INVALID'],
  ['no JSON', 200, { schema: '{' }, 'SERDE_SCHEMA_INVALID'],
  ['an unknown id', 404, { error_code: 40_403, message: 'Schema not found' }, null],
  ['no such page', 404, '<html>', null],
  ['unauthorized', 401, { error_code: 401, message: 'Unauthorized' }, 'SERDE_REGISTRY_REJECTED'],
  ['forbidden', 403, { error_code: 403, message: 'Forbidden' }, 'SERDE_REGISTRY_REJECTED'],
  ['not acceptable', 406, '', 'SERDE_SCHEMA_INVALID'],
  ['unprocessable', 422, { error_code: 42_201, message: 'Invalid' }, 'SERDE_SCHEMA_INVALID'],
  ['too many requests', 429, '', 'SERDE_REGISTRY_UNAVAILABLE'],
  ['a time-out', 408, '', 'SERDE_REGISTRY_UNAVAILABLE'],
  ['its store is down', 500, { error_code: 50_001, message: 'store' }, 'SERDE_REGISTRY_UNAVAILABLE'],
  ['a bad gateway', 502, '<html>', 'SERDE_REGISTRY_UNAVAILABLE'],
  ['starting', 503, '', 'SERDE_REGISTRY_UNAVAILABLE'],
  ['a page in between', 200, '<html>we will be back</html>', 'SERDE_REGISTRY_UNAVAILABLE'],
  ['nothing', 200, '', 'SERDE_REGISTRY_UNAVAILABLE'],
]
for (const [what, status, body, expected] of rows) {
  t.test(`asked for a schema, it answers: ${what} (${status})`, async (t) => {
    const { registry } = await serving(t, { '/schemas/ids/5': { status, body } })
    if (expected === null) t.equal(await registry.schema(5), null)
    else if (typeof expected === 'object') t.same(await registry.schema(5), expected)
    else if (expected.startsWith('text:')) t.equal(await registry.schema(5), expected.slice(5))
    else {
      const retriable = expected === 'SERDE_REGISTRY_UNAVAILABLE'
      await t.rejects(registry.schema(5), { code: expected, retriable })
    }
  })
}

t.test('no connection, and one that is cut off, pass', async (t) => {
  const { registry, server } = await serving(t, {})
  server.removeAllListeners('request').on('request', (_request, response) => response.socket?.destroy())
  await t.rejects(registry.schema(5), { code: 'SERDE_REGISTRY_UNAVAILABLE', retriable: true })
  server.close()
  server.closeAllConnections()
  await t.rejects(registry.schema(5), { code: 'SERDE_REGISTRY_UNAVAILABLE', retriable: true })
})

t.test('a schema is put together with those it refers to, however deep', async (t) => {
  const inner = { type: 'record', name: 'shop.Inner', fields: [{ name: 'n', type: 'long' }] }
  const middle = { type: 'record', name: 'shop.Middle', fields: [{ name: 'i', type: 'shop.Inner' }] }
  const outer = {
    type: 'record',
    name: 'shop.Outer',
    fields: [
      { name: 'm', type: 'Middle' },
      { name: 'i', type: ['null', 'shop.Inner'], default: 'of another branch' },
    ],
  }
  const toInner = { name: 'shop.Inner', subject: 'inner', version: 1 }
  const toMiddle = { name: 'shop.Middle', subject: 'middle', version: 2 }
  const ok = (schema: object, references: object[]) => ({
    status: 200,
    body: { schema: JSON.stringify(schema), references },
  })
  const { registry } = await serving(t, {
    '/schemas/ids/5': ok(outer, [toMiddle, toInner]),
    '/subjects/middle/versions/2': ok(middle, [toInner]),
    '/subjects/inner/versions/1': ok(inner, []),
  })
  const type = avroType((await registry.schema(5))!)
  const value = { m: { i: { n: 5 } }, i: { n: 6 } }
  t.equal(JSON.stringify(type.fromBuffer(type.toBuffer(value))), JSON.stringify(value))
})

t.test('what registering may answer', async (t) => {
  for (const [status, code] of [
    [401, 'SERDE_REGISTRY_REJECTED'],
    [409, 'SERDE_SCHEMA_INVALID'],
    [422, 'SERDE_SCHEMA_INVALID'],
    [503, 'SERDE_REGISTRY_UNAVAILABLE'],
  ] as const) {
    const { registry } = await serving(t, { '/subjects/s/versions': { status, body: { message: 'no' } } })
    await t.rejects(registry.register('s', SCHEMA), { code })
  }
})

t.test('registering leaves the compatibility of a subject as it is, whatever it is', async (t) => {
  for (const level of ['BACKWARD', 'FULL_TRANSITIVE', 'NONE', null]) {
    const { registry, asked } = await serving(t, {
      '/subjects/s/versions': { status: 200, body: { id: 0 } },
      ...(level !== null && { '/config/s': { status: 200, body: { compatibilityLevel: level } } }),
    })
    t.equal(await registry.register('s', SCHEMA), 0)
    t.same(asked, ['/subjects/s/versions'])
  }
})

t.test('an answer to registering that holds no id is nobody the schema is registered with', async (t) => {
  for (const body of ['<html>', '', 'null', {}, { id: '5' }, { id: 1.5 }, { id: -1 }, { id: 2 ** 31 }]) {
    const { registry } = await serving(t, { '/subjects/s/versions': { status: 200, body } })
    await t.rejects(registry.register('s', SCHEMA), { code: 'SERDE_REGISTRY_UNAVAILABLE', retriable: true })
  }
  for (const id of [undefined, null, '5', 1.5, -1, 2 ** 31, Number.NaN]) {
    const registry = { schema: async () => null, register: async () => id as number }
    await t.rejects(confluentAvro({ schema: SCHEMA, subject: 's', registry }), { code: 'SERDE_REGISTRY_UNAVAILABLE' })
  }
})
