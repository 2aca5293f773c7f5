/** The broker on a TCP port: length-prefixed frames, answered in order, with back-pressure in both directions. */
import { createServer, type Server, type Socket } from 'node:net'
import { isMillraceError, MillraceError } from '../errors.js'
import { kindOf } from '../record/kind-of.js'
import { requireKnown } from '../record/known-options.js'
import type { BrokerConnection } from './connection.js'

/** Where an embedded broker listens. */
export interface ListenOptions {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** Host told to clients, where it is not the one listened on. */
  readonly advertisedHost?: string
  /** Longest request accepted, in bytes. Default 104,857,600, as Kafka's socket.request.max.bytes. */
  readonly maxFrameBytes?: number
}

export interface TcpListener {
  readonly port: number
  /** Stops listening and closes every connection. */
  close(): Promise<void>
}

/** A port that is misspelt would be any free one. @throws MillraceError CONFIG_INVALID */
export function checkListenOptions(options: unknown): void {
  const where = 'listen of an embedded broker'
  requireKnown(options, ['host', 'port', 'advertisedHost', 'maxFrameBytes'], where, 'CONFIG_INVALID')
  const { host, port, advertisedHost, maxFrameBytes } = options as Partial<ListenOptions>
  const isText = (given: unknown) => typeof given === 'string' && given !== ''
  const isPort = Number.isInteger(port) && port! >= 0 && port! < 65_536
  const rules: readonly (readonly [holds: boolean, option: string, given: unknown, wanted: string])[] = [
    [isText(host), 'host', host, "use an address, such as '127.0.0.1'"],
    [isPort, 'port', port, 'use a whole number from 0 (any free port) to 65535'],
    [advertisedHost === undefined || isText(advertisedHost), 'advertisedHost', advertisedHost, 'use a host name'],
    [
      maxFrameBytes === undefined || (Number.isSafeInteger(maxFrameBytes) && maxFrameBytes >= 1),
      'maxFrameBytes',
      maxFrameBytes,
      'use a whole number >= 1',
    ],
  ]
  const broken = rules.find(([holds]) => !holds)
  if (broken === undefined) return
  const [, option, given, wanted] = broken
  const shown = typeof given === 'number' ? String(given) : kindOf(given)
  throw new MillraceError('CONFIG_INVALID', `${where}: ${option} is ${shown}: ${wanted}`)
}

const DEFAULT_MAX_FRAME_BYTES = 104_857_600

/** Requests of one connection that may wait for their answer before no more are read from it. */
const MAX_IN_FLIGHT = 64

export function listenTcp(
  options: ListenOptions,
  connect: (clientHost: string) => BrokerConnection,
  report: (line: string) => void,
): Promise<TcpListener> {
  const { host, port } = options
  const maxFrameBytes = options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    serve(socket, connect(socket.remoteAddress ?? ''), maxFrameBytes, report)
  })
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, host, port)))
    server.listen(port, host, () => {
      const address = server.address()
      const bound = typeof address === 'object' && address !== null ? address.port : port
      resolve({ port: bound, close: () => closeServer(server, sockets) })
    })
  })
}

function serve(
  socket: Socket,
  connection: BrokerConnection,
  maxFrameBytes: number,
  report: (line: string) => void,
): void {
  let buffered: Buffer[] = []
  let bufferedBytes = 0
  let inFlight = 0
  let full = false
  socket.setNoDelay(true)
  const resume = () => {
    if (inFlight < MAX_IN_FLIGHT && !full) socket.resume()
  }
  const answer = (frame: Buffer) => {
    inFlight += 1
    if (inFlight >= MAX_IN_FLIGHT) socket.pause()
    connection.handle(frame).then(
      (response) => {
        inFlight -= 1
        if (response !== null && !socket.destroyed) full = !writeFrame(socket, response)
        if (full) socket.pause()
        else resume()
      },
      (error) => {
        // A client that has left by itself hears nothing more.
        if (!socket.destroyed) report(`closed a connection from ${socket.remoteAddress}: ${errorText(error)}`)
        socket.destroy()
      },
    )
  }
  socket.on('data', (chunk: Buffer) => {
    buffered.push(chunk)
    bufferedBytes += chunk.length
    while (bufferedBytes >= 4) {
      if (buffered[0]!.length < 4) buffered = [Buffer.concat(buffered)]
      const length = buffered[0]!.readInt32BE(0)
      if (length < 0 || length > maxFrameBytes) {
        report(
          `closed a connection from ${socket.remoteAddress}: a frame of ${length} bytes; the maximum is ${maxFrameBytes}`,
        )
        socket.destroy()
        return
      }
      if (bufferedBytes < 4 + length) return
      const whole = buffered.length === 1 ? buffered[0]! : Buffer.concat(buffered)
      const rest = whole.subarray(4 + length)
      buffered = rest.length === 0 ? [] : [rest]
      bufferedBytes = rest.length
      answer(whole.subarray(4, 4 + length))
    }
  })
  socket.on('drain', () => {
    full = false
    resume()
  })
  socket.on('error', () => socket.destroy())
  socket.once('close', () => connection.close())
}

/** False when the socket's buffer is full. */
function writeFrame(socket: Socket, frame: Buffer): boolean {
  const length = Buffer.allocUnsafe(4)
  length.writeInt32BE(frame.length, 0)
  socket.cork()
  socket.write(length)
  const accepted = socket.write(frame)
  socket.uncork()
  return accepted
}

function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    for (const socket of sockets) socket.destroy()
  })
}

function listenError(error: Error, host: string, port: number): MillraceError {
  const code = (error as { code?: string }).code
  if (code === 'EADDRINUSE') {
    return new MillraceError(
      'PORT_IN_USE',
      `Port ${port} of ${host} is in use: choose another, or stop the program that uses it`,
    )
  }
  const why = code ?? error.message
  return new MillraceError(
    'BROKER_LISTEN_FAILED',
    `Cannot listen on ${host}:${port} (${why}): choose another address`,
    {
      cause: error,
    },
  )
}

function errorText(error: unknown): string {
  return isMillraceError(error) ? `${error.code}: ${error.message}` : String(error)
}
