/**
 * `/live`: checks who may open a WebSocket, how many, and how many messages they may send; then passes it to the hub.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../index.js'
import type { DeliveryHub } from './delivery/delivery.js'
import { parseResume } from './delivery/frame.js'
import type { Tickets } from './ticket.js'

export interface WebSocketLimits {
  /** Origins, as `https://shop.example`, besides the page's own. */
  readonly origins: readonly string[]
  /** Default 8. */
  readonly maxPerUser: number
  /** Default 256: one address may be a proxy's, or an office's. */
  readonly maxPerAddress: number
}

/** Largest message taken from a browser, in bytes. */
export const MAX_MESSAGE_BYTES = 16 * 1024

/** Close codes of our own (4000 to 4999). */
const CLOSE_BAD_MESSAGE = 4400
const CLOSE_SILENT = 4408
const CLOSE_TOO_MANY_MESSAGES = 4429

const MESSAGES_PER_SECOND = 10
const MESSAGE_BURST = 20
/** A browser says "resume" at once; one that does not is let go. */
const FIRST_MESSAGE_MS = 5_000
/** A browser that answers no ping is gone; what the network does not say, this does. */
const PING_MS = 20_000

/** The part of a `ws` socket that is used. */
interface Socket {
  send(text: string, done: () => void): void
  close(code: number, reason: string): void
  terminate(): void
  ping(): void
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): void
  on(event: 'close' | 'pong', listener: () => void): void
  on(event: 'error', listener: (error: Error) => void): void
}

interface Admitted extends FastifyRequest {
  ticketUser?: string
}

/** True for the page's own origin and those allowed. A client without an origin is no browser: nobody rides on it. */
export function originAllowed(request: FastifyRequest, origins: readonly string[]): boolean {
  const { origin, host } = request.headers
  if (origin === undefined || origins.includes(origin)) return true
  return URL.canParse(origin) && new URL(origin).host === host
}

export class LiveSockets {
  readonly #hub: DeliveryHub
  readonly #tickets: Tickets
  readonly #clock: Clock
  readonly #limits: WebSocketLimits
  readonly #perUser = new Map<string, number>()
  readonly #perAddress = new Map<string, number>()
  readonly #open = new Set<Socket>()

  constructor(hub: DeliveryHub, tickets: Tickets, clock: Clock, limits: WebSocketLimits) {
    this.#hub = hub
    this.#tickets = tickets
    this.#clock = clock
    this.#limits = limits
  }

  /** Adds the route; @fastify/websocket is registered. */
  route(server: FastifyInstance): void {
    server.get<{ Querystring: { ticket: string } }>(
      '/live',
      {
        websocket: true,
        schema: { querystring: { type: 'object', required: ['ticket'], properties: { ticket: { type: 'string' } } } },
        preHandler: (request, reply) => this.#admit(request, reply),
      },
      (socket, request) =>
        this.#opened(socket as unknown as Socket, request.ip, (request as Admitted).ticketUser ?? ''),
    )
  }

  /** Ends every socket without waiting for the other side. */
  terminate(): void {
    for (const socket of this.#open) socket.terminate()
  }

  /** Before the upgrade, so that a refusal has a status. */
  async #admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (!originAllowed(request, this.#limits.origins)) {
      return reply.code(403).send({ error: 'origin not allowed' })
    }
    if ((this.#perAddress.get(request.ip) ?? 0) >= this.#limits.maxPerAddress) {
      return reply.code(429).send({ error: 'too many connections from this address' })
    }
    const redeemed = this.#tickets.redeem((request.query as { ticket: string }).ticket)
    if ('refused' in redeemed) return reply.code(401).send({ error: `ticket ${redeemed.refused}` })
    if ((this.#perUser.get(redeemed.userId) ?? 0) >= this.#limits.maxPerUser) {
      return reply.code(429).send({ error: 'too many connections of this user' })
    }
    ;(request as Admitted).ticketUser = redeemed.userId
  }

  #opened(socket: Socket, address: string, userId: string): void {
    this.#open.add(socket)
    add(this.#perUser, userId, 1)
    add(this.#perAddress, address, 1)
    let unsubscribe: (() => void) | null = null
    const cancelFirst = this.#clock.setTimer(FIRST_MESSAGE_MS, () => socket.close(CLOSE_SILENT, 'say resume'))
    const mayTalk = messageBudget(this.#clock)
    const stopPinging = keepAlive(socket, this.#clock)
    socket.on('message', (data, isBinary) => {
      if (!mayTalk()) return socket.close(CLOSE_TOO_MANY_MESSAGES, 'too many messages')
      const resume = isBinary || unsubscribe !== null ? null : parseResume(data.toString())
      if (resume === null) return socket.close(CLOSE_BAD_MESSAGE, 'bad message')
      cancelFirst()
      unsubscribe = this.#hub.subscribe(userId, socket, resume)
    })
    // An error (too large a message, a reset) is followed by "close".
    socket.on('error', () => undefined)
    socket.on('close', () => {
      cancelFirst()
      stopPinging()
      unsubscribe?.()
      this.#open.delete(socket)
      add(this.#perUser, userId, -1)
      add(this.#perAddress, address, -1)
    })
  }
}

function add(counts: Map<string, number>, key: string, change: number): void {
  const count = (counts.get(key) ?? 0) + change
  if (count <= 0) counts.delete(key)
  else counts.set(key, count)
}

/** A bucket of tokens; false when a message comes and it is empty. */
function messageBudget(clock: Clock): () => boolean {
  let tokens = MESSAGE_BURST
  let atMs = clock.monotonicMs()
  return () => {
    const nowMs = clock.monotonicMs()
    tokens = Math.min(MESSAGE_BURST, tokens + ((nowMs - atMs) / 1_000) * MESSAGES_PER_SECOND)
    atMs = nowMs
    tokens -= 1
    return tokens >= 0
  }
}

function keepAlive(socket: Socket, clock: Clock): () => void {
  let answered = true
  let cancel = () => {}
  const tick = () => {
    if (!answered) return socket.terminate()
    answered = false
    socket.ping()
    cancel = clock.setTimer(PING_MS, tick)
  }
  cancel = clock.setTimer(PING_MS, tick)
  socket.on('pong', () => {
    answered = true
  })
  return () => cancel()
}
