/**
 * The common part of all transports: one connection per (address, lane), opened on demand, replaced after any failure.
 */
import { MillraceError } from '../errors.js'
import type { Clock } from '../record/clock.js'
import { patientTimer } from '../record/patient-timer.js'
import type { BrokerAddress, Lane, PortableTransport, Transport, WireRequest } from './transport.js'

/** One open connection. */
export interface LaneConnection {
  /** Sends at once, in call order. Rejects when the connection closes first. */
  send(request: WireRequest): Promise<Buffer>
  /** False once the connection can carry nothing more. */
  isOpen(): boolean
  /** Drops the connection at once; calls in flight reject. */
  close(): void
}

/** `unwanted` aborts when nothing waits for the connection any more: then it rejects, and nothing of it is left. */
export type OpenConnection = (address: BrokerAddress, lane: Lane, unwanted: AbortSignal) => Promise<LaneConnection>

interface Slot {
  readonly opening: Promise<LaneConnection>
  readonly unwanted: AbortController
  connection: LaneConnection | null
}

/** A Transport over connections that `open` makes. Idle it holds no timers. */
export class LaneConnections implements Transport {
  readonly portable: () => Promise<PortableTransport | null>
  readonly #open: OpenConnection
  readonly #clock: Clock
  readonly #slots = new Map<string, Slot>()
  /** Requests without an answer → how to fail them. */
  readonly #unanswered = new Set<(error: unknown) => void>()
  #closed = false

  constructor(
    open: OpenConnection,
    clock: Clock,
    portable: () => Promise<PortableTransport | null> = () => Promise.resolve(null),
  ) {
    this.#open = open
    this.portable = portable
    this.#clock = clock
  }

  send(address: BrokerAddress, lane: Lane, request: WireRequest): Promise<Buffer> {
    if (this.#closed) return Promise.reject(closedError(address, 'the transport was closed'))
    const name = `${address.host}:${address.port}/${lane}`
    const slot = this.#slotFor(name, address, lane)
    return new Promise<Buffer>((resolve, reject) => {
      let settled = false
      const finish = () => {
        settled = true
        cancel()
        this.#unanswered.delete(fail)
      }
      const cancel = patientTimer(this.#clock, request.timeoutMs, () => {
        finish()
        this.#drop(name, slot)
        reject(timeoutError(address, lane, request))
      })
      const fail = (error: unknown) => {
        if (settled) return
        finish()
        if (slot.connection === null || !slot.connection.isOpen()) this.#drop(name, slot)
        reject(error instanceof MillraceError ? error : closedError(address, 'the connection was lost', error))
      }
      this.#unanswered.add(fail)
      // Always through the promise, so that calls leave in call order also while the connection is being opened.
      slot.opening.then((connection) => {
        if (settled) return
        connection.send(request).then((body) => {
          if (settled) return
          finish()
          resolve(body)
        }, fail)
      }, fail)
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const [name, slot] of this.#slots) this.#drop(name, slot)
    // Also those whose connection is still being opened.
    for (const fail of this.#unanswered)
      fail(new MillraceError('TRANSPORT_CLOSED', 'The transport was closed.', { retriable: true }))
  }

  #slotFor(name: string, address: BrokerAddress, lane: Lane): Slot {
    const known = this.#slots.get(name)
    if (known !== undefined && (known.connection === null || known.connection.isOpen())) return known
    const unwanted = new AbortController()
    const slot: Slot = { opening: this.#open(address, lane, unwanted.signal), unwanted, connection: null }
    slot.opening.then(
      (connection) => {
        slot.connection = connection
        if (this.#slots.get(name) !== slot) connection.close()
      },
      () => undefined,
    )
    this.#slots.set(name, slot)
    return slot
  }

  #drop(name: string, slot: Slot): void {
    if (this.#slots.get(name) === slot) this.#slots.delete(name)
    if (slot.connection === null) slot.unwanted.abort()
    else slot.connection.close()
  }
}

export function closedError(address: BrokerAddress, why: string, cause?: unknown): MillraceError {
  return new MillraceError('TRANSPORT_CLOSED', `A request to ${address.host}:${address.port} got no answer: ${why}.`, {
    retriable: true,
    cause,
  })
}

function timeoutError(address: BrokerAddress, lane: Lane, request: WireRequest): MillraceError {
  return new MillraceError(
    'TRANSPORT_TIMEOUT',
    `${address.host}:${address.port} did not answer request ${request.apiKey} v${request.apiVersion} on lane "${lane}" within ${request.timeoutMs} ms.`,
    { retriable: true },
  )
}

const TLS_TEXT = /tls|ssl|certificate|self.signed|CERT_/i
const AUTHENTICATION_TEXT = /sasl|authenticat/i

/** The coded error for a connection that could not be opened; `error` is what the client library raised. */
export function openFailed(address: BrokerAddress, error: unknown): MillraceError {
  const text = textOf(error)
  const where = `${address.host}:${address.port}`
  if (AUTHENTICATION_TEXT.test(text)) {
    return new MillraceError('TRANSPORT_AUTHENTICATION', `${where} rejected the credentials.`, { cause: error })
  }
  if (TLS_TEXT.test(text)) {
    return new MillraceError('TRANSPORT_TLS', `The TLS handshake with ${where} failed.`, { cause: error })
  }
  const code = /\bE[A-Z]{4,}\b/.exec(text)?.[0]
  return new MillraceError(
    'TRANSPORT_UNREACHABLE',
    `No connection to ${where}${code === undefined ? '' : ` (${code})`}; check that a broker listens there.`,
    { retriable: true, cause: error },
  )
}

/** Names, codes and messages of an error and its causes. */
function textOf(error: unknown): string {
  const parts: string[] = []
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    parts.push(at.name, String((at as { code?: unknown }).code ?? ''), at.message)
  }
  return parts.join(' ')
}
