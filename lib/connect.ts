/** Makes a client of the cluster from addresses and secrets, or from an embedded broker. */
import type { Broker } from './broker/broker.js'
import { Cluster } from './client/cluster.js'
import { resolveConfig, type StreamsConfig } from './config.js'
import { checkConnection, parseAddress, requireTransport } from './transport/connection-options.js'
import { loopbackTransport } from './transport/loopback.js'
import { type PlatformaticTransportOptions, platformaticTransport } from './transport/platformatic.js'
import type { Transport } from './transport/transport.js'

/** Where the brokers are. Exactly one of `brokers` and `broker`. */
export interface ConnectionOptions {
  /** `host:port` of some brokers of the cluster. */
  readonly brokers?: readonly string[]
  /** An embedded broker of this process, from `embeddedBroker`. */
  readonly broker?: Broker
  /** Makes the transport; default: connections over TCP (TLS and SASL by @platformatic/kafka), or the loopback for an embedded broker. */
  readonly transport?: (() => Transport) | undefined
  /** Shown in the brokers' logs and quotas. Default `millrace`. */
  readonly clientId?: string
  readonly tls?: PlatformaticTransportOptions['tls']
  readonly sasl?: PlatformaticTransportOptions['sasl']
  readonly requestTimeoutMs?: number
  readonly metadataMaxAgeMs?: number
}

/** A client of the cluster named by `options`, with connections of its own. @throws MillraceError CONFIG_INVALID */
export function connect(options: ConnectionOptions & Partial<Pick<StreamsConfig, 'clock' | 'random'>>): Cluster {
  checkConnection(options)
  const { clock, random, requestTimeoutMs, metadataMaxAgeMs } = resolveConfig({
    applicationId: 'client',
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    ...(options.random === undefined ? {} : { random: options.random }),
    ...(options.requestTimeoutMs === undefined ? {} : { requestTimeoutMs: options.requestTimeoutMs }),
    ...(options.metadataMaxAgeMs === undefined ? {} : { metadataMaxAgeMs: options.metadataMaxAgeMs }),
  })
  const clientId = options.clientId ?? 'millrace'
  const { broker } = options
  const makeTransport =
    options.transport ??
    (broker === undefined
      ? () =>
          platformaticTransport({
            clock,
            clientId,
            ...(options.tls === undefined ? {} : { tls: options.tls }),
            ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
          })
      : () => loopbackTransport({ clock, clientId, connect: () => broker.connection() }))
  const bootstrap = broker === undefined ? options.brokers!.map(parseAddress) : [broker.core.advertised]
  return new Cluster({
    transport: requireTransport(makeTransport()),
    clock,
    random,
    bootstrap,
    requestTimeoutMs,
    metadataMaxAgeMs,
  })
}
