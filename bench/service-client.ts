/** Browsers as the service sees them: a ticket and a WebSocket for each user, clicks by HTTP, frames by arrival time. */

import { Agent, request } from 'node:http'
import { WebSocket } from 'ws'
import { systemClock } from '../lib/record/clock.js'
import { SideFailure } from './side-failure.js'

/** A click must not wait for the answer to another one: two connections for each of 240 browsers. */
const CLICK_CONNECTIONS = 480
/** Opened in small groups: a crowd at the door overflows the queue for new connections and waits for seconds. */
const OPENED_TOGETHER = 60

export interface Frame {
  readonly type: string
  readonly decision?: { readonly rule: string; readonly subject: string }
}

export class ServiceClient {
  readonly #url: string
  readonly #agent = new Agent({
    keepAlive: true,
    maxSockets: CLICK_CONNECTIONS,
    maxFreeSockets: CLICK_CONNECTIONS,
    scheduling: 'fifo',
  })
  readonly #sockets: WebSocket[] = []
  /** Frames closed on us before the end. */
  closedEarly = 0
  #closing = false

  constructor(url: string) {
    this.#url = url
  }

  get(path: string): Promise<unknown> {
    return this.#call('GET', path, null, 200)
  }

  /** Opens the connections that clicks will use: browsers have theirs before anybody clicks. */
  async openConnections(): Promise<void> {
    for (let open = OPENED_TOGETHER; open <= CLICK_CONNECTIONS; open += OPENED_TOGETHER) {
      await Promise.all(Array.from({ length: open }, () => this.get('/health')))
    }
  }

  /** Resolves when the service has taken the click. */
  async click(body: object): Promise<void> {
    await this.#call('POST', '/api/activity', body, 202)
  }

  /** Opens the user's WebSocket; resolves when the service has said that everything missed was sent. */
  async connect(user: string, onFrame: (frame: Frame, atMs: number) => void): Promise<void> {
    const { ticket } = (await this.#call('POST', '/tickets', { user }, 201)) as { ticket: string }
    const socket = new WebSocket(`${this.#url.replace('http', 'ws')}/live?ticket=${encodeURIComponent(ticket)}`)
    this.#sockets.push(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => socket.send(JSON.stringify({ type: 'resume', position: null, have: [] })))
      socket.once('error', reject)
      socket.on('close', () => {
        if (!this.#closing) this.closedEarly++
      })
      socket.on('message', (data) => {
        const atMs = systemClock.monotonicMs()
        const frame = JSON.parse(String(data)) as Frame
        if (frame.type === 'live') resolve()
        onFrame(frame, atMs)
      })
    })
  }

  close(): void {
    this.#closing = true
    for (const socket of this.#sockets) socket.terminate()
    this.#agent.destroy()
  }

  #call(method: string, path: string, body: object | null, expected: number): Promise<unknown> {
    const payload = body === null ? null : JSON.stringify(body)
    const headers =
      payload === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }
    return new Promise((resolve, reject) => {
      const call = request(this.#url + path, { method, agent: this.#agent, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.once('error', reject)
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString()
          if (response.statusCode === expected) resolve(JSON.parse(text))
          else reject(new SideFailure(`${method} ${path} answered ${response.statusCode}: ${text}`))
        })
      })
      call.once('error', reject)
      call.end(payload)
    })
  }
}
