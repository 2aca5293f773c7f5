/** The default transport: the `Connection` of @platformatic/kafka carries the bytes, with its TLS and SASL. */
import { Connection, Writer } from '@platformatic/kafka'
import { type PlatformaticTransportOptions, platformaticConnections } from './platformatic-connections.js'
import type { Transport } from './transport.js'

export type { PlatformaticTransportOptions, SaslOptions } from './platformatic-connections.js'

export function platformaticTransport(options: PlatformaticTransportOptions): Transport {
  return platformaticConnections(options, { Connection, Writer })
}
