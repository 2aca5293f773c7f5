/** One connection with TLS, SASL or both, over the `Connection` of @platformatic/kafka. */
import type { Connection, ConnectionOptions, Writer } from '@platformatic/kafka'
import { closedError, type LaneConnection } from './lane-connections.js'
import type { PlatformaticTransportOptions } from './platformatic.js'
import type { BrokerAddress, WireRequest } from './transport.js'

/** What is used of the package. */
interface PlatformaticClasses {
  readonly Connection: new (clientId: string, options: ConnectionOptions) => Connection
  readonly Writer: { create(): Writer }
}

/** Timeouts are kept by LaneConnections; the library's own would leave its stream position in mid-response. */
const NO_TIMEOUT_MS = 0x7fff_ffff
const MAX_IN_FLIGHT = 1_000

/** @throws what the package raises where the broker, its certificate or the credentials are rejected */
export async function securedConnection(
  address: BrokerAddress,
  options: PlatformaticTransportOptions,
  connected: (opening: Promise<unknown>) => Promise<void>,
): Promise<LaneConnection> {
  const { Connection, Writer } = await platformaticClasses()
  const connection = new Connection(options.clientId, {
    connectTimeout: NO_TIMEOUT_MS,
    requestTimeout: NO_TIMEOUT_MS,
    maxInflights: MAX_IN_FLIGHT,
    ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
    ...(options.tls === undefined ? {} : { tls: options.tls, tlsServerName: options.tls.servername ?? true }),
  })
  let open = true
  // Its `close` ends the timer that renews a session (KIP-368), and waits for what is being written: nothing else does.
  const drop = () => {
    open = false
    connection.close(() => undefined)
    connection.socket?.destroy()
  }
  connection.on('error', () => undefined)
  connection.once('close', drop)
  try {
    await connected(Promise.resolve(connection.connect(address.host, address.port)))
  } catch (error) {
    drop()
    // It listens to its socket only once that is connected: else its own timer would hold the process for NO_TIMEOUT_MS.
    connection.emit('close')
    throw error
  }
  return {
    send: (request) => sendOn(connection, address, request, Writer),
    isOpen: () => open,
    close: drop,
  }
}

/**
 * Two files of the package instead of all of it, which takes a process a third of the time and half of the memory. Its
 * version is exact; where the files lie elsewhere, after bundling say, the package itself has the classes.
 */
async function platformaticClasses(): Promise<PlatformaticClasses> {
  try {
    const main = import.meta.resolve('@platformatic/kafka')
    const [{ Connection }, { Writer }] = (await Promise.all([
      import(new URL('network/connection.js', main).href),
      import(new URL('protocol/writer.js', main).href),
    ])) as [Pick<PlatformaticClasses, 'Connection'>, Pick<PlatformaticClasses, 'Writer'>]
    return { Connection, Writer }
  } catch {
    return import('@platformatic/kafka')
  }
}

/** The part of the library's Reader that is used; its buffer is a Buffer or a list of chunks. */
interface ResponseReader {
  readonly position: number
  readonly buffer: { slice(start?: number, end?: number): Buffer }
}

function sendOn(
  connection: Connection,
  address: BrokerAddress,
  request: WireRequest,
  writers: PlatformaticClasses['Writer'],
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    connection.send<Buffer>(
      request.apiKey,
      request.apiVersion,
      () => {
        const writer = writers.create().append(request.body)
        if (request.noResponse === true) writer.context.noResponse = true
        return writer
      },
      (_correlationId, _apiKey, _apiVersion, reader) => bodyOf(reader as unknown as ResponseReader),
      request.flexibleRequest,
      request.flexibleResponse,
      (error, body) => {
        if (error) reject(closedError(address, 'the connection was lost', error))
        else resolve(body ?? Buffer.alloc(0))
      },
    )
  })
}

/** Contiguous: copied once when it came in several chunks. */
function bodyOf(reader: ResponseReader): Buffer {
  return reader.buffer.slice(reader.position)
}
