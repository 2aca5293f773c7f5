/** The service's HTTP server: it makes what doors share, walks their registry, and answers their errors. */

import { createRequire } from 'node:module'
import type { FastifyInstance } from 'fastify'
import { type Clock, type Log, MillraceError, type Random, silentLog, systemClock, systemRandom } from '../../index.js'
import { ServiceError } from '../errors.js'
import type { UserActivity } from '../records/activity.js'
import { LiveFigures } from '../report/live/live.js'
import type { ServicePort } from '../service-port.js'
import { Access, type Authenticate } from './access.js'
import { checkKeys } from './check-keys.js'
import { clientErrorHandler } from './client-errors.js'
import { DeliveryHub } from './delivery/delivery.js'
import type { Door, DoorContext } from './door.js'
import { ErrorAnswers } from './error-answers.js'
import { DoorError } from './errors.js'
import { DOORS, SERVER } from './index.js'
import { Connections } from './limits/connections.js'
import { type DoorLimits, doorLimits } from './limits/door-limits.js'
import { Rates } from './limits/rates.js'
import { SentTimes } from './sent-times.js'
import { Tickets } from './ticket.js'
import type { RunningWebhooks } from './webhooks/overview.js'

/** Options of {@link PersonalizationServer}. */
export interface HttpOptions extends Partial<DoorLimits> {
  /** The service to serve, from {@link servicePort}. */
  readonly service: ServicePort
  /** Port to listen on. Default 8080; 0 takes a free one. */
  readonly port?: number
  /** Address to listen on. Default 127.0.0.1; use 0.0.0.0 in a container. */
  readonly host?: string
  /** The secret that signs tickets: 32 random bytes, at least 16. Use the same on all instances behind one address. */
  readonly ticketSecret: string
  /** Whom your site has logged in, by its own session. Default: only tickets say who a user is. */
  readonly authenticate?: Authenticate
  /**
   * Anyone may be any user, for a demonstration. By default only if the service is a simulated shop and there is no
   * `authenticate`.
   */
  readonly demoLogin?: boolean
  /** Keys that may write events of any user, and may not read. Default: none. */
  readonly writeKeys?: readonly string[]
  /** The key of your own servers, which may read and write for any user. Default: none. */
  readonly serverKey?: string | null
  /** The token of operators, who may use the routes of webhooks. Default: none, and these routes are closed. */
  readonly adminToken?: string | null
  /** The webhooks of the service, from {@link openWebhooks}. Default: none. */
  readonly webhooks?: RunningWebhooks | null
  /** Origins whose pages may connect, besides the page's own, e.g. `https://shop.example`. Default: none. */
  readonly origins?: readonly string[]
  /** Proxies in front of the service: how many, or their addresses. Default: none. */
  readonly trustProxy?: number | readonly string[]
  /** In this time a request must have arrived whole. Default 15,000. */
  readonly requestTimeoutMs?: number
  readonly clock?: Clock
  readonly random?: Random
  readonly log?: Log
}

/** How often requests that are still arriving are looked at. */
const CHECK_REQUESTS_MS = 2_000
/** More than the longest id of a visitor has with each byte percent-encoded: a longer one gets the answer of its door. */
const MAX_PARAM_CHARS = 1_000
/** A browser asks again after ten minutes whether it may. A preflight that is none gets the answer of a preflight. */
const CORS = {
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
  exposedHeaders: ['etag', 'retry-after'],
  maxAge: 600,
  strictPreflight: false,
}
/** Only from here, nothing from elsewhere. */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
}

/** The HTTP server of the service: page, clicks, WebSocket, health. Make it before the service starts; `listen` opens the port. */
export class PersonalizationServer {
  readonly #options: HttpOptions
  readonly #clock: Clock
  readonly #hub: DeliveryHub
  readonly #live: LiveFigures
  readonly #errors: ErrorAnswers
  readonly #context: Omit<DoorContext, 'countError'>
  #server: FastifyInstance | null = null

