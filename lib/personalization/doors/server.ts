/** The service's HTTP server: the page, clicks, tickets, the WebSocket, health and metrics. */

import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Clock, type Log, MillraceError, type Random, silentLog, systemClock, systemRandom } from '../../index.js'
import { isServiceError, ServiceError } from '../errors.js'
import { formatMicros } from '../records/money.js'
import { LiveFigures } from '../report/live/live.js'
import type { ServicePort } from '../service-port.js'
import { CURRENCY } from '../shop/catalogue.js'
import { CATEGORIES } from '../shop/names.js'
import { DeliveryHub } from './delivery/delivery.js'
import { activityOfClick, CLICK_SCHEMA, type Click } from './http-activity.js'
import { Tickets, userIdProblem } from './ticket.js'
import { LiveSockets, MAX_MESSAGE_BYTES, originAllowed } from './websocket.js'

/** Options of {@link PersonalizationServer}. */
export interface HttpOptions {
  /** The service to serve, from {@link servicePort}. */
  readonly service: ServicePort
  /** Port to listen on. Default 8080; 0 takes a free one. */
  readonly port?: number
  /** Address to listen on. Default 127.0.0.1; use 0.0.0.0 in a container. */
  readonly host?: string
  /** The secret that signs tickets. Use the same on all instances behind one address. */
  readonly ticketSecret: string
  /** Origins that may connect, besides the page's own, e.g. `https://shop.example`. Default: none. */
  readonly origins?: readonly string[]
  /** Maximum number of connections of one user. Default 8. */
  readonly maxConnectionsPerUser?: number
  /** Maximum number of connections from one address. Default 256. */
  readonly maxConnectionsPerAddress?: number
  readonly clock?: Clock
  readonly random?: Random
  readonly log?: Log
}

const PAGE_FOLDER = fileURLToPath(new URL('../page/', import.meta.url))
/** Path under `/vendor/` → the package it is served from, and the file in it. */
const VENDOR_FILES = [
  ['uplot.js', 'uplot', 'dist/uPlot.esm.js'],
  ['uplot.css', 'uplot', 'dist/uPlot.min.css'],
  ['inter.woff2', '@fontsource-variable/inter', 'files/inter-latin-opsz-normal.woff2'],
] as const
/** Only from here, nothing from elsewhere. */
const CONTENT_POLICY =
  "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"

/** The HTTP server of the service: page, clicks, WebSocket, health. Make it before the service starts; `listen` opens the port. */
export class PersonalizationServer {
  readonly #options: HttpOptions
  readonly #clock: Clock
  readonly #hub: DeliveryHub
  readonly #live: LiveFigures
  readonly #tickets: Tickets
  readonly #sockets: LiveSockets
  #server: FastifyInstance | null = null

