/** Makes a client of the cluster from addresses and secrets, or from an embedded broker. */
import { MillraceError } from '../errors.js'
import { type Clock, systemClock } from '../record/clock.js'
import { type Random, systemRandom } from '../record/random.js'
import { checkConnection, parseAddress, requireTransport } from '../transport/connection-options.js'
import { type LoopbackBroker, loopbackTransport } from '../transport/loopback.js'
import { type PlatformaticTransportOptions, platformaticTransport } from '../transport/platformatic.js'
import type { Transport } from '../transport/transport.js'
import { Cluster } from './cluster.js'

/** Where the brokers are. Exactly one of `brokers` and `broker`. */
export interface ConnectionOptions {
  /** `host:port` of some brokers of the cluster. */
  readonly brokers?: readonly string[]
  /** An embedded broker of this process, from `embeddedBroker`. */
  readonly broker?: LoopbackBroker
  /**
   * Makes the transport; default: connections over TCP (TLS and SASL by @platformatic/kafka), or the loopback for an
   * embedded broker.
   */
  readonly transport?: (() => Transport) | undefined
  /** Shown in the brokers' logs and quotas. Default `millrace`. */
  readonly clientId?: string
  readonly tls?: PlatformaticTransportOptions['tls']
  readonly sasl?: PlatformaticTransportOptions['sasl']
  readonly requestTimeoutMs?: number
  readonly metadataMaxAgeMs?: number
}

/** One value for all that needs brokers: their addresses with TLS and SASL, or what `embeddedBroker` returns. */
export type Connection = ConnectionOptions | LoopbackBroker

/** For tests and simulations. */
interface Ports {
  readonly clock?: Clock
  readonly random?: Random
}

/**
 * A client of the cluster, with connections of its own. A clock and a source of randomness may are in either argument.
 * @throws MillraceError CONFIG_INVALID
 */
export function connect(connection: Connection & Ports, ports: Ports = {}): Cluster {
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
  const bootstrap = broker === undefined ? brokers!.map(parseAddress) : [broker.core.advertised]
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
export function connectionOptions<C extends Connection>(connection: C): ConnectionOptions & Ports {
  if (typeof connection !== 'object' || connection === null) checkConnection(connection)
  return isBroker(connection) ? { broker: connection } : (connection as ConnectionOptions)
}

/** What a producer or reader is made of: exactly one of the two. */
export interface ClientOptions {
  /** A client that `connect` returned. It is shared, and stays open. */
  readonly cluster?: Cluster
  /** It gets a client of its own, and closes it. */
  readonly connection?: Connection
}

export interface ChosenCluster {
  readonly cluster: Cluster
  readonly isOwn: boolean
}

/** @throws MillraceError CONFIG_INVALID */
export function clusterOf({ cluster, connection }: ClientOptions): ChosenCluster {
  if ((cluster === undefined) === (connection === undefined)) throw wrongClient('give either cluster or connection')
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

function isBroker(connection: Connection): connection is LoopbackBroker {
  return typeof (connection as Partial<LoopbackBroker>).connection === 'function'
}
