import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { type HttpOptions, PersonalizationServer } from '../../lib/personalization/doors/server.js'
import type { ServicePort } from '../../lib/personalization/service-port.js'
import { MemoryTopic, memoryService } from './page-service.js'

const CLICK = { id: 'click-0001', user: 'ada', session: 'page-1', type: 'view', itemId: 'p-001' }
const RESUME = JSON.stringify({ type: 'resume', position: null, have: [] })

interface Opened {
  readonly server: PersonalizationServer
  readonly topic: MemoryTopic
  readonly address: string
}

async function open(t: Test, options: Partial<HttpOptions> = {}, change?: Partial<ServicePort>): Promise<Opened> {
  const topic = new MemoryTopic()
  const service = { ...memoryService(topic, { owns: [0, 1, 2, 3], answers: true }), ...change }
  const server = new PersonalizationServer({
    service,
    port: 0,
    ticketSecret: 'a secret that only tests have',
    ...options,
  })
  const address = await server.listen()
  t.teardown(() => server.close())
  return { server, topic, address }
}

async function ticketOf(address: string, user = 'ada'): Promise<string> {
  const answer = await fetch(`${address}/tickets`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
  })
  return ((await answer.json()) as { ticket: string }).ticket
}

/** The close code, or the HTTP status the upgrade was refused with. */
function ending(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    socket.on('unexpected-response', (_request, answer) => resolve(answer.statusCode ?? 0))
    socket.on('close', (code) => resolve(code))
    socket.on('error', () => undefined)
  })
}

function live(address: string, ticket: string, origin?: string): WebSocket {
  const url = `${address.replace('http', 'ws')}/live?ticket=${ticket}`
  return new WebSocket(url, origin === undefined ? {} : { origin })
}

function until(socket: WebSocket, type: string): Promise<Record<string, unknown>> {
  return new Promise((resolve) => {
    socket.on('message', (data) => {
      const frame = JSON.parse(data.toString())
      if (frame.type === type) resolve(frame)
    })
  })
}

t.test('routes', async (t) => {
  const { server, topic } = await open(t)
  const app = await server.server()
  const health = await app.inject('/health')
  t.equal(health.statusCode, 200)
  t.same(health.json(), { ok: true, state: 'running', tasks: 4, problems: [] })
  const page = await app.inject('/')
  t.match(page.headers, { 'content-type': /text\/html/, 'content-security-policy': /default-src 'self'/ })
  for (const path of ['/style.css', '/main.js', '/art/art.js', '/icon.svg', '/vendor/uplot.js', '/vendor/uplot.css']) {
    t.equal((await app.inject(path)).statusCode, 200, path)
  }
  t.notMatch(page.body, /https?:\/\//, 'nothing from another host')
  for (const path of ['/../http.ts', '/http.js', '/vendor/package.json', '/nowhere']) {
    t.equal((await app.inject(path)).statusCode, 404, path)
  }
  const catalogue = (await app.inject('/api/catalogue')).json()
  t.equal(catalogue.products.length, topic.catalogue.products.length)
  t.match(catalogue.input, { simulated: true })
  t.match((await app.inject('/metrics.json')).json(), { eventsPerSecond: 0, byRule: { carousel: 0 }, history: [] })
})

t.test('health is not well while the service is not', async (t) => {
  const figures = { ...memoryService(new MemoryTopic(), { owns: [] }).figures(), state: 'failed' }
  const { server } = await open(t, {}, { figures: () => figures })
  const app = await server.server()
  t.equal((await app.inject('/health')).statusCode, 503)
})

t.test('health is not well while something keeps the service from its work', async (t) => {
  const problems = ['no broker has answered for 12 s']
  const figures = { ...memoryService(new MemoryTopic(), { owns: [] }).figures(), problems }
  const { server } = await open(t, {}, { figures: () => figures })
  const health = await (await server.server()).inject('/health')
  t.equal(health.statusCode, 503)
  t.match(health.json(), { ok: false, problems })
})

t.test('a click becomes an activity, timed and priced by the server', async (t) => {
  const { server, topic } = await open(t)
  const app = await server.server()
  const post = (body: object, headers: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url: '/api/activity', payload: body, headers })
  const answer = await post({ ...CLICK, type: 'purchase', quantity: 2 })
  t.equal(answer.statusCode, 202)
  const product = topic.catalogue.byId.get('p-001')!
  t.match(topic.produced, [
    {
      eventId: CLICK.id,
      userId: 'ada',
      type: 'purchase',
      quantity: 2,
      unitPriceMicros: product.unitPriceMicros,
      category: product.category,
      source: 'page',
    },
  ])
  t.ok(Math.abs(topic.produced[0]!.at - Date.now()) < 5_000)
  const refused: [string, object][] = [
    ['no id', { ...CLICK, id: undefined }],
    ['a price of its own', { ...CLICK, unitPriceMicros: 1 }],
    ['a time of its own', { ...CLICK, at: 1 }],
    ['another type', { ...CLICK, type: 'end_of_input' }],
    ['no item', { ...CLICK, itemId: undefined }],
    ['search without query', { ...CLICK, type: 'search', itemId: undefined }],
    ['a purchase of what has no price', { ...CLICK, type: 'purchase', itemId: 'elsewhere' }],
    ['somebody else', { ...CLICK, user: 'anonymous:s-1' }],
    ['too much of it', { ...CLICK, quantity: 1e9 }],
  ]
  for (const [what, body] of refused) t.equal((await post(body)).statusCode, 400, what)
  t.equal((await post({ ...CLICK, query: 'x'.repeat(20_000) })).statusCode, 413)
  const foreign = { origin: 'https://elsewhere.example' }
  t.equal((await post(CLICK, foreign)).statusCode, 403)
  const ticket = { method: 'POST', url: '/tickets', payload: { user: 'ada' } } as const
  t.equal((await app.inject({ ...ticket, headers: foreign })).statusCode, 403)
  t.equal((await app.inject(ticket)).statusCode, 201)
  t.equal((await app.inject({ ...ticket, payload: { user: 'a\u0000b' } })).statusCode, 400)
  t.equal(topic.produced.length, 1)
})

