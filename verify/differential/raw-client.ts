/** Sends single requests over TCP and reads the answers: the same bytes to the embedded broker and to a real one. */
import { connect, type Socket } from 'node:net'
import {
  type Api,
  decodeResponse,
  decodeResponseHeader,
  encodeRequest,
  encodeRequestHeader,
  type RequestInput,
  type ResponseOf,
} from '../../lib/protocol/index.js'

export class RawClient {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #waiting: ((frame: Buffer | null) => void) | undefined
  #sent = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes])
      if (this.#received.length < 4) return
      const end = 4 + this.#received.readInt32BE(0)
      if (this.#received.length < end) return
      const frame = this.#received.subarray(4, end)
      this.#received = this.#received.subarray(end)
      this.#waiting?.(frame)
    })
    socket.on('close', () => this.#waiting?.(null))
    socket.on('error', () => {})
  }

  static open(bootstrap: string): Promise<RawClient> {
    const [host = '', port = ''] = bootstrap.split(':')
    const socket = connect(Number(port), host)
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.once('connect', () => resolve(new RawClient(socket)))
    })
  }

  /** One request at a time. */
  async ask<A extends Api>(api: A, version: number, body: RequestInput<A>): Promise<ResponseOf<A>> {
    this.#sent += 1
    const request = Buffer.concat([
      encodeRequestHeader(api, version, this.#sent, 'raw'),
      encodeRequest(api, version, body),
    ])
    const length = Buffer.alloc(4)
    length.writeInt32BE(request.length)
    this.#socket.write(Buffer.concat([length, request]))
    const frame = await new Promise<Buffer | null>((resolve) => {
      this.#waiting = resolve
    })
    if (frame === null) throw new Error(`the broker closed the connection instead of answering ${api.name}`)
    return decodeResponse(api, version, frame.subarray(decodeResponseHeader(api, version, frame).bodyStart))
  }

  close(): void {
    this.#socket.destroy()
  }
}
