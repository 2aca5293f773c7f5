/**
 * Checks the options of `connect` before a connection is opened. Otherwise a wrong address or secret would look like a
 * broker that does not answer.
 */
import { MillraceError } from '../errors.js'
import { kindOf } from '../record/kind-of.js'
import { checkPort } from '../record/ports.js'
import type { BrokerAddress, Transport } from './transport.js'

type Given = Readonly<Record<string, unknown>>

const OPTIONS = [
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
  if (typeof options !== 'object' || options === null) throw noWay()
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name))
  if (unknown !== undefined) throw wrong(unknown, 'is not an option', `known: ${OPTIONS.join(', ')}`)
  const { broker, brokers, clientId, transport, tls, sasl } = options as Given
  if ((broker === undefined) === (brokers === undefined)) throw noWay()
  if (broker === undefined ? !Array.isArray(brokers) : typeof (broker as Given | null)?.connection !== 'function')
    throw noWay()
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

function noWay(): MillraceError {
  const text = 'give either brokers (a list of host:port) or broker (from embeddedBroker), not both'
  return new MillraceError('CONFIG_INVALID', text)
}

function wrong(option: string, problem: string, advice: string): MillraceError {
  return new MillraceError('CONFIG_INVALID', `option ${option} ${problem}: ${advice}`)
}
