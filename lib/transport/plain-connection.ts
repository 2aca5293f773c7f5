/**
 * One TCP connection without TLS and SASL. Unlike the client package's connection it needs no import of the package and
 * does not copy each request.
 */
import { connect, type Socket } from 'node:net'
import { closedError, type LaneConnection } from './lane-connections.js'
import { frontOfFrame } from './request-frame.js'
import { behindTags, ResponseFrames } from './response-frames.js'
import type { BrokerAddress, WireRequest } from './transport.js'

/** What one read of the socket brings at most. */
const READ_BYTES = 65_536
const NO_BODY = Buffer.alloc(0)

interface Waiting {
  readonly correlationId: number
  readonly request: WireRequest
  readonly resolve: (body: Buffer) => void
  readonly reject: (error: Error) => void
}

export class PlainConnection implements LaneConnection {
  /** Settles when the connection is open, or with the error of node:net. */
  readonly connected: Promise<void>
  readonly #address: BrokerAddress
  readonly #clientId: Buffer
  readonly #socket: Socket
  /** A broker answers in the order of the requests. */
  readonly #waiting: Waiting[] = []
  #correlationId = 0
  #open = true
  #cause: Error | undefined

  constructor(address: BrokerAddress, clientId: string) {
    this.#address = address
    this.#clientId = Buffer.from(clientId, 'utf8')
    const frames = new ResponseFrames({
      expect: (correlationId, bytes) => this.#expect(correlationId, bytes),
      answer: (frame) => this.#answer(frame),
    })
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
    const callback = (bytes: number) => this.#open && frames.push(buffer.subarray(0, bytes))
    const { host, port } = address
    this.#socket = connect({ host, port, noDelay: true, keepAlive: true, onread: { buffer, callback } })
    this.connected = new Promise((resolve, reject) => {
      this.#socket.once('connect', resolve)
      this.#socket.once('error', reject)
      this.#socket.once('close', () => reject(new Error('the connection was closed')))
    })
    this.#socket.on('error', (error) => {
      this.#cause = error
    })
    this.#socket.once('close', () => this.#end('the connection was lost'))
  }

  send(request: WireRequest): Promise<Buffer> {
    if (!this.#open) return Promise.reject(closedError(this.#address, 'the connection was lost', this.#cause))
    this.#correlationId = (this.#correlationId + 1) & 0x7fff_ffff
    const correlationId = this.#correlationId
    this.#write(request, correlationId)
    if (request.noResponse === true) return Promise.resolve(NO_BODY)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ correlationId, request, resolve, reject })
    })
  }

  isOpen(): boolean {
    return this.#open
  }

  close(): void {
    this.#end('the connection was closed')
  }

  #write(request: WireRequest, correlationId: number): void {
    this.#socket.cork()
    this.#socket.write(frontOfFrame(request, correlationId, this.#clientId))
    this.#socket.write(request.body)
    this.#socket.uncork()
  }

  #expect(correlationId: number, bytes: number): boolean {
    const next = this.#waiting[0]
    if (next !== undefined && next.correlationId === correlationId && bytes >= 4) return true
    this.#end('the peer sent bytes that are not an answer to a request; is it a Kafka broker, and a port without TLS?')
    return false
  }

  #answer(frame: Buffer): void {
    const { request, resolve } = this.#waiting.shift()!
    resolve(request.flexibleResponse ? frame.subarray(behindTags(frame)) : frame)
  }

  #end(why: string): void {
    if (!this.#open) return
    this.#open = false
    this.#socket.destroy()
    for (const { reject } of this.#waiting.splice(0)) reject(closedError(this.#address, why, this.#cause))
  }
}
