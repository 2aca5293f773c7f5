/**
 * The JSON schema of a configuration file. Each `description` says what is allowed: errors and docs take it from here. The keywords
 * `duration`, `instant`, `timeZone`, `plain` and `decision` are our own.
 */
import type { FuncKeywordDefinition, SchemaObject } from 'ajv'
import { TimeZone } from '../around/time-zone.js'
import { WEBHOOK_OPTIONS } from '../doors/webhooks/webhook-settings.js'
import type { Decision } from '../frame/define-decision.js'
import { MAX_MICROS, parseMicros } from '../records/money.js'
import { duration } from './duration.js'

const CHANNELS = ['page', 'push', 'email', 'sms', 'none']

const text = (description: string, constraints: SchemaObject): SchemaObject => ({
  type: 'string',
  ...constraints,
  description,
})
const list = (items: SchemaObject, description: string, constraints: SchemaObject = {}): SchemaObject => ({
  type: 'array',
  items,
  ...constraints,
  description,
})
/** An object that has these keys and no others. */
const record = (properties: Record<string, SchemaObject>, required: string[] = []): SchemaObject => ({
  type: 'object',
  plain: true,
  properties,
  required,
  additionalProperties: false,
  description: `an object with ${Object.keys(properties).join(', ')}`,
})
const orNull = (schema: SchemaObject): SchemaObject => ({
  ...schema,
  nullable: true,
  description: `${schema.description}, or null`,
})
const whole = (minimum: number, maximum: number): SchemaObject => ({
  type: 'integer',
  minimum,
  maximum,
  description: `a whole number from ${minimum} to ${maximum}`,
})

const channel: SchemaObject = { enum: CHANNELS, description: `one of ${CHANNELS.join(', ')}` }
const time: SchemaObject = { duration: true, description: 'a time above 0 such as 500ms, 30s, 5m, 4h or 1d' }
const hour = text('a time of day such as 22:00', { pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$' })
const instant: SchemaObject = {
  instant: true,
  description: 'a time with its zone in ISO 8601, such as 2024-11-29T18:00:00Z',
}
const purpose = text('a text of 1 to 80 characters', { minLength: 1, maxLength: 80 })
const names = list(text('a text of 1 to 80 characters', { minLength: 1, maxLength: 80 }), 'a list of texts', {
  maxItems: 10_000,
})
const setting: SchemaObject = {
  type: ['string', 'number', 'boolean', 'array'],
  items: { type: ['string', 'object'], description: 'a text or an object' },
  description: 'a text, a number, true or false, or a list',
}

const decisionSettings: SchemaObject = {
  type: 'object',
  plain: true,
  properties: {
    within: time,
    channel,
    validFor: time,
    enabled: { type: 'boolean', description: 'true or false' },
  },
  additionalProperties: setting,
  description: 'an object of settings',
}

/** Keys in the order of the documentation. */
export const CONFIG_SCHEMA: SchemaObject = record({
  decisions: list({ decision: true, description: 'what defineDecision returns' }, 'a list of decisions'),
  settings: {
    type: 'object',
    plain: true,
    additionalProperties: decisionSettings,
    description: 'an object of decision names and their settings',
  },
  caps: list(record({ channel, most: whole(1, 1_000), per: time }, ['channel', 'most', 'per']), 'a list of caps'),
  quietHours: orNull(
    record(
      {
        channels: list(channel, 'a list of one or more channels, each once', { minItems: 1, uniqueItems: true }),
        from: hour,
        to: hour,
        zone: { timeZone: true, description: 'an existing time zone such as Europe/Berlin' },
      },
      ['channels', 'from', 'to'],
    ),
  ),
  consent: record({
    purposes: record(Object.fromEntries(CHANNELS.map((name) => [name, orNull(purpose)]))),
    default: { enum: ['granted', 'denied'], description: 'one of granted, denied' },
  }),
  holdOut: record({
    share: { type: 'number', minimum: 0, maximum: 1, description: 'a number from 0 to 1' },
    salt: purpose,
  }),
  excludeBought: orNull(record({ forDays: whole(1, 3_650) }, ['forDays'])),
  campaigns: list(
    record(
      {
        id: text('1 to 80 letters, digits, ".", "_" and "-"', { pattern: '^[A-Za-z0-9._-]{1,80}$' }),
        title: purpose,
        categories: names,
        items: names,
        start: instant,
        end: instant,
        perSecond: whole(1, 1_000_000),
      },
      ['id', 'start', 'end'],
    ),
    'a list of campaigns',
  ),
  trace: record({
    stateLength: orNull(whole(0, 100_000)),
    written: { type: 'boolean', description: 'true or false' },
  }),
  catalogue: orNull(text('the path of a file', { minLength: 1 })),
  webhooks: list(
    record(
      // Their values are checked by `webhookSettings`, whose errors show no secret.
      Object.fromEntries(Object.entries(WEBHOOK_OPTIONS).map(([name, description]) => [name, { description }])),
      ['name', 'url', 'secret', 'channels'],
    ),
    'a list of webhooks',
  ),
})

const INSTANT = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/

/** Epoch milliseconds of a time in ISO 8601 that has a zone; undefined for anything else, such as 30 February. */
export function instantMs(value: unknown): number | undefined {
  const parts = typeof value === 'string' ? INSTANT.exec(value) : null
  if (parts === null) return undefined
  const [year, month, day] = parts.slice(1).map(Number) as [number, number, number]
  const ms = Date.parse(parts[0])
  const exists = day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
  return exists && Number.isFinite(ms) ? ms : undefined
}

/** Micro-units of an amount that is not negative; undefined for anything else. */
export function amountMicros(value: unknown): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const micros = parseMicros(String(value))
  return micros !== undefined && micros >= 0 && micros <= MAX_MICROS ? micros : undefined
}

function isDecision(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { name, withinMs, validForMs, settings } = value as Partial<Decision>
  return typeof name === 'string' && typeof withinMs === 'number' && typeof validForMs === 'number' && Boolean(settings)
}

/** Our keywords. */
export const CONFIG_KEYWORDS: readonly FuncKeywordDefinition[] = [
  keyword('duration', (value) => (duration(value) ?? 0) > 0),
  keyword('instant', (value) => instantMs(value) !== undefined),
  keyword('timeZone', (value) => typeof value === 'string' && TimeZone.named(value) !== null),
  // A promise or a Map has no keys of its own: it would pass as an empty object.
  keyword('plain', (value) => value === null || Object.prototype.toString.call(value) === '[object Object]'),
  keyword('decision', isDecision),
]

function keyword(name: string, isAllowed: (value: unknown) => boolean): FuncKeywordDefinition {
  return { keyword: name, schemaType: 'boolean', validate: (_schema: boolean, value: unknown) => isAllowed(value) }
}
