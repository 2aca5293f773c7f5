/** The registry client against an HTTP server that answers as Confluent's registry does. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { confluentAvro } from '../../lib/serde/confluent-avro.js'
import { confluentRegistry } from '../../lib/serde/registry.js'

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
  t.match(await registry.schema(5), { name: 'shop.Click', fields: [{ name: 'page', default: '/' }] })
  t.equal(await registry.schema(404), null)
  const serde = await confluentAvro<{ page: string }>({ schema: SCHEMA, registry, subject: 'clicks-value' })
  t.equal(serde.serialize({ page: 'x' }, 't').readInt32BE(1), 5)
  server.close()
  server.closeAllConnections()
  await t.rejects(registry.schema(6), { code: 'SERDE_REGISTRY_UNAVAILABLE', retriable: true })
})
