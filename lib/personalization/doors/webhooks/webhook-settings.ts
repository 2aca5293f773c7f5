/** One webhook as the configuration gives it, checked. */
import { isIP } from 'node:net'
import { DURATION_ADVICE, type Duration, duration } from '../../config/duration.js'
import type { Channel } from '../../records/recommendation.js'
import { isPrivateAddress } from './private-address.js'
import { SECRET_FORM, secretBytes } from './signed-message.js'

/** One element of `webhooks` in the configuration. */
export interface WebhookOptions {
  /** Its name in the routes, the metrics and the consumer group: small letters, digits and dashes. */
  readonly name: string
  /** Where decisions are POSTed to: http or https. */
  readonly url: string
  /** `whsec_` and base64. Several while a secret is being replaced: each message is signed with all of them. */
  readonly secret: string | readonly string[]
  /** The channels whose decisions it gets. */
  readonly channels: readonly Exclude<Channel, 'none'>[]
  /** The decisions it gets, by name. Default: all of the channels. */
  readonly decisions?: readonly string[]
  /** Time limit of one attempt. Default 15s. */
  readonly timeout?: Duration
  /** Requests under way at the same time. Default 8. */
  readonly concurrency?: number
  /** Allows addresses that are not on the public internet. Default false. */
  readonly allowPrivateAddresses?: boolean
}

export interface WebhookSettings {
  readonly name: string
  readonly url: URL
  readonly secrets: readonly Buffer[]
  readonly channels: ReadonlySet<string>
  /** Null: all. */
  readonly decisions: ReadonlySet<string> | null
  readonly timeoutMs: number
  readonly concurrency: number
  readonly allowPrivateAddresses: boolean
}

/** Makes the error for a value that is wrong: where it is, and what is allowed there. */
export type WrongSetting = (path: string, allowed: string) => Error

const NAME = /^[a-z][a-z0-9-]{0,39}$/
const CHANNELS = ['page', 'push', 'email', 'sms']
const OPTIONS = ['name', 'url', 'secret', 'channels', 'decisions', 'timeout', 'concurrency', 'allowPrivateAddresses']
const DEFAULT_TIMEOUT_MS = 15_000
const MAX_TIMEOUT_MS = 5 * 60_000
const DEFAULT_CONCURRENCY = 8
const MAX_CONCURRENCY = 256

/** @throws what `wrong` makes, for the first value that is not allowed */
export function webhookSettings(given: unknown, path: string, wrong: WrongSetting): WebhookSettings[] {
  if (!Array.isArray(given)) throw wrong(path, 'a list of webhooks')
  const all = given.map((each, i) => oneWebhook(each, `${path}[${i}]`, wrong))
  all.forEach(({ name }, i) => {
    if (all.findIndex((other) => other.name === name) < i) throw wrong(`${path}[${i}].name`, 'a name used once')
  })
  return all
}

function oneWebhook(given: unknown, path: string, wrong: WrongSetting): WebhookSettings {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw wrong(path, 'an object')
  const options = given as Readonly<Record<string, unknown>>
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key))
  if (unknown !== undefined) throw wrong(`${path}.${unknown}`, `one of ${OPTIONS.join(', ')}`)
  const { name, channels, decisions, timeout = DEFAULT_TIMEOUT_MS } = options
  const { concurrency = DEFAULT_CONCURRENCY, allowPrivateAddresses = false } = options
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw wrong(`${path}.name`, 'small letters, digits and dashes, at most 40, a letter first')
  }
  if (typeof allowPrivateAddresses !== 'boolean') throw wrong(`${path}.allowPrivateAddresses`, 'true or false')
  if (!isList(channels) || channels.length === 0 || !channels.every((channel) => CHANNELS.includes(channel))) {
    throw wrong(`${path}.channels`, `a list of ${CHANNELS.join(', ')}`)
  }
  if (decisions !== undefined && !isList(decisions)) throw wrong(`${path}.decisions`, 'a list of names of decisions')
  const timeoutMs = duration(timeout)
  if (timeoutMs === undefined || timeoutMs < 1 || timeoutMs > MAX_TIMEOUT_MS) {
    throw wrong(`${path}.timeout`, `at most 5m: ${DURATION_ADVICE}`)
  }
  if (!Number.isSafeInteger(concurrency) || Number(concurrency) < 1 || Number(concurrency) > MAX_CONCURRENCY) {
    throw wrong(`${path}.concurrency`, `a whole number from 1 to ${MAX_CONCURRENCY}`)
  }
  return {
    name,
    url: urlOf(options.url, allowPrivateAddresses, `${path}.url`, wrong),
    secrets: secretsOf(options.secret, `${path}.secret`, wrong),
    channels: new Set(channels),
    decisions: decisions === undefined ? null : new Set(decisions),
    timeoutMs,
    concurrency: Number(concurrency),
    allowPrivateAddresses,
  }
}

function urlOf(given: unknown, allowPrivate: boolean, path: string, wrong: WrongSetting): URL {
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '') {
    throw wrong(path, 'a URL that begins with https:// or http://, without a user name')
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isPrivate = isIP(host) === 0 ? isLocalName(host) : isPrivateAddress(host)
  if (isPrivate && !allowPrivate) throw wrong(path, 'a public address, or set allowPrivateAddresses: true')
  return url
}

function isLocalName(host: string): boolean {
  const name = host.replace(/\.$/, '')
  return name === 'localhost' || name.endsWith('.localhost')
}

function secretsOf(given: unknown, path: string, wrong: WrongSetting): Buffer[] {
  const texts = isList(given) ? given : [given]
  const secrets = texts.map((text) => (typeof text === 'string' ? secretBytes(text) : null))
  if (secrets.length === 0 || secrets.includes(null)) throw wrong(path, `${SECRET_FORM}, or a list of them`)
  return secrets as Buffer[]
}

function isList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
