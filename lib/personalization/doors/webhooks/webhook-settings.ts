/** One webhook as the configuration gives it, checked. */
import { isIP } from 'node:net'
import { type Duration, duration } from '../../config/duration.js'
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

const NAME = /^[a-z][a-z0-9-]{0,39}$/
const CHANNELS = ['page', 'push', 'email', 'sms']
const DEFAULT_TIMEOUT_MS = 15_000
const MAX_TIMEOUT_MS = 5 * 60_000
const DEFAULT_CONCURRENCY = 8
const MAX_CONCURRENCY = 256

/** What each option may be; errors and docs say the same. */
export const WEBHOOK_OPTIONS: Readonly<Record<keyof WebhookOptions, string>> = {
  name: 'a name of its own: small letters, digits and dashes, at most 40, a letter first',
  url: 'a URL with http or https, without a user name, to a public address unless allowPrivateAddresses is true',
  secret: `${SECRET_FORM}, or a list of them`,
  channels: `a list of one or more of ${CHANNELS.join(', ')}`,
  decisions: 'a list of names of decisions',
  timeout: 'a time from 1ms to 5m',
  concurrency: `a whole number from 1 to ${MAX_CONCURRENCY}`,
  allowPrivateAddresses: 'true or false',
}

/** Makes the error of a value at a path, such as `webhooks`, `0`, `url`. The problem has no secret in it. */
export type WrongSetting = (path: readonly string[], problem: string) => Error

/** @throws what `wrong` makes, for the first value that is not allowed */
export function webhookSettings(given: readonly unknown[], wrong: WrongSetting): WebhookSettings[] {
  const all = given.map((each, i) => oneWebhook(each, ['webhooks', String(i)], wrong))
  all.forEach(({ name }, i) => {
    if (all.findIndex((other) => other.name === name) === i) return
    throw wrong(['webhooks', String(i), 'name'], `must be ${WEBHOOK_OPTIONS.name}`)
  })
  return all
}

function oneWebhook(given: unknown, path: readonly string[], wrong: WrongSetting): WebhookSettings {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw wrong(path, 'must be an object')
  const options = given as Readonly<Record<string, unknown>>
  const known = Object.keys(WEBHOOK_OPTIONS)
  const unknown = Object.keys(options).find((key) => !known.includes(key))
  if (unknown !== undefined) throw wrong([...path, unknown], `is not known. Known are ${known.join(', ')}`)
  const allowed = <T>(option: keyof WebhookOptions, value: T | undefined): T => {
    if (value === undefined) throw wrong([...path, option], `must be ${WEBHOOK_OPTIONS[option]}`)
    return value
  }
  const { name, decisions, timeout = DEFAULT_TIMEOUT_MS, concurrency = DEFAULT_CONCURRENCY } = options
  const { allowPrivateAddresses = false } = options
  const isPrivateAllowed = allowed(
    'allowPrivateAddresses',
    typeof allowPrivateAddresses === 'boolean' ? allowPrivateAddresses : undefined,
  )
  return {
    name: allowed('name', typeof name === 'string' && NAME.test(name) ? name : undefined),
    url: allowed('url', urlOf(options.url, isPrivateAllowed)),
    secrets: allowed('secret', secretsOf(options.secret)),
    channels: allowed('channels', channelsOf(options.channels)),
    decisions:
      decisions === undefined ? null : allowed('decisions', isList(decisions) ? new Set(decisions) : undefined),
    timeoutMs: allowed('timeout', within(duration(timeout), MAX_TIMEOUT_MS)),
    concurrency: allowed('concurrency', within(concurrency, MAX_CONCURRENCY)),
    allowPrivateAddresses: isPrivateAllowed,
  }
}

function urlOf(given: unknown, isPrivateAllowed: boolean): URL | undefined {
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '') return undefined
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isPrivate = isIP(host) === 0 ? isLocalName(host) : isPrivateAddress(host)
  return isPrivate && !isPrivateAllowed ? undefined : url
}

function isLocalName(host: string): boolean {
  const name = host.replace(/\.$/, '')
  return name === 'localhost' || name.endsWith('.localhost')
}

function secretsOf(given: unknown): Buffer[] | undefined {
  const texts = isList(given) ? given : [given]
  const secrets = texts.map((text) => (typeof text === 'string' ? secretBytes(text) : null))
  return secrets.length === 0 || secrets.includes(null) ? undefined : (secrets as Buffer[])
}

function channelsOf(given: unknown): Set<string> | undefined {
  if (!isList(given) || given.length === 0) return undefined
  return given.every((channel) => CHANNELS.includes(channel)) ? new Set(given) : undefined
}

function within(value: unknown, most: number): number | undefined {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= most ? Number(value) : undefined
}

function isList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