t.test('a click is answered over the WebSocket, and timed', async (t) => {
  const { address, server } = await open(t)
  const socket = live(address, await ticketOf(address))
  socket.on('open', () => socket.send(JSON.stringify({ ...JSON.parse(RESUME), figures: true })))
  t.match(await until(socket, 'live'), { position: { next: 0 } })
  const decision = until(socket, 'decision')
  await fetch(`${address}/api/activity`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(CLICK),
  })
  t.match(await decision, { decision: { rule: 'carousel', userId: 'ada', subject: 'ada/click-0001' } })
  const frame = await until(socket, 'figures')
  t.match(frame, { snapshot: { byRule: { carousel: 1 }, clickToFrameMs: { count: 1 }, delivery: { sent: 1 } } })
  const beganMs = performance.now()
  await server.close()
  t.ok(performance.now() - beganMs < 1_000, 'closes within a second')
})

t.test('who may not connect', async (t) => {
  const { address } = await open(t, {
    origins: ['https://shop.example'],
    maxConnectionsPerUser: 1,
    maxConnectionsPerAddress: 3,
  })
  t.equal(await ending(live(address, 'nonsense')), 401, 'no ticket')
  t.equal(await ending(live(address, await ticketOf(address), 'https://elsewhere.example')), 403, 'another origin')
  t.equal(await ending(live(address, await ticketOf(address), 'null')), 403, 'a sandboxed page')
  const ticket = await ticketOf(address)
  const good = live(address, ticket, 'https://shop.example')
  good.on('open', () => good.send(RESUME))
  await until(good, 'live')
  t.equal(await ending(live(address, ticket)), 401, 'the ticket again')
  t.equal(await ending(live(address, await ticketOf(address))), 429, 'more connections of one user')
  for (const user of ['bob', 'cleo']) {
    const other = live(address, await ticketOf(address, user), address)
    await new Promise((resolve) => other.on('open', resolve))
  }
  t.equal(await ending(live(address, await ticketOf(address, 'dan'))), 429, 'more of one address')
  good.close()
  await ending(good)
})

t.test('who is let go', async (t) => {
  const { address } = await open(t)
  const rows: [string, number, (socket: WebSocket) => void][] = [
    ['not JSON', 4400, (socket) => socket.send('hello')],
    ['binary', 4400, (socket) => socket.send(Buffer.from(RESUME))],
    ['resume twice', 4400, (socket) => [socket.send(RESUME), socket.send(RESUME)]],
    ['too large', 1009, (socket) => socket.send('x'.repeat(17_000))],
  ]
  for (const [what, code, act] of rows) {
    const socket = live(address, await ticketOf(address, what))
    socket.on('open', () => act(socket))
    t.equal(await ending(socket), code, what)
  }
})

t.test('a port in use is an error with a code', async (t) => {
  const { address } = await open(t)
  const port = Number(new URL(address).port)
  const service = memoryService(new MemoryTopic(), { owns: [] })
  const second = new PersonalizationServer({ service, port, ticketSecret: 'a secret that only tests have' })
  await t.rejects(second.listen(), { code: 'PORT_IN_USE', message: new RegExp(String(port)) })
  const nowhere = new PersonalizationServer({
    service,
    port: 0,
    host: '192.0.2.1',
    ticketSecret: 'a secret that only tests have',
  })
  await t.rejects(nowhere.listen(), { code: 'HTTP_LISTEN_FAILED' })
})

t.test('closes within a second, whatever connections hang', async (t) => {
  const { address, server } = await open(t)
  const { port, hostname } = new URL(address)
  const idle = connect(Number(port), hostname)
  idle.on('error', () => undefined)
  idle.write('GET / HTTP/1.1\r\n')
  const socket = live(address, await ticketOf(address))
  await new Promise((resolve) => socket.on('open', resolve))
  socket.pause()
  const beganMs = performance.now()
  await server.close()
  t.ok(performance.now() - beganMs < 1_000)
  socket.terminate()
  idle.destroy()
})
