/**
 * Checks the options of `connect` before a connection is opened. Otherwise a wrong address or secret would look like a
 * broker that does not answer.
 */
import { MillraceError } from '../errors.js'
import { kindOf } from '../record/kind-of.js'
import { checkPort } from '../record/ports.js'
import type { BrokerAddress, Transport } from './transport.js'

type Given = Readonly<Record<string, unknown>>

/** Names of the options of a connection. */
export const CONNECTION_OPTIONS = [
  'brokers',
  'broker',
  'transport',
  'clientId',
  'tls',
  'sasl',
  'requestTimeoutMs',
  'metadataMaxAgeMs',
  'clock',
  'random',
]
const BY_PASSWORD = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']

/** @throws MillraceError CONFIG_INVALID */
export function checkConnection(options: object): void {
  requireConnection(options)
  const unknown = Object.keys(options).find((name) => !CONNECTION_OPTIONS.includes(name))
  if (unknown === 'connection')
    throw wrong(unknown, 'is not an option here', 'give the connection itself, without braces')
  if (unknown !== undefined) throw wrong(unknown, 'is not an option', `known: ${CONNECTION_OPTIONS.join(', ')}`)
  const { broker, brokers, clientId, transport, tls, sasl } = options as Given
  if (broker === undefined && brokers === undefined) throw new MillraceError('CONFIG_INVALID', WAYS)
  if (broker !== undefined && brokers !== undefined) throw new MillraceError('CONFIG_INVALID', `${WAYS}, not both`)
  if (brokers !== undefined && !Array.isArray(brokers))
    throw wrong('brokers', `is ${kindOf(brokers)}`, "use a list, such as ['localhost:9092']")
  if (broker !== undefined && typeof (broker as Given | null)?.connection !== 'function')
    throw wrong('broker', `is ${kindOf(broker)}`, broker instanceof Promise ? 'await it' : BROKER)
  if (clientId !== undefined && typeof clientId !== 'string')
    throw wrong('clientId', `is ${kindOf(clientId)}`, 'use text')
  if (transport !== undefined && typeof transport !== 'function')
    throw wrong('transport', `is ${kindOf(transport)}`, 'use a function that makes a transport')
  if (tls !== undefined && (typeof tls !== 'object' || tls === null))
    throw wrong('tls', `is ${kindOf(tls)}`, 'use options of node:tls, {} for the defaults')
  if (sasl !== undefined) checkSasl(sasl)
  const { clock, random, requestTimeoutMs, metadataMaxAgeMs } = options as Given
  if (clock !== undefined) checkPort('clock', clock)
  if (random !== undefined) checkPort('random', random)
  checkMs('requestTimeoutMs', requestTimeoutMs, 100, 2 ** 31 - 1)
  checkMs('metadataMaxAgeMs', metadataMaxAgeMs, 1, Number.MAX_SAFE_INTEGER)
}

function checkMs(name: string, given: unknown, least: number, most: number): void {
  if (given === undefined) return
  if (Number.isSafeInteger(given) && (given as number) >= least && (given as number) <= most) return
  const shown = typeof given === 'number' ? `${given}` : kindOf(given)
  throw wrong(name, `is ${shown}`, `use a whole number >= ${least} and <= ${most}`)
}

/** Host names, IPv4, or IPv6 in brackets. @throws MillraceError CONFIG_INVALID */
export function parseAddress(text: unknown): BrokerAddress {
  const match = typeof text === 'string' ? /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text) : null
  const port = Number(match?.[3])
  if (match === null || port < 1 || port > 65_535) {
    const shown = typeof text === 'string' ? `"${text}"` : kindOf(text)
    throw new MillraceError(
      'CONFIG_INVALID',
      `${shown} is not a broker address: use host:port, with an IPv6 host in brackets`,
    )
  }
  return { host: match[1] ?? match[2]!, port }
}

/** What the function `transport` made. @throws MillraceError CONFIG_INVALID */
export function requireTransport(made: Transport): Transport {
  if (typeof made?.send === 'function' && typeof made.close === 'function') return made
  throw wrong('transport', `made ${kindOf(made)}`, 'use a function that makes a transport')
}

/** Secrets are texts or functions that fetch them, and never shown. */
function checkSasl(sasl: unknown): void {
  const given = (sasl ?? {}) as Given
  const { mechanism } = given
  const known = [...BY_PASSWORD, 'OAUTHBEARER']
  if (!known.includes(mechanism as string))
    throw wrong('sasl', 'has no known mechanism', `mechanism: ${known.join(', ')}`)
  const needed = mechanism === 'OAUTHBEARER' ? ['token'] : ['username', 'password']
  for (const name of needed) {
    const secret = given[name]
    const usable = typeof secret === 'function' || (typeof secret === 'string' && secret !== '')
    if (!usable) throw wrong('sasl', `has no ${name}`, 'use a string, or a function that returns it')
  }
}

const WAYS = 'give either brokers (a list of host:port) or broker (from embeddedBroker)'
const BROKER = 'use what `embeddedBroker` returned'

/** A text or a list would have its characters or its elements as options. @throws MillraceError CONFIG_INVALID */
export function requireConnection(given: unknown): void {
  if (given instanceof Promise) throw new MillraceError('CONFIG_INVALID', 'the connection is a promise: await it')
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return
  const text = `the connection is ${kindOf(given)}: use { brokers: ['localhost:9092'] }, or what \`embeddedBroker\` returned`
  throw new MillraceError('CONFIG_INVALID', text)
}

function wrong(option: string, problem: string, advice: string): MillraceError {
  return new MillraceError('CONFIG_INVALID', `option ${option} ${problem}: ${advice}`)
}