  constructor(options: HttpOptions) {
    const { service, clock = systemClock, random = systemRandom, log = silentLog } = options
    this.#options = options
    this.#clock = clock
    const sentTimes = new SentTimes(clock)
    this.#hub = new DeliveryHub({
      service,
      clock,
      log,
      onDecision: (decision, triggeredAtMs) => this.#live.decided(decision, triggeredAtMs),
      onSent: (decision) => {
        this.#live.sent(decision)
        sentTimes.sent(decision.decisionId)
      },
    })
    this.#live = new LiveFigures({
      rules: service.rules,
      clock,
      figures: () => service.figures(),
      delivery: () => this.#hub.totals,
      doorErrors: () => this.#errors.counts,
      onSnapshot: (snapshot) => this.#hub.broadcastFigures(JSON.stringify({ type: 'figures', snapshot })),
    })
    this.#errors = new ErrorAnswers(log)
    const limits = doorLimits(options)
    const { ticketSecret, origins = [], authenticate = null } = options
    const { writeKeys = [], serverKey = null, adminToken = null } = options
    const demoLogin = options.demoLogin ?? (service.simulated && authenticate === null)
    checkKeys({ ticketSecret, writeKeys, serverKey, adminToken, demoLogin })
    const rates = new Rates(clock, limits)
    this.#context = {
      clock,
      random,
      log,
      service,
      intake: { submit: (activity, traceparent = null) => this.#submit(activity, traceparent) },
      access: new Access({
        clock,
        rates,
        tickets: new Tickets({ secret: ticketSecret, clock, random }),
        ...{ ticketSecret, origins, authenticate, demoLogin, writeKeys, serverKey, adminToken },
      }),
      limits,
      rates,
      connections: new Connections(limits),
      hub: this.#hub,
      live: this.#live,
      sentTimes,
      webhooks: options.webhooks ?? null,
      errorCounts: () => this.#errors.counts,
    }
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
    const { origins = [], trustProxy = [], requestTimeoutMs = 15_000 } = this.#options
    const { maxBodyBytes, maxHeadersBytes } = this.#context.limits
    const { fastify, websocket, cors } = await packages()
    const server = fastify({
      bodyLimit: maxBodyBytes,
      routerOptions: { maxParamLength: MAX_PARAM_CHARS },
      forceCloseConnections: true,
      // While the server closes, its doors still answer in their own form.
      return503OnClosing: false,
      requestTimeout: requestTimeoutMs,
      http: {
        headersTimeout: requestTimeoutMs,
        maxHeaderSize: maxHeadersBytes,
        connectionsCheckingInterval: Math.min(requestTimeoutMs, CHECK_REQUESTS_MS),
      },
      clientErrorHandler: clientErrorHandler((code) => this.#errors.count(SERVER.name, code)),
      trustProxy: typeof trustProxy === 'number' ? (_address, hop) => hop < trustProxy : [...trustProxy],
      // What a click may not say is rejected, not omitted.
      ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
      frameworkErrors: (error, request, reply) => this.#errors.answer(SERVER.name, error, request, reply),
    })
    this.#server = server
    server.setErrorHandler((error, request, reply) => this.#errors.answer(SERVER.name, error, request, reply))
    server.setNotFoundHandler(async () => {
      throw new DoorError('ROUTE_UNKNOWN', 'there is no such route')
    })
    // Each door adds the parsers of the types that it takes besides JSON.
    server.removeContentTypeParser('text/plain')
    if (origins.length > 0) {
      // First, so that pages of these origins can also read errors.
      await server.register(cors, { origin: [...origins], credentials: true, ...CORS })
    }
    await server.register(websocket, { options: { maxPayload: maxBodyBytes, perMessageDeflate: false } })
    server.addHook('onRequest', (_request, reply, done) => {
      reply.headers(SECURITY_HEADERS)
      done()
    })
    for (const door of DOORS) await server.register((scope) => this.#open(door, scope))
    return server
  }

  async #open(door: Door, scope: FastifyInstance): Promise<void> {
    scope.setErrorHandler((error, request, reply) => this.#errors.answer(door.name, error, request, reply))
    const { access } = this.#context
    if (door.isPublic !== true) {
      scope.addHook('onRequest', (request, _reply, done) => {
        access.checkEntry(request)
        done()
      })
    }
    await door.route(scope, { ...this.#context, countError: (code) => this.#errors.count(door.name, code) })
  }

  async #submit(activity: UserActivity, traceparent: string | null): Promise<void> {
    if (activity.type === 'view' || activity.type === 'search') this.#live.clicked(activity.eventId)
    await this.#options.service.produceActivity(activity, traceparent)
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
    await this.#server?.close()
  }
}

/** Optional peers: only who serves the page needs them. */
async function packages() {
  try {
    const [{ fastify }, { default: websocket }, { default: cors }] = await Promise.all([
      import('fastify'),
      import('@fastify/websocket'),
      import('@fastify/cors'),
      import('@fastify/static'),
    ])
    createRequire(import.meta.url).resolve('uplot')
    return { fastify, websocket, cors }
  } catch (cause) {
    throw new ServiceError(
      'PAGE_PACKAGES_MISSING',
      'the page needs packages that are not installed: npm install fastify @fastify/cors @fastify/static @fastify/websocket uplot',
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
