/** The connection of `npm start` to Kafka: transport, TLS and SASL, with secrets from the environment or files. */
import { readFileSync } from 'node:fs'
import {
  type ConnectionOptions,
  kafkajsClient,
  kafkajsTransport,
  MillraceError,
  type SaslOptions,
  systemClock,
} from '../../index.js'
import type { StartOptions } from './start-options.js'

/** A broker that does not answer is an error after this long. */
const REQUEST_TIMEOUT_MS = 10_000

/** @throws MillraceError CONFIG_INVALID where a secret is missing or kafkajs is not installed */
export async function kafkaConnection(
  options: Pick<StartOptions, 'applicationId' | 'sasl' | 'tls' | 'transport'>,
  brokers: readonly string[],
): Promise<ConnectionOptions> {
  const sasl = options.sasl === null ? undefined : saslOptions(options.sasl)
  const ca = secret('MILLRACE_TLS_CA')
  const tls = options.tls ? (ca === null ? {} : { ca }) : undefined
  const common = { brokers, clientId: options.applicationId, requestTimeoutMs: REQUEST_TIMEOUT_MS }
  if (options.transport === 'platformatic') {
    return { ...common, ...(tls === undefined ? {} : { tls }), ...(sasl === undefined ? {} : { sasl }) }
  }
  const kafka = await kafkajsClient({
    clientId: options.applicationId,
    brokers: [...brokers],
    ...(tls === undefined ? {} : { ssl: ca === null ? true : tls }),
    ...(sasl === undefined ? {} : { sasl: kafkajsSasl(sasl) }),
  })
  return { ...common, transport: () => kafkajsTransport({ clock: systemClock, kafka }) }
}

function saslOptions(name: string): SaslOptions {
  if (name === 'oauthbearer') return { mechanism: 'OAUTHBEARER', token: required('MILLRACE_SASL_TOKEN') }
  const mechanism = name.toUpperCase() as 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  return { mechanism, username: required('MILLRACE_SASL_USERNAME'), password: required('MILLRACE_SASL_PASSWORD') }
}

/** kafkajs writes the same in its own way. */
function kafkajsSasl(sasl: SaslOptions): object {
  if (sasl.mechanism !== 'OAUTHBEARER') return { ...sasl, mechanism: sasl.mechanism.toLowerCase() }
  return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: sasl.token }) }
}

/** The variable, or the contents of the file that NAME_FILE names; null where neither is set. */
export function secret(name: string): string | null {
  const value = process.env[name]
  if (value !== undefined && value !== '') return value
  const path = process.env[`${name}_FILE`]
  if (path === undefined || path === '') return null
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new MillraceError('CONFIG_INVALID', `${name}_FILE names ${path}, which cannot be read`, { cause })
  }
}

function required(name: string): string {
  const value = secret(name)
  if (value !== null) return value
  throw new MillraceError(
    'CONFIG_INVALID',
    `--sasl needs ${name}, or ${name}_FILE with the path of a file that contains it`,
  )
}
