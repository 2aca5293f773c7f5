/** The default transport: our own connection for plain ports, and that of @platformatic/kafka for TLS or SASL. */
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { Cancel, Clock } from '../record/clock.js'
import { patientTimer } from '../record/patient-timer.js'
import { type LaneConnection, LaneConnections, openFailed } from './lane-connections.js'
import { PlainConnection } from './plain-connection.js'
import { portable } from './portable.js'
import { securedConnection } from './secured-connection.js'
import type { BrokerAddress, Transport } from './transport.js'

/** A secret, or a function that fetches it; it is called at each new connection. */
export type Secret = string | (() => string | Promise<string>)

/** How to authenticate with the brokers. */
export type SaslOptions =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
      readonly username: Secret
      readonly password: Secret
    }
  | { readonly mechanism: 'OAUTHBEARER'; readonly token: Secret }

/** Options of connections over TCP. */
export interface PlatformaticTransportOptions {
  readonly clock: Clock
  /** Sent in every request header; brokers show it in logs and quotas. */
  readonly clientId: string
  /** Options of node:tls; undefined for a plain connection. */
  readonly tls?: TlsOptions
  /** Mechanism and secrets. Default: no authentication. */
  readonly sasl?: SaslOptions
  /** Time for opening a connection, TLS and SASL included. Default 5000. */
  readonly connectTimeoutMs?: number
}

const CONNECT_MS = 5_000

export function platformaticTransport(options: PlatformaticTransportOptions): Transport {
  const { clock, ...settings } = options
  return new LaneConnections(
    (address, _lane, unwanted) => openConnection(address, options, unwanted),
    clock,
    async () => portable('platformatic', settings),
  )
}

async function openConnection(
  address: BrokerAddress,
  options: PlatformaticTransportOptions,
  unwanted: AbortSignal,
): Promise<LaneConnection> {
  const inTime = (opening: Promise<unknown>) => openedInTime(opening, options, unwanted)
  try {
    if (options.tls !== undefined || options.sasl !== undefined)
      return await securedConnection(address, options, inTime)
    return await plainConnection(address, options.clientId, inTime)
  } catch (error) {
    throw openFailed(address, error)
  }
}

async function plainConnection(
  address: BrokerAddress,
  clientId: string,
  inTime: (opening: Promise<unknown>) => Promise<void>,
): Promise<LaneConnection> {
  const connection = new PlainConnection(address, clientId)
  try {
    await inTime(connection.connected)
  } catch (error) {
    connection.close()
    throw error
  }
  return connection
}

/** Its own timeout fires before a connection that opened in time while user code did not return. */
async function openedInTime(
  opening: Promise<unknown>,
  { clock, connectTimeoutMs = CONNECT_MS }: PlatformaticTransportOptions,
  unwanted: AbortSignal,
): Promise<void> {
  let cancel: Cancel = () => undefined
  const late = new Promise<never>((_, reject) => {
    cancel = patientTimer(clock, connectTimeoutMs, () => reject(new Error(`ETIMEDOUT after ${connectTimeoutMs} ms`)))
    const giveUp = () => reject(new Error('the connection is no longer needed'))
    if (unwanted.aborted) giveUp()
    else unwanted.addEventListener('abort', giveUp, { once: true })
  })
  try {
    await Promise.race([opening, late])
  } finally {
    cancel()
  }
}
