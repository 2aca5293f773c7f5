/**
 * The second transport: the connections of a `Kafka` client (kafkajs 2.2.4) that the service has already configured.
 */
import { MillraceError } from '../errors.js'
import type { Clock } from '../record/clock.js'
import { kindOf } from '../record/kind-of.js'
import { requireKnown } from '../record/known-options.js'
import { checkPort } from '../record/ports.js'
import { closedError, type LaneConnection, LaneConnections, openFailed } from './lane-connections.js'
import { portable } from './portable.js'
import type { BrokerAddress, PortableTransport, Transport, WireRequest } from './transport.js'

/** A `Kafka` object of kafkajs, described by the one method that is used. */
export interface KafkajsClient {
  /** As in kafkajs. */
  consumer(config: { groupId: string; partitionAssigners?: never[] }): unknown
}

/** Options of {@link kafkajsTransport}. */
export interface KafkajsTransportOptions {
  readonly clock: Clock
  /** Your `new Kafka({ ... })`. Its TLS, SASL, client id and socket factory are used. */
  readonly kafka: KafkajsClient
}

/** What is used of kafkajs's internals; 2.2.4 is its last release and does not move. */
interface Internals {
  readonly connectionPoolBuilder: {
    build(destination: { host: string; port: number }): Promise<{ readonly pool: readonly KafkajsConnection[] }>
  }
}

interface KafkajsConnection {
  readonly clientId: string
  readonly connectionTimeout?: number
  readonly ssl: object | boolean | null
  readonly sasl: Readonly<Record<string, unknown>> | null
  readonly socketFactory: (...given: unknown[]) => unknown
  readonly socket?: {
    destroy(): void
    setNoDelay(on: boolean): void
    unref(): void
    once(e: 'close', f: () => void): void
  }
  readonly requestQueue: {
    enforceRequestTimeout: boolean
    readonly pending: readonly unknown[]
    scheduleCheckPendingRequests(): void
    destroy(): void
  }
  connect(): Promise<unknown>
  authenticate(): Promise<void>
  isConnected(): boolean
  setVersions(versions: Record<number, { minVersion: number; maxVersion: number }>): void
  setSupportAuthenticationProtocol(supported: boolean): void
  rejectRequests(error: Error): void
  send(call: {
    request: {
      apiKey: number
      apiVersion: number
      apiName: string
      expectResponse(): boolean
      encode(): Promise<{ buf: Buffer; buffer: Buffer }>
    }
    response: { decode(raw: Buffer): Promise<Buffer>; parse(body: Buffer): Promise<Buffer> }
    logResponseError: boolean
  }): Promise<Buffer | undefined>
}

/** SaslHandshake and SaslAuthenticate as every broker since 2.2 offers them; kafkajs wants to be told. */
const SASL_VERSIONS = { 17: { minVersion: 0, maxVersion: 1 }, 36: { minVersion: 0, maxVersion: 1 } }
const EMPTY_TAGS = Buffer.of(0)

/** A transport that uses the connections of a kafkajs client: `connect({ brokers, transport: () => kafkajsTransport({ clock, kafka }) })`. */
export function kafkajsTransport(options: KafkajsTransportOptions): Transport {
  requireKnown(options, ['clock', 'kafka'], 'kafkajsTransport', 'CONFIG_INVALID')
  checkPort('clock', options.clock)
  const cluster = clusterOf(options.kafka)
  return new LaneConnections(
    (address) => openConnection(cluster, address),
    options.clock,
    () => portableSettings(options.kafka, cluster),
  )
}

/** Null where the client brings sockets or an authentication of its own. */
async function portableSettings(kafka: KafkajsClient, cluster: Internals): Promise<PortableTransport | null> {
  const { clientId, connectionTimeout, ssl, sasl, socketFactory } = await unconnected(cluster)
  if (typeof sasl?.authenticationProvider === 'function') return null
  const Kafka = kafka.constructor as new (settings: object) => KafkajsClient
  const plain = await unconnected(clusterOf(new Kafka({ clientId, brokers: [`${NOWHERE.host}:${NOWHERE.port}`] })))
  if (String(socketFactory) !== String(plain.socketFactory)) return null
  return portable('kafkajs', { clientId, connectionTimeout, ...(ssl ? { ssl } : {}), ...(sasl ? { sasl } : {}) })
}

