/** A transport within the process: passes whole request frames to a function and receives whole response frames. */
import { MillraceError } from '../errors.js'
import type { Clock } from '../record/clock.js'
import { closedError, type LaneConnection, LaneConnections } from './lane-connections.js'
import { frameOf } from './request-frame.js'
import type { BrokerAddress, Lane, Transport, WireRequest } from './transport.js'

/** A connection inside the process, as the embedded broker's `connection()` makes it. */
export interface LoopbackConnection {
  /**
   * `frame` is header and body without the length in front; so is the answer. Null for a request that gets none.
   * Answers one connection's frames in order.
   */
  handle(frame: Buffer): Promise<Buffer | null>
  /** Ends it. */
  close(): void
}

/** A broker inside this process: what `embeddedBroker` returns. */
export interface LoopbackBroker {
  /** Makes a connection to it. */
  connection(): LoopbackConnection
  /** The address that its metadata gives to clients. */
  readonly advertised: BrokerAddress
  /** Compacts a topic at once. */
  compact?(topic: string): void
}

export interface LoopbackTransportOptions {
  readonly clock: Clock
  readonly clientId: string
  /** Called for each new (address, lane). Throwing means that nobody listens at the address. */
  readonly connect: (address: BrokerAddress, lane: Lane) => LoopbackConnection
}

export function loopbackTransport(options: LoopbackTransportOptions): Transport {
  const clientId = Buffer.from(options.clientId, 'utf8')
  return new LaneConnections(async (address, lane) => {
    let peer: LoopbackConnection
    try {
      peer = options.connect(address, lane)
    } catch (cause) {
      throw new MillraceError('TRANSPORT_UNREACHABLE', `Nothing listens at ${address.host}:${address.port}.`, {
        retriable: true,
        cause,
      })
    }
    return new FrameConnection(peer, address, clientId)
  }, options.clock)
}

class FrameConnection implements LaneConnection {
  readonly #peer: LoopbackConnection
  readonly #address: BrokerAddress
  readonly #clientId: Buffer
  readonly #rejects = new Set<(error: Error) => void>()
  #correlationId = 0
  #open = true

  constructor(peer: LoopbackConnection, address: BrokerAddress, clientId: Buffer) {
    this.#peer = peer
    this.#address = address
    this.#clientId = clientId
  }

  isOpen(): boolean {
    return this.#open
  }

  send(request: WireRequest): Promise<Buffer> {
    this.#correlationId = (this.#correlationId + 1) & 0x7fff_ffff
    const correlationId = this.#correlationId
    const frame = frameOf(request, correlationId, this.#clientId)
    return new Promise((resolve, reject) => {
      if (!this.#open) {
        reject(closedError(this.#address, 'the connection is closed'))
        return
      }
      this.#rejects.add(reject)
      this.#peer.handle(frame).then(
        (answer) => {
          this.#rejects.delete(reject)
          if (answer === null) {
            if (request.noResponse === true) resolve(Buffer.alloc(0))
            else this.#fail(reject, 'the peer closed the connection')
          } else if (answer.readInt32BE(0) !== correlationId)
            this.#fail(reject, 'the answer belongs to another request')
          else resolve(answer.subarray(request.flexibleResponse ? 5 : 4))
        },
        (error) => {
          this.#rejects.delete(reject)
          this.#fail(reject, 'the peer failed', error)
        },
      )
    })
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#peer.close()
    for (const reject of this.#rejects) reject(closedError(this.#address, 'the connection was closed'))
    this.#rejects.clear()
  }

  #fail(reject: (error: Error) => void, why: string, cause?: unknown): void {
    reject(closedError(this.#address, why, cause))
    this.close()
  }
}
