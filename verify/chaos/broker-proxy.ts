/**
 * A TCP proxy between one client and one broker that understands Kafka's frames, so that it can damage or drop an
 * answer.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { systemClock } from '../../lib/record/clock.js'

/** What becomes of one answer. `lose`: the broker did what was asked, the client meets a reset. `cut`: half of it, then a reset. */
export type AnswerFate = 'pass' | 'lose' | 'cut'

export interface ProxyRules {
  /** For each answer of a request with this API key. */
  fate: (apiKey: number) => AnswerFate
  /** How much later each answer arrives; order is kept. */
  delayMs: () => number
  /** Nothing passes in either direction, and nothing is said; connections open. */
  silent: boolean
}

/** Length prefix of a frame; then API key (request) and correlation id follow. */
const PREFIX = 4

export class BrokerProxy {
  /** HOST:PORT for the client. */
  readonly address: string
  readonly rules: ProxyRules = { fate: () => 'pass', delayMs: () => 0, silent: false }
  readonly #server: Server
  readonly #links = new Set<Link>()

  private constructor(server: Server, port: number) {
    this.#server = server
    this.address = `127.0.0.1:${port}`
  }

  /** @param broker HOST:PORT */
  static async open(broker: string): Promise<BrokerProxy> {
    const server = createServer()
    const port = await new Promise<number>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
    const proxy = new BrokerProxy(server, port)
    const colon = broker.lastIndexOf(':')
    server.on('connection', (client) => {
      client.setNoDelay(true)
      const upstream = connect({ host: broker.slice(0, colon), port: Number(broker.slice(colon + 1)), noDelay: true })
      const link = new Link(client, upstream, proxy.rules)
      proxy.#links.add(link)
      link.onClose = () => proxy.#links.delete(link)
    })
    return proxy
  }

  /** Every connection is reset. */
  reset(): void {
    for (const link of [...this.#links]) link.reset()
  }

  /** What was buffered while silent continues, or is gone where the other end gave up. */
  speakAgain(): void {
    this.rules.silent = false
    for (const link of this.#links) link.flush()
  }

  heal(): void {
    this.rules.fate = () => 'pass'
    this.rules.delayMs = () => 0
    this.speakAgain()
  }

  async close(): Promise<void> {
    this.reset()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** One connection and its two directions. */
class Link {
  onClose: () => void = () => undefined
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #rules: ProxyRules
  readonly #apiOf = new Map<number, number>()
  #requests = Buffer.alloc(0)
  #answers = Buffer.alloc(0)
  #heldRequests: Buffer[] = []
  #heldAnswers: Buffer[] = []
  readonly #coming: { readonly frame: Buffer; readonly fate: AnswerFate }[] = []
  /** When the latest answer is due: none overtakes it. */
  #dueMs = 0
  #closed = false

  constructor(client: Socket, upstream: Socket, rules: ProxyRules) {
    this.#client = client
    this.#upstream = upstream
    this.#rules = rules
    for (const socket of [client, upstream]) {
      socket.on('error', () => this.reset())
      socket.on('close', () => this.#end())
    }
    client.on('data', (bytes) => {
      this.#requests = frames(this.#requests, bytes, (frame) => this.#request(frame))
    })
    upstream.on('data', (bytes) => {
      this.#answers = frames(this.#answers, bytes, (frame) => this.#answer(frame))
    })
  }

  reset(): void {
    this.#client.resetAndDestroy()
    this.#upstream.resetAndDestroy()
    this.#end()
  }

  flush(): void {
    for (const frame of this.#heldRequests.splice(0)) this.#upstream.write(frame)
    for (const frame of this.#heldAnswers.splice(0)) this.#client.write(frame)
  }

  #end(): void {
    if (this.#closed) return
    this.#closed = true
    this.#client.destroy()
    this.#upstream.destroy()
    this.onClose()
  }

  #request(frame: Buffer): void {
    this.#apiOf.set(frame.readInt32BE(PREFIX + 4), frame.readInt16BE(PREFIX))
    if (this.#rules.silent) this.#heldRequests.push(frame)
    else this.#upstream.write(frame)
  }

  #answer(frame: Buffer): void {
    const correlationId = frame.readInt32BE(PREFIX)
    const apiKey = this.#apiOf.get(correlationId) ?? -1
    this.#apiOf.delete(correlationId)
    const nowMs = systemClock.monotonicMs()
    this.#dueMs = Math.max(this.#dueMs, nowMs + this.#rules.delayMs())
    this.#coming.push({ frame, fate: this.#rules.fate(apiKey) })
    if (this.#coming.length === 1 && this.#dueMs <= nowMs) this.#deliverNext()
    else systemClock.setTimer(this.#dueMs - nowMs, () => this.#deliverNext())
  }

  /** Timers may fire out of order; answers go in order. */
  #deliverNext(): void {
    const next = this.#coming.shift()
    if (this.#closed || next === undefined) return
    const { frame, fate } = next
    if (this.#rules.silent) this.#heldAnswers.push(frame)
    else if (fate === 'pass') this.#client.write(frame)
    else if (fate === 'lose') this.reset()
    else this.#client.write(frame.subarray(0, Math.max(1, frame.length >> 1)), () => this.reset())
  }
}

/** Hands on each whole frame, prefix included; answers what is left. */
function frames(before: Buffer, bytes: Buffer, each: (frame: Buffer) => void): Buffer<ArrayBuffer> {
  const all = Buffer.concat([before, bytes])
  let at = 0
  while (all.length - at >= PREFIX) {
    const length = PREFIX + all.readInt32BE(at)
    if (all.length - at < length) break
    each(all.subarray(at, at + length))
    at += length
  }
  return Buffer.from(all.subarray(at))
}
