/** Lanes over the `Connection` of @platformatic/kafka, with its TLS and SASL; the caller brings the package's classes. */
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { Connection, ConnectionOptions, Writer } from '@platformatic/kafka'
import type { Cancel, Clock } from '../record/clock.js'
import { patientTimer } from '../record/patient-timer.js'
import { closedError, type LaneConnection, LaneConnections, openFailed } from './lane-connections.js'
import { portable } from './portable.js'
import type { BrokerAddress, Transport, WireRequest } from './transport.js'

/** What is used of the package. */
export interface PlatformaticClasses {
  readonly Connection: new (clientId: string, options: ConnectionOptions) => Connection
  readonly Writer: { create(): Writer }
}

/** A secret, or a function that fetches it (asked again at every new connection). */
export type Secret = string | (() => string | Promise<string>)

export type SaslOptions =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
      readonly username: Secret
      readonly password: Secret
    }
  | { readonly mechanism: 'OAUTHBEARER'; readonly token: Secret }

export interface PlatformaticTransportOptions {
  readonly clock: Clock
  /** Sent in every request header; brokers show it in logs and quotas. */
  readonly clientId: string
  /** Options of node:tls; undefined for a plain connection. */
  readonly tls?: TlsOptions
  readonly sasl?: SaslOptions
  /** Time for opening a connection, TLS and SASL included. Default 5000. */
  readonly connectTimeoutMs?: number
}

/** Timeouts are kept by LaneConnections; the library's own would leave its stream position in mid-response. */
const NO_TIMEOUT_MS = 0x7fff_ffff
const MAX_IN_FLIGHT = 1_000
const CONNECT_MS = 5_000

export function platformaticConnections(
  options: PlatformaticTransportOptions,
  classes: PlatformaticClasses,
): Transport {
  const { clock, ...settings } = options
  return new LaneConnections(
    (address) => openConnection(address, options, classes),
    clock,
    async () => portable('platformatic', settings),
  )
}

async function openConnection(
  address: BrokerAddress,
  options: PlatformaticTransportOptions,
  { Connection, Writer }: PlatformaticClasses,
): Promise<LaneConnection> {
  const settings: ConnectionOptions = {
    connectTimeout: NO_TIMEOUT_MS,
    requestTimeout: NO_TIMEOUT_MS,
    maxInflights: MAX_IN_FLIGHT,
    ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
    ...(options.tls === undefined ? {} : { tls: options.tls, tlsServerName: options.tls.servername ?? true }),
  }
  const connection = new Connection(options.clientId, settings)
  let open = true
  connection.on('error', () => undefined)
  connection.on('close', () => {
    open = false
  })
  try {
    await connected(connection, address, options)
  } catch (error) {
    throw openFailed(address, error)
  }
  return {
    send: (request) => sendOn(connection, address, request, Writer),
    isOpen: () => open,
    close() {
      open = false
      connection.socket.destroy()
    },
  }
}

/** Its own time-out fires before a connection that opened in time while user code did not return. */
async function connected(
  connection: Connection,
  { host, port }: BrokerAddress,
  { clock, connectTimeoutMs = CONNECT_MS }: PlatformaticTransportOptions,
): Promise<void> {
  let cancel: Cancel = () => undefined
  const late = new Promise<never>((_, reject) => {
    cancel = patientTimer(clock, connectTimeoutMs, () => reject(new Error(`ETIMEDOUT after ${connectTimeoutMs} ms`)))
  })
  try {
    await Promise.race([connection.connect(host, port), late])
  } catch (error) {
    connection.socket?.destroy()
    throw error
  } finally {
    cancel()
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
