/** Who may: the checks that doors make, each an error of `errors.ts` if the answer is no. */
import { hash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { Clock } from '../../index.js'
import { DoorError } from './errors.js'
import { addressGroup } from './limits/address-group.js'
import type { Rates } from './limits/rates.js'
import { type Tickets, userIdProblem } from './ticket.js'
import { redeemUserTicket, userTicket, type ValidTicket } from './user-ticket.js'

/** A stream brings a new one with each event and each heart-beat. */
const STREAM_TICKET_MS = 10 * 60_000

/** A request as the embedding site sees it, for example to check its own session cookie. */
export interface AuthenticateRequest {
  readonly headers: IncomingHttpHeaders
  /** The HTTP method. */
  readonly method: string
  /** Path and query. */
  readonly url: string
  /** The client's address; behind a proxy with `trustProxy`, the one that the proxy has seen. */
  readonly ip: string
  /** Node's request. */
  readonly raw: IncomingMessage
}

/** The id of the user whom the embedding site has logged in, or null. */
export type Authenticate = (request: AuthenticateRequest) => string | null | Promise<string | null>

export interface AccessOptions {
  readonly clock: Clock
  readonly rates: Rates
  readonly tickets: Tickets
  readonly ticketSecret: string
  /** Origins, as `https://shop.example`, besides the page's own. */
  readonly origins: readonly string[]
  readonly authenticate: Authenticate | null
  /** Anyone may be any user. */
  readonly demoLogin: boolean
  readonly writeKeys: readonly string[]
  readonly serverKey: string | null
  /** The token of operators. Null: their routes are closed. */
  readonly adminToken: string | null
}

/** Tickets that are known to be right; when there are more, all are checked again. */
const MAX_CHECKED = 20_000

export class Access {
  readonly #options: AccessOptions
  readonly #origins: ReadonlySet<string>
  readonly #writeKeys: ReadonlySet<string>
  readonly #serverKey: string | null
  readonly #adminToken: string | null
  /** Tickets of the site whose signature is right. */
  readonly #checked = new Map<string, ValidTicket>()

  constructor(options: AccessOptions) {
    this.#options = options
    this.#origins = new Set(options.origins)
    this.#writeKeys = new Set(options.writeKeys.map(digest))
    this.#serverKey = options.serverKey === null ? null : digest(options.serverKey)
    this.#adminToken = options.adminToken === null ? null : digest(options.adminToken)
  }

  /** True if anyone may be any user. */
  get demoLogin(): boolean {
    return this.#options.demoLogin
  }

  /** Before a request is read. @throws DoorError REQUEST_TOO_FREQUENT, ORIGIN_NOT_ALLOWED */
  checkEntry(request: FastifyRequest): void {
    this.#options.rates.chargeAddress(addressGroup(request.ip))
    // A client without an origin is not a browser. The page's own origin is allowed.
    const { origin } = request.headers
    if (origin === undefined || this.#origins.has(origin)) return
    if (URL.canParse(origin) && new URL(origin).host === request.host) return
    throw new DoorError('ORIGIN_NOT_ALLOWED', 'the origin of the page is not allowed')
  }

  /**
   * The user of a stream of decisions: of the ticket in `authorization: Bearer` or in `?ticket=`, or whom the site has logged in.
   * @throws DoorError TICKET_MISSING, TICKET_INVALID, SERVER_FAILED
   */
  async user(request: FastifyRequest): Promise<string> {
    const ticket = bearerOf(request) ?? ticketInQuery(request)
    const userId = ticket === null ? await this.#authenticated(request) : this.#redeem(ticket)
    if (userId !== null) return userId
    throw new DoorError('TICKET_MISSING', 'the request has no ticket of a user')
  }

  /**
   * The same for a stream that is opened again: instead of a ticket that is used or expired it may bring the one that came with
   * its last event. Null: it brings none.
   * @throws DoorError TICKET_MISSING, TICKET_INVALID, SERVER_FAILED
   */
  async userAgain(request: FastifyRequest, lastTicket: string | null): Promise<string> {
    try {
      return await this.user(request)
    } catch (error) {
      const hasNone = error instanceof DoorError && (error.code === 'TICKET_INVALID' || error.code === 'TICKET_MISSING')
      if (!hasNone || lastTicket === null) throw error
      return this.#redeem(lastTicket)
    }
  }

  /** A ticket to open a stream again, and to acknowledge what it brought. */
  streamTicket(userId: string): string {
    const { clock, ticketSecret: secret } = this.#options
    return userTicket(userId, { secret, validFor: STREAM_TICKET_MS, nowMs: clock.now() })
  }

  /**
   * Whether so many events of the user may be written: with a ticket of this user, or with a write key or the server key for any user.
   * @throws DoorError TICKET_MISSING, TICKET_INVALID, USER_NOT_ALLOWED, WRITE_KEY_INVALID, REQUEST_TOO_FREQUENT, SERVER_FAILED
   */
  checkWriter(request: FastifyRequest, userId: string, events = 1): void | Promise<void> {
    const { authenticate, demoLogin, rates } = this.#options
    // A demonstration waits for nothing: it has most of the clicks.
    if (!demoLogin || authenticate !== null || request.headers.authorization !== undefined) {
      return this.#checkCredential(request, userId, events)
    }
    rates.chargeUser(userId, events)
  }

  /**
   * Whether something about the user may be read: with a ticket of this user, or with the server key for any user.
   * @throws DoorError TICKET_MISSING, TICKET_INVALID, USER_NOT_ALLOWED, SERVER_FAILED
   */
  async checkReader(request: FastifyRequest, userId: string): Promise<void> {
    const bearer = bearerOf(request)
    if (this.#isServer(bearer)) return
    const known = bearer === null ? await this.#authenticated(request) : this.#redeem(bearer)
    if (known === userId) return
    if (known !== null) throw notAllowed()
    if (!this.#options.demoLogin) throw new DoorError('TICKET_MISSING', 'the request has no ticket of the user')
  }

  /**
   * A write key, and its rate, charged with the events that the request has. Null: the request has none.
   * @throws DoorError WRITE_KEY_INVALID, REQUEST_TOO_FREQUENT
   */
  checkWriteKey(key: string | null, events = 1): void {
    const hash = key === null || key === '' ? null : digest(key)
    if (hash === null) throw new DoorError('WRITE_KEY_INVALID', 'the request has no write key')
    if (!this.#writeKeys.has(hash)) throw new DoorError('WRITE_KEY_INVALID', 'the write key is unknown')
    this.#options.rates.chargeKey(hash, events)
  }

  /**
   * Whose decisions the request may ask about: null for operators, your own servers and a demonstration, which may ask about any user's.
   * @throws DoorError TICKET_MISSING, TICKET_INVALID, SERVER_FAILED
   */
  async traceReader(request: FastifyRequest): Promise<string | null> {
    const bearer = bearerOf(request)
    if (bearer !== null) {
      const isOperator = digest(bearer) === this.#adminToken || this.#isServer(bearer)
      return isOperator ? null : this.#redeem(bearer)
    }
    const userId = await this.#authenticated(request)
    if (userId !== null) return userId
    if (this.#options.demoLogin) return null
    throw new DoorError('TICKET_MISSING', 'the request has no admin token and no ticket of a user')
  }

  /** Whether the request is of an operator. @throws DoorError ADMIN_TOKEN_INVALID */
  checkOperator(request: FastifyRequest): void {
    const token = bearerOf(request)
    if (token !== null && digest(token) === this.#adminToken) return
    throw new DoorError('ADMIN_TOKEN_INVALID', token === null ? 'the request has no admin token' : 'the token is wrong')
  }

  /** A write key in the header that is unknown, before the body is read. @throws DoorError WRITE_KEY_INVALID, REQUEST_TOO_FREQUENT */
  checkHeaderKey(request: FastifyRequest): void {
    const key = basicUserOf(request)
    if (key !== null) this.checkWriteKey(key, 0)
  }

  /** A ticket for one connection, for the user of the request. In a demo, and with the server key, for the one that is named. */
  async issueTicket(request: FastifyRequest, named: string | null): Promise<string> {
    const { tickets, demoLogin } = this.#options
    const ticket = bearerOf(request)
    const isServer = this.#isServer(ticket)
    const known = isServer ? null : ticket === null ? await this.#authenticated(request) : this.#redeem(ticket)
    if (known !== null) {
      if (named !== null && named !== known) throw notAllowed()
      return tickets.issue(known)
    }
    if (!demoLogin && !isServer) throw new DoorError('LOGIN_CLOSED', 'this service gives no tickets to visitors')
    const problem = named === null ? 'the request names no user' : userIdProblem(named)
    if (problem !== null) throw new DoorError('REQUEST_MALFORMED', problem)
    return tickets.issue(named!)
  }

  async #checkCredential(request: FastifyRequest, userId: string, events: number): Promise<void> {
    const key = basicUserOf(request)
    if (key === null) await this.checkReader(request, userId)
    else this.checkWriteKey(key, events)
    this.#options.rates.chargeUser(userId, events)
  }

  #isServer(bearer: string | null): boolean {
    return bearer !== null && this.#serverKey !== null && digest(bearer) === this.#serverKey
  }

  #redeem(ticket: string): string {
    const { clock, tickets, ticketSecret } = this.#options
    const nowMs = clock.now()
    // A user's events bring the same ticket again and again.
    const checked = this.#checked.get(ticket)
    if (checked !== undefined && nowMs < checked.expiresMs) return checked.userId
    const ofSite = redeemUserTicket(ticket, ticketSecret, nowMs)
    if (ofSite !== null && 'userId' in ofSite) this.#remember(ticket, ofSite)
    const redeemed = ofSite ?? tickets.redeem(ticket)
    if ('userId' in redeemed) return redeemed.userId
    throw new DoorError('TICKET_INVALID', `the ticket is ${redeemed.refused}`)
  }

  #remember(ticket: string, valid: ValidTicket): void {
    if (this.#checked.size >= MAX_CHECKED) this.#checked.clear()
    this.#checked.set(ticket, valid)
  }

  async #authenticated(request: FastifyRequest): Promise<string | null> {
    const { authenticate } = this.#options
    if (authenticate === null) return null
    const userId = (await authenticate(request)) ?? null
    const problem = userId === null ? null : userIdProblem(userId)
    if (problem === null) return userId
    throw new DoorError('SERVER_FAILED', 'authenticate returned an id that no user may have', { cause: problem })
  }
}

function notAllowed(): DoorError {
  return new DoorError('USER_NOT_ALLOWED', 'the ticket is of another user')
}

/** Comparing digests takes the same time whatever the key. */
function digest(key: string): string {
  return hash('sha256', key, 'base64')
}

/** `x-api-key` is the other way in which OpenFeature's clients send one. */
function bearerOf({ headers }: FastifyRequest): string | null {
  const { authorization, 'x-api-key': apiKey } = headers
  if (authorization === undefined) return typeof apiKey === 'string' && apiKey !== '' ? apiKey : null
  return /^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? null
}

/** The name in Basic auth, which Segment's clients use for the write key. */
export function basicUserOf({ headers }: FastifyRequest): string | null {
  const encoded = headers.authorization === undefined ? undefined : /^Basic +(\S+) *$/i.exec(headers.authorization)?.[1]
  return encoded === undefined ? null : Buffer.from(encoded, 'base64').toString().split(':')[0]!
}

function ticketInQuery({ query }: FastifyRequest): string | null {
  const { ticket } = query as { readonly ticket?: unknown }
  return typeof ticket === 'string' ? ticket : null
}