const NOWHERE: BrokerAddress = { host: 'localhost', port: 1 }

/** A connection that was never opened knows the settings. */
async function unconnected(cluster: Internals): Promise<KafkajsConnection> {
  const { pool } = await cluster.connectionPoolBuilder.build(NOWHERE)
  return pool[0]!
}

/** The assigner hook is the one public place where kafkajs hands its cluster out; the consumer never connects. */
function clusterOf(kafka: KafkajsClient): Internals {
  let found: Internals | undefined
  const assigner = ({ cluster }: { cluster: Internals }) => {
    found = cluster
    return {
      name: 'millrace',
      version: 0,
      assign: async () => [],
      protocol: () => ({ name: 'millrace', metadata: EMPTY_TAGS }),
    }
  }
  if (typeof kafka?.consumer !== 'function')
    throw new MillraceError(
      'CONFIG_INVALID',
      `kafkajsTransport: kafka is ${kindOf(kafka)}: use a new Kafka({ brokers })`,
    )
  kafka.consumer({ groupId: 'millrace-transport', partitionAssigners: [assigner as never] })
  if (typeof found?.connectionPoolBuilder?.build !== 'function') {
    throw new MillraceError('CONFIG_INVALID', 'The kafkajs transport needs a Kafka object of kafkajs 2.2.4.')
  }
  return found
}

async function openConnection(cluster: Internals, address: BrokerAddress): Promise<LaneConnection> {
  let connection: KafkajsConnection
  try {
    const { pool } = await cluster.connectionPoolBuilder.build({ host: address.host, port: address.port })
    connection = pool[0]!
    quietTimers(connection.requestQueue)
    connection.setVersions(SASL_VERSIONS)
    connection.setSupportAuthenticationProtocol(true)
    await connection.connect()
    await connection.authenticate()
  } catch (error) {
    throw openFailed(address, error)
  }
  connection.socket?.setNoDelay(true)
  const drop = () => {
    connection.rejectRequests(closedError(address, 'the connection was lost'))
    connection.requestQueue.destroy()
  }
  // kafkajs listens to 'end' and 'error' only, so a socket destroyed without either would leave calls hanging.
  connection.socket?.once('close', drop)
  let open = true
  return {
    send: (request) => sendOn(connection, address, request),
    isOpen: () => open && connection.isConnected(),
    close() {
      open = false
      connection.socket?.destroy()
      drop()
    },
  }
}

/**
 * Two timers of kafkajs burn CPU on idle connections: a 100 ms sweep for request timeouts (kept by LaneConnections
 * here), and a 1 ms timer that re-arms itself forever after the first response (tulios/kafkajs#1751).
 */
function quietTimers(queue: KafkajsConnection['requestQueue']): void {
  queue.enforceRequestTimeout = false
  const schedule = queue.scheduleCheckPendingRequests.bind(queue)
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0) schedule()
  }
}

async function sendOn(connection: KafkajsConnection, address: BrokerAddress, request: WireRequest): Promise<Buffer> {
  // kafkajs writes request header v1: the tagged fields of v2 follow the client id, so they go in front of the body.
  const body = request.flexibleRequest ? Buffer.concat([EMPTY_TAGS, request.body]) : request.body
  try {
    const response = await connection.send({
      request: {
        apiKey: request.apiKey,
        apiVersion: request.apiVersion,
        apiName: `api ${request.apiKey}`,
        expectResponse: () => request.noResponse !== true,
        encode: async () => ({ buf: body, buffer: body }),
      },
      response: {
        // It has taken the correlation id off; what is left of response header v1 is one empty tag section.
        decode: async (raw) => (request.flexibleResponse ? raw.subarray(1) : raw),
        parse: async (payload) => payload,
      },
      logResponseError: false,
    })
    return response ?? Buffer.alloc(0)
  } catch (error) {
    if (error instanceof MillraceError) throw error
    throw closedError(address, 'the connection was lost', error)
  }
}
