/** Makes a client of the cluster from addresses and secrets, or from an embedded broker. */
import { MillraceError } from '../errors.js'
import { type Clock, systemClock } from '../record/clock.js'
import { type Random, systemRandom } from '../record/random.js'
import { checkConnection, parseAddress, requireConnection, requireTransport } from '../transport/connection-options.js'
import { type LoopbackBroker, loopbackTransport } from '../transport/loopback.js'
import { type PlatformaticTransportOptions, platformaticTransport } from '../transport/platformatic.js'
import type { Transport } from '../transport/transport.js'
import { Cluster } from './cluster.js'

/** How to reach the brokers. Give exactly one of `brokers` and `broker`. */
export interface ConnectionOptions {
  /** `host:port` of one or more brokers of the cluster. */
  readonly brokers?: readonly string[]
  /** A broker in this process, from {@link embeddedBroker}. */
  readonly broker?: LoopbackBroker
  /** Makes the transport. Default: connections over TCP, with TLS and SASL if they are set; for an embedded broker, in the process. */
  readonly transport?: (() => Transport) | undefined
  /** The client id in the brokers' logs and quotas. Default `millrace`. */
  readonly clientId?: string
  /** Options of `node:tls`; `{}` for TLS without special options. Default: no TLS. */
  readonly tls?: PlatformaticTransportOptions['tls']
  /** Mechanism and secrets. Default: no authentication. */
  readonly sasl?: PlatformaticTransportOptions['sasl']
  /** How long one request may take, in milliseconds. Default 30000. */
  readonly requestTimeoutMs?: number
  /** How often leaders and partitions are read again, in milliseconds. Default 300000. */
  readonly metadataMaxAgeMs?: number
}

/** How to reach the brokers: options, or an embedded broker. The same value is taken by `Streams`, `connect`, `Admin`, readers and producers. */
export type Connection = ConnectionOptions | LoopbackBroker

/** A clock and random numbers, for tests. Default: the machine's. */
export interface ClientPorts {
  readonly clock?: Clock
  readonly random?: Random
}

/**
 * A client of the cluster, with its own connections. Close it at the end. `clock` and `random` may be given in either argument.
 * @throws MillraceError CONFIG_INVALID
 */
export function connect(connection: Connection & ClientPorts, ports: ClientPorts = {}): Cluster {
  const options = { ...connectionOptions(connection), ...ports }
  checkConnection(options)
  const { broker, brokers, tls, sasl, requestTimeoutMs, metadataMaxAgeMs } = options
  const { clock = systemClock, random = systemRandom, clientId = 'millrace' } = options
  const makeTransport =
    options.transport ??
    (broker === undefined
      ? () =>
          platformaticTransport({
            clock,
            clientId,
            ...(tls === undefined ? {} : { tls }),
            ...(sasl === undefined ? {} : { sasl }),
          })
      : () => loopbackTransport({ clock, clientId, connect: () => broker.connection() }))
  const bootstrap = broker === undefined ? brokers!.map(parseAddress) : [broker.advertised]
  return new Cluster({
    transport: requireTransport(makeTransport()),
    clock,
    random,
    bootstrap,
    ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
    ...(metadataMaxAgeMs === undefined ? {} : { metadataMaxAgeMs }),
  })
}

/** The options that a connection stands for. @throws MillraceError CONFIG_INVALID if it is no object */
function connectionOptions<C extends Connection>(connection: C): ConnectionOptions & ClientPorts {
  requireConnection(connection)
  if (connection instanceof Cluster) throw wrongClient('the connection is what `connect` returned: give it as cluster')
  return isBroker(connection) ? { broker: connection } : (connection as ConnectionOptions)
}

/** How a producer or reader reaches the brokers. Give exactly one of the two. */
export interface ClientOptions {
  /** A client from {@link connect}. Several can share it; it stays open. */
  readonly cluster?: Cluster
  /** For a client of its own, which is closed with it. */
  readonly connection?: Connection
}

export interface ChosenCluster {
  readonly cluster: Cluster
  readonly isOwn: boolean
}

/** @throws MillraceError CONFIG_INVALID */
export function clusterOf({ cluster, connection }: ClientOptions): ChosenCluster {
  if (cluster === undefined && connection === undefined) {
    const ways = 'a connection is { brokers }, or what `embeddedBroker` returned; a cluster, what `connect` returned'
    throw wrongClient(`give either cluster or connection: ${ways}`)
  }
  if (cluster !== undefined && connection !== undefined)
    throw wrongClient('give either cluster or connection, not both')
  if (connection !== undefined) return { cluster: connect(connection), isOwn: true }
  if (!(cluster instanceof Cluster)) throw wrongClient('option cluster must be a value that `connect` returned')
  return { cluster, isOwn: false }
}

/** The same for a first argument. @throws MillraceError CONFIG_INVALID */
export function clientOptions(given: Cluster | Connection): ClientOptions {
  return given instanceof Cluster ? { cluster: given } : { connection: given }
}

function wrongClient(text: string): MillraceError {
  return new MillraceError('CONFIG_INVALID', text)
}

/** Settings in two: the connection, given as one value or option by option, and the rest. @throws CONFIG_INVALID */
export function withConnection<S extends ConnectionOptions & { readonly connection?: Connection }>(settings: S) {
  const { connection: given, brokers, broker, transport, clientId, tls, sasl, ...rest } = settings
  const beside = { brokers, broker, transport, clientId, tls, sasl }
  if (given === undefined) return { connection: beside as ConnectionOptions, rest }
  const twice = Object.entries(beside).find(([, value]) => value !== undefined)
  if (twice !== undefined) {
    const text = `option ${twice[0]} is given together with connection: move it into the connection, or omit connection`
    throw new MillraceError('CONFIG_INVALID', text)
  }
  const connection = connectionOptions(given)
  const { requestTimeoutMs, metadataMaxAgeMs } = connection
  const own = Object.entries({ requestTimeoutMs, metadataMaxAgeMs }).filter(([, value]) => value !== undefined)
  return { connection, rest: { ...Object.fromEntries(own), ...rest } }
}

/** Whether it is an embedded broker, and not options. */
export function isBroker(connection: Connection): connection is LoopbackBroker {
  return typeof (connection as Partial<LoopbackBroker> | null)?.connection === 'function'
}
