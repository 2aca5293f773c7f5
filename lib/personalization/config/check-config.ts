/** Checks what a configuration file exports, and fills in the defaults. */

import { resolve } from 'node:path'
import type { ErrorObject, ValidateFunction } from 'ajv'
import { webhookSettings } from '../doors/webhooks/webhook-settings.js'
import { ServiceError } from '../errors.js'
import { type Campaign, DEFAULT_PER_SECOND } from '../records/campaign.js'
import { CONFIG_KEYWORDS, CONFIG_SCHEMA, instantMs } from './config-schema.js'
import { duration } from './duration.js'
import { nearMiss } from './near-miss.js'
import { defaultConfig, type ServiceConfig, type ServiceConfigOptions } from './service-config.js'

const DEFAULT_ZONE = 'UTC'

/**
 * The complete configuration. `folder`: where relative paths begin.
 * @throws ServiceError CONFIG_FILE_INVALID: the message names the path of the first wrong value and what is allowed;
 * CONFIG_PACKAGES_MISSING
 */
export async function checkedConfig(value: unknown, folder: string): Promise<ServiceConfig> {
  const validate = await validator()
  if (!validate(value)) throw schemaError(mostUseful(validate.errors!))
  return completed(value as ServiceConfigOptions, folder)
}

async function validator(): Promise<ValidateFunction> {
  const { Ajv } = await import('ajv').catch((cause: unknown) => {
    throw new ServiceError(
      'CONFIG_PACKAGES_MISSING',
      'a configuration file needs a package that is not installed: npm install ajv',
      { cause },
    )
  })
  const ajv = new Ajv({ verbose: true, allowUnionTypes: true, allErrors: true })
  for (const keyword of CONFIG_KEYWORDS) ajv.addKeyword(keyword)
  return ajv.compile(CONFIG_SCHEMA)
}

/** The first error; but a key that is missing because it is misspelt is better named by what was written. */
function mostUseful(errors: readonly ErrorObject[]): ErrorObject {
  const first = errors[0]!
  const misspelt = errors.find(
    ({ keyword, instancePath }) => keyword === 'additionalProperties' && instancePath === first.instancePath,
  )
  return first.keyword === 'required' && misspelt !== undefined ? misspelt : first
}

function schemaError({ instancePath, keyword, params, parentSchema, data }: ErrorObject): ServiceError {
  const path = instancePath.split('/').slice(1).map(unescaped)
  if (keyword === 'additionalProperties') {
    return unknownKey([...path, String(params.additionalProperty)], Object.keys(parentSchema!.properties))
  }
  if (keyword === 'required') return wrongValue([...path, String(params.missingProperty)], 'is missing')
  return wrongValue(path, `is ${shown(data)}; it must be ${parentSchema!.description}`)
}

/** Of a JSON pointer. */
function unescaped(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** A key or name that is not among `known`; the message has the one that may have been meant. */
export function unknownKey(path: readonly string[], known: readonly string[]): ServiceError {
  const meant = nearMiss(path.at(-1)!, known)
  const suggestion = meant === undefined ? '.' : `: did you mean ${meant}?`
  return wrongValue(path, `is not known${suggestion} Known are ${known.join(', ')}`)
}

/** The error of the value at `path`. */
export function wrongValue(path: readonly string[], problem: string): ServiceError {
  const place = path.reduce((text, part) => {
    if (/^\d+$/.test(part)) return `${text}[${part}]`
    return text === '' ? part : `${text}.${part}`
  }, '')
  return new ServiceError('CONFIG_FILE_INVALID', `${place === '' ? 'the default export' : place} ${problem}`)
}

/** A value in an error: a short text, a number, or its kind. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value !== 'string') return String(value)
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value)
}

function completed(options: ServiceConfigOptions, folder: string): ServiceConfig {
  const { decisions = [], settings = {}, caps = [], consent = {}, holdOut = {}, catalogue, trace = {} } = options
  const { excludeBought = defaultConfig.excludeBought } = options
  const { webhooks = [] } = options
  webhookSettings(webhooks, wrongValue)
  return {
    decisions,
    settings,
    caps: caps.map(({ channel, most, per }) => ({ channel, most, perMs: duration(per)! })),
    quietHours: quietHours(options),
    consent: {
      purposes: { ...defaultConfig.consent.purposes, ...defined(consent.purposes ?? {}) },
      default: consent.default ?? defaultConfig.consent.default,
    },
    holdOut: { ...defaultConfig.holdOut, ...defined(holdOut) },
    excludeBought,
    campaigns: campaigns(options),
    trace: { ...defaultConfig.trace, ...defined(trace) },
    catalogue: catalogue ? resolve(folder, catalogue) : null,
    webhooks,
  }
}

/** Without the keys whose value is undefined. */
function defined<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
}

function quietHours({ quietHours: hours }: ServiceConfigOptions): ServiceConfig['quietHours'] {
  if (!hours) return defaultConfig.quietHours
  const { channels, from, to, zone = DEFAULT_ZONE } = hours
  if (from === to) throw wrongValue(['quietHours', 'to'], `is ${shown(to)}; it must be another time than from`)
  return { channels, fromMinute: minuteOfDay(from), toMinute: minuteOfDay(to), zone }
}

function minuteOfDay(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
}

function campaigns({ campaigns = [] }: ServiceConfigOptions): Campaign[] {
  return campaigns.map((campaign, i) => {
    const { id, title = null, categories = [], items = [], start, end, perSecond = DEFAULT_PER_SECOND } = campaign
    const path = ['campaigns', String(i)]
    const [startMs, endMs] = [instantMs(start)!, instantMs(end)!]
    if (endMs <= startMs) throw wrongValue([...path, 'end'], `is ${shown(end)}; it must be after start`)
    if (categories.length + items.length === 0) throw wrongValue(path, 'must name a category or an item')
    if (campaigns.findIndex((other) => other.id === id) < i) {
      throw wrongValue([...path, 'id'], `is ${shown(id)}; each campaign must have an id of its own`)
    }
    return { id, title, categories, items, startMs, endMs, perSecond }
  })
}
