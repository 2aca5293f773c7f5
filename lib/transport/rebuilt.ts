/** A transport that is made again on another thread from the result of `portable`. */
import { systemClock } from '../record/clock.js'
import { kafkajsTransport } from './kafkajs.js'
import { kafkajsClient } from './kafkajs-client.js'
import { type PlatformaticTransportOptions, platformaticTransport } from './platformatic.js'
import type { BrokerAddress, PortableTransport, Transport } from './transport.js'

/** `ask` fetches what a provider of the first thread answers. @throws MillraceError CONFIG_INVALID where kafkajs is missing */
export async function rebuiltTransport(
  { kind, settings }: Pick<PortableTransport, 'kind' | 'settings'>,
  providers: readonly string[],
  bootstrap: readonly BrokerAddress[],
  ask: (provider: string) => Promise<unknown>,
): Promise<Transport> {
  const { sasl, ...rest } = settings as { readonly sasl?: object }
  const asked = Object.fromEntries(providers.map((name) => [name, () => ask(name)]))
  const whole = sasl === undefined ? rest : { ...rest, sasl: { ...sasl, ...asked } }
  if (kind === 'platformatic') {
    const options = { ...(whole as Omit<PlatformaticTransportOptions, 'clock'>), clock: systemClock }
    return platformaticTransport(options)
  }
  const brokers = bootstrap.map(({ host, port }) => `${host}:${port}`)
  return kafkajsTransport({ clock: systemClock, kafka: await kafkajsClient({ ...whole, brokers }) })
}
