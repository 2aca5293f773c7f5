/** Checks the settings of decisions against the decisions themselves. */

import type { Decision } from '../frame/define-decision.js'
import { formatMicros } from '../records/money.js'
import type { Channel } from '../records/recommendation.js'
import { shown, unknownKey, wrongValue } from './check-config.js'
import { amountMicros } from './config-schema.js'
import { duration } from './duration.js'
import type { DecisionSettings, SettingValue } from './service-config.js'

/** What the settings of a decision are checked against. */
export type DecisionDefaults = Pick<Decision, 'name' | 'withinMs' | 'validForMs' | 'channel' | 'settings'>

/** A decision as the configuration wants it. */
export interface ResolvedSettings {
  /** How fast it has to be, milliseconds. */
  readonly withinMs: number
  /** How long it is valid, milliseconds. */
  readonly validForMs: number
  /** How it reaches the user. */
  readonly channel: Channel
  /** False: it decides nothing. */
  readonly enabled: boolean
  /** The decision's own settings, each of the type of its default. */
  readonly settings: Readonly<Record<string, SettingValue>>
}

const COMMON = ['within', 'channel', 'validFor', 'enabled']
const DURATION = /^\d+(ms|s|m|h|d)$/
const AMOUNT = /^\d+(\.\d+)?$/

/**
 * What applies to each decision of the table, by its name.
 * @throws ServiceError CONFIG_FILE_INVALID for a decision or a setting that does not exist, or a value of another type than the default
 */
export function checkDecisionSettings(
  table: readonly DecisionDefaults[],
  settings: Readonly<Record<string, DecisionSettings>>,
): ReadonlyMap<string, ResolvedSettings> {
  const names = table.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw wrongValue(['decisions'], `has ${twice}, which is the name of another decision`)
  for (const name of Object.keys(settings)) {
    if (!names.includes(name)) throw unknownKey(['settings', name], names)
  }
  return new Map(table.map((decision) => [decision.name, resolved(decision, settings[decision.name] ?? {})]))
}

function resolved(decision: DecisionDefaults, given: DecisionSettings): ResolvedSettings {
  const { within, channel = decision.channel, validFor, enabled = true, ...own } = given
  const settings = { ...decision.settings }
  for (const [name, value] of Object.entries(own)) {
    const path = ['settings', decision.name, name]
    if (!Object.hasOwn(decision.settings, name)) throw unknownKey(path, [...COMMON, ...Object.keys(decision.settings)])
    if (value !== undefined) settings[name] = sameKind(path, value, decision.settings[name]!)
  }
  return {
    withinMs: duration(within) ?? decision.withinMs,
    validForMs: duration(validFor) ?? decision.validForMs,
    channel,
    enabled,
    settings,
  }
}

/** The value in the form of the default: a duration and an amount may be numbers, and become texts if the default is one. */
function sameKind(path: readonly string[], value: SettingValue, otherwise: SettingValue): SettingValue {
  if (typeof otherwise === 'string' && DURATION.test(otherwise)) {
    const ms = duration(value)
    if (ms === undefined) throw wrongValue(path, `is ${shown(value)}; it must be a time such as ${otherwise}`)
    return `${ms}ms`
  }
  if (typeof otherwise === 'string' && AMOUNT.test(otherwise)) {
    const micros = amountMicros(value)
    if (micros === undefined) throw wrongValue(path, `is ${shown(value)}; it must be an amount such as ${otherwise}`)
    return formatMicros(micros)
  }
  const isSame = typeof value === typeof otherwise && Array.isArray(value) === Array.isArray(otherwise)
  if (!isSame || (typeof value === 'number' && !Number.isFinite(value))) {
    throw wrongValue(path, `is ${shown(value)}; it must be ${kindOf(otherwise)} such as ${String(otherwise)}`)
  }
  return value
}

function kindOf(value: SettingValue): string {
  if (typeof value === 'object') return 'a list'
  return { string: 'a text', number: 'a number', boolean: 'true or false' }[
    typeof value as 'string' | 'number' | 'boolean'
  ]
}