  constructor(options: HttpOptions) {
    const { service, clock = systemClock, random = systemRandom, log = silentLog } = options
    this.#options = options
    this.#clock = clock
    this.#hub = new DeliveryHub({
      service,
      clock,
      log,
      onDecision: (decision, triggeredAtMs) => this.#live.decided(decision, triggeredAtMs),
      onSent: (decision) => this.#live.sent(decision),
    })
    this.#live = new LiveFigures({
      clock,
      figures: () => service.figures(),
      delivery: () => this.#hub.totals,
      onSnapshot: (snapshot) => this.#hub.broadcast(JSON.stringify({ type: 'figures', snapshot })),
    })
    this.#tickets = new Tickets({ secret: options.ticketSecret, clock, random })
    this.#sockets = new LiveSockets(this.#hub, this.#tickets, clock, {
      origins: options.origins ?? [],
      maxPerUser: options.maxConnectionsPerUser ?? 8,
      maxPerAddress: options.maxConnectionsPerAddress ?? 256,
    })
  }

  /**
   * Starts to listen and returns the page's address. The service's topics exist by now.
   * @throws MillraceError PORT_IN_USE; ServiceError HTTP_LISTEN_FAILED, PAGE_PACKAGES_MISSING
   */
  async listen(): Promise<string> {
    const { port = 8080, host = '127.0.0.1' } = this.#options
    const server = await this.server()
    await this.#hub.start()
    try {
      const address = await server.listen({ port, host })
      this.#live.start()
      return address
    } catch (error) {
      await this.close()
      throw listenError(error, host, port)
    }
  }

  /** The server with its routes, not listening; for tests, and to be embedded behind another. */
  async server(): Promise<FastifyInstance> {
    if (this.#server !== null) return this.#server
    const { fastify, websocket, files } = await packages()
    const server = fastify({
      bodyLimit: MAX_MESSAGE_BYTES,
      forceCloseConnections: true,
      // What a click may not say is rejected, not omitted.
      ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    })
    this.#server = server
    await server.register(websocket, { options: { maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false } })
    await server.register(files, { root: PAGE_FOLDER, index: ['index.html'], cacheControl: true, maxAge: 0 })
    server.addHook('onRequest', async (_request, reply) => {
      reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer')
      reply.header('content-security-policy', CONTENT_POLICY)
    })
    this.#vendorFiles(server)
    this.#readRoutes(server)
    this.#writeRoutes(server)
    this.#sockets.route(server)
    return server
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Within a second, whatever browsers do. */
  async close(): Promise<void> {
    this.#live.stop()
    await this.#hub.close()
    // Closing frames are on their way; who does not answer them is not waited for.
    await this.#clock.nextTurn()
    this.#sockets.terminate()
    await this.#server?.close()
  }

  /** Charts and typeface, from where they are installed; without the typeface the page takes the system's. */
  #vendorFiles(server: FastifyInstance): void {
    const require = createRequire(import.meta.url)
    for (const [path, name, file] of VENDOR_FILES) {
      if (name !== 'uplot' && !isInstalled(name)) continue
      const folder = dirname(require.resolve(`${name}/package.json`))
      server.get(`/vendor/${path}`, (_request, reply) => reply.sendFile(file, folder, { maxAge: '1d' }))
    }
  }

  #readRoutes(server: FastifyInstance): void {
    const { service } = this.#options
    server.get('/health', async (_request, reply) => {
      const { state, tasks, problems } = service.figures()
      const ok = problems.length === 0 && (state === 'running' || state === 'rebalancing')
      return reply.code(ok ? 200 : 503).send({ ok, state, tasks, problems })
    })
    server.get('/metrics.json', async () => ({ ...this.#live.snapshot, history: this.#live.history }))
    const catalogue = {
      currency: CURRENCY,
      input: { label: service.inputLabel, simulated: service.simulated },
      categories: CATEGORIES.map(({ id, title }) => ({ id, title })),
      products: service.catalogue.products.map(({ itemId, name, brand, category, unitPriceMicros, companions }) => {
        return { itemId, name, brand, category, price: formatMicros(unitPriceMicros), companions }
      }),
    }
    server.get('/api/catalogue', async () => catalogue)
  }

  #writeRoutes(server: FastifyInstance): void {
    const guarded = { preHandler: (request: FastifyRequest, reply: FastifyReply) => this.#sameOrigin(request, reply) }
    const user = { type: 'string', minLength: 1, maxLength: 80 }
    const ticketBody = { type: 'object', required: ['user'], additionalProperties: false, properties: { user } }
    server.post<{ Body: { user: string } }>(
      '/tickets',
      { ...guarded, schema: { body: ticketBody } },
      async (request, reply) => {
        // A demonstration: who says a name has it. A shop issues tickets where its own login is checked.
        const problem = userIdProblem(request.body.user)
        if (problem !== null) return reply.code(400).send({ error: problem })
        return reply
          .code(201)
          .header('cache-control', 'no-store')
          .send({ ticket: this.#tickets.issue(request.body.user) })
      },
    )
    server.post<{ Body: Click }>(
      '/api/activity',
      { ...guarded, schema: { body: CLICK_SCHEMA } },
      async (request, reply) => {
        const { service } = this.#options
        const activity = activityOfClick(request.body, service.catalogue, this.#clock.now())
        if ('problem' in activity) return reply.code(400).send({ error: activity.problem })
        if (activity.type === 'view' || activity.type === 'search') this.#live.clicked(activity.eventId)
        try {
          await service.produceActivity(activity)
        } catch (error) {
          if (!isServiceError(error, 'ACTIVITY_INVALID')) throw error
          return reply.code(400).send({ error: error.message })
        }
        return reply.code(202).send({ id: activity.eventId })
      },
    )
  }

  async #sameOrigin(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (!originAllowed(request, this.#options.origins ?? []))
      return reply.code(403).send({ error: 'origin not allowed' })
  }
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(`${name}/package.json`)
    return true
  } catch {
    return false
  }
}

/** Optional peers: only who serves the page needs them. */
async function packages() {
  try {
    const [{ fastify }, websocket, files] = await Promise.all([
      import('fastify'),
      import('@fastify/websocket'),
      import('@fastify/static'),
    ])
    createRequire(import.meta.url).resolve('uplot')
    return { fastify, websocket: websocket.default, files: files.default }
  } catch (cause) {
    throw new ServiceError(
      'PAGE_PACKAGES_MISSING',
      'the page needs packages that are not installed: npm install fastify @fastify/websocket @fastify/static uplot',
      { cause },
    )
  }
}

function listenError(error: unknown, host: string, port: number): MillraceError | ServiceError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  if (code === 'EADDRINUSE') {
    return new MillraceError('PORT_IN_USE', `port ${port} of ${host} is in use: choose another with --port`, {
      cause: error,
    })
  }
  return new ServiceError('HTTP_LISTEN_FAILED', `cannot listen on ${host}:${port} (${code})`, { cause: error })
}
