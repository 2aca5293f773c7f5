/**
 * `/live`: checks who may open a WebSocket, how many, and how many messages they may send; then passes it to the hub.
 */
import type { FastifyRequest } from 'fastify'
import type { Clock } from '../../index.js'
import { acknowledge } from './ack.js'
import { parseAck, parseResume } from './delivery/frame.js'
import type { Door, DoorContext } from './door.js'
import { doorErrorOf } from './error-answers.js'
import { DOOR_ERRORS, DoorError, type DoorErrorCode } from './errors.js'
import { TokenBucket } from './limits/token-buckets.js'

/** Close codes of our own (4000 to 4999). */
type Ending = readonly [closeCode: number, reason: string, code: DoorErrorCode]
const CLOSE_BAD_MESSAGE: Ending = [4400, 'bad message', 'REQUEST_MALFORMED']
const CLOSE_SILENT: Ending = [4408, 'say resume', 'REQUEST_TIMEOUT']
const CLOSE_TOO_MANY_MESSAGES: Ending = [4429, 'too many messages', 'REQUEST_TOO_FREQUENT']
/** Of `ws`; it closes the socket itself, with 1009. */
const MESSAGE_TOO_LARGE = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'

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

export const liveDoor: Door = {
  name: 'live',
  what: 'GET /live (WebSocket)',
  errors: [
    'BROKER_UNAVAILABLE',
    'CONNECTIONS_EXCEEDED',
    'ORIGIN_NOT_ALLOWED',
    'REQUEST_MALFORMED',
    'REQUEST_TIMEOUT',
    'REQUEST_TOO_FREQUENT',
    'REQUEST_TOO_LARGE',
    'SERVER_FAILED',
    'TICKET_INVALID',
    'TICKET_MISSING',
  ],
  route(server, context) {
    const sockets = new LiveSockets(context)
    server.addHook('preClose', (done) => {
      sockets.terminate()
      done()
    })
    server.route({
      method: 'GET',
      url: '/live',
      // Before the upgrade, so that a rejection has a status.
      preHandler: (request) => sockets.admit(request),
      handler: async () => {
        throw new DoorError('REQUEST_MALFORMED', 'this route is for a WebSocket')
      },
      wsHandler: (socket, request) => sockets.opened(socket as unknown as Socket, request),
    })
  },
}

class LiveSockets {
  readonly #context: DoorContext
  readonly #open = new Set<Socket>()

  constructor(context: DoorContext) {
    this.#context = context
  }

  /** Ends every socket without waiting for the other side. */
  terminate(): void {
    for (const socket of this.#open) socket.terminate()
  }

  async admit(request: Admitted): Promise<void> {
    if (!request.ws) return
    const { access, connections } = this.#context
    const userId = await access.user(request)
    request.ticketUser = userId
    request.raw.socket.once('close', connections.open(userId, request.ip))
  }

  opened(socket: Socket, { ticketUser: userId = '' }: Admitted): void {
    const { clock, hub, limits } = this.#context
    this.#open.add(socket)
    let unsubscribe: (() => void) | null = null
    const cancelFirst = clock.setTimer(FIRST_MESSAGE_MS, () => this.#reject(socket, CLOSE_SILENT))
    const { rateMessages } = limits
    const budget = rateMessages === 0 ? null : new TokenBucket(rateMessages, clock.monotonicMs())
    const stopPinging = keepAlive(socket, clock)
    socket.on('message', (data, isBinary) => {
      if ((budget?.take(clock.monotonicMs()) ?? 0) > 0) return this.#reject(socket, CLOSE_TOO_MANY_MESSAGES)
      const text = isBinary ? '' : data.toString()
      const ack = unsubscribe === null ? null : parseAck(text)
      const resume = unsubscribe === null ? parseResume(text) : null
      if (resume !== null) {
        cancelFirst()
        unsubscribe = hub.subscribe(userId, socket, resume)
      } else if (ack !== null) this.#acknowledged(socket, userId, ack.decisionIds)
      else this.#reject(socket, CLOSE_BAD_MESSAGE)
    })
    // An error (too large a message, a reset) is followed by "close".
    socket.on('error', (error) => {
      if ((error as { code?: string }).code === MESSAGE_TOO_LARGE) this.#context.countError('REQUEST_TOO_LARGE')
    })
    socket.on('close', () => {
      cancelFirst()
      stopPinging()
      unsubscribe?.()
      this.#open.delete(socket)
    })
  }

  #acknowledged(socket: Socket, userId: string, decisionIds: readonly string[]): void {
    acknowledge(userId, decisionIds, this.#context).catch((error: unknown) => {
      const { code } = doorErrorOf(error)
      this.#context.countError(code)
      const { whatToDo } = DOOR_ERRORS[code]
      socket.send(JSON.stringify({ type: 'rejected', error: code, whatToDo, decisionIds }), () => undefined)
    })
  }

  #reject(socket: Socket, [closeCode, reason, code]: Ending): void {
    this.#context.countError(code)
    socket.close(closeCode, reason)
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
