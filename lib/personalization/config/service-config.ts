/** The configuration of the service: what a file says, what the service reads, and the defaults. */
import type { AroundConfig } from '../around/rule.js'
import type { WebhookOptions } from '../doors/webhooks/webhook-settings.js'
import type { Decision } from '../frame/define-decision.js'
import type { Campaign } from '../records/campaign.js'
import { DEFAULT_TRACE, type TraceOptions } from '../records/decision-trace.js'
import type { Channel } from '../records/recommendation.js'
import type { Duration } from './duration.js'

/** A setting of a decision. */
export type SettingValue = string | number | boolean | readonly (string | object)[]

/** Settings of one decision: those that each decision has, and its own. What is omitted stays as the decision says. */
export interface DecisionSettings {
  /** How fast it has to be. */
  readonly within?: Duration
  /** How it reaches the user. */
  readonly channel?: Channel
  /** After this time it is dropped. */
  readonly validFor?: Duration
  /** False: it decides nothing. */
  readonly enabled?: boolean
  /** The decision's own settings. */
  readonly [setting: string]: SettingValue | undefined
}

/** What a configuration file exports. Each part may be omitted. */
export interface ServiceConfigOptions {
  /** Decisions of your own. */
  readonly decisions?: readonly Decision[]
  /** Name of a decision to its settings. */
  readonly settings?: Readonly<Record<string, DecisionSettings>>
  /** Frequency caps. They count per user and channel, across decisions; each of them holds. */
  readonly caps?: readonly { readonly channel: Channel; readonly most: number; readonly per: Duration }[]
  /** Null: there are none. */
  readonly quietHours?: {
    readonly channels: readonly Channel[]
    /** `HH:MM` on the clock of the user. */
    readonly from: string
    /** `HH:MM` on the clock of the user. It is no longer quiet then. */
    readonly to: string
    /** The time zone of users whose own is unknown. */
    readonly zone?: string
  } | null
  /** What each channel is used for (null: no consent is needed), and what applies to users of whom no consent is known. */
  readonly consent?: {
    readonly purposes?: Readonly<Partial<Record<Channel, string | null>>>
    readonly default?: 'granted' | 'denied'
  }
  /** The share of the users who get nothing, from 0 to 1. Another salt deals the users again. */
  readonly holdOut?: { readonly share?: number; readonly salt?: string }
  /** Items that the user has bought in this many days leave the lists. Null: they stay. */
  readonly excludeBought?: { readonly forDays: number } | null
  /** Campaigns, such as flash sales. */
  readonly campaigns?: readonly {
    readonly id: string
    readonly title?: string
    readonly categories?: readonly string[]
    readonly items?: readonly string[]
    /** ISO 8601 with a time zone: `2024-11-29T18:00:00Z`. */
    readonly start: string
    /** The same, exclusive. */
    readonly end: string
    /** How many users each task tells in a second. */
    readonly perSecond?: number
  }[]
  /** What the traces of decisions keep of the state of a decision. */
  readonly trace?: {
    /** At most so many characters of its JSON, 0: none. Null: what fits into a record of 1 KB. */
    readonly stateLength?: number | null
    /** Whether the state after the decision is kept too. */
    readonly written?: boolean
  }
  /** Path of the catalogue, from the folder of the file. Null: none. */
  readonly catalogue?: string | null
  /** Where decisions are POSTed to. */
  readonly webhooks?: readonly WebhookOptions[]
}

/** The configuration, checked and complete. */
export interface ServiceConfig extends AroundConfig {
  /** Decisions of the user's own. */
  readonly decisions: readonly Decision[]
  /** As the file says them; `checkDecisionSettings` checks them against the decisions. */
  readonly settings: Readonly<Record<string, DecisionSettings>>
  /** Campaigns that are known from the start. */
  readonly campaigns: readonly Campaign[]
  /** What the traces of decisions keep. */
  readonly trace: TraceOptions
  /** Absolute path; null: none. */
  readonly catalogue: string | null
  /** As the file says them. */
  readonly webhooks: readonly WebhookOptions[]
}

/** What applies without a file. */
export const defaultConfig: ServiceConfig = {
  decisions: [],
  settings: {},
  caps: [],
  quietHours: null,
  consent: {
    purposes: { page: null, push: 'marketing', email: 'marketing', sms: 'marketing', none: null },
    default: 'granted',
  },
  holdOut: { share: 0, salt: 'hold-out-1' },
  excludeBought: null,
  campaigns: [],
  trace: DEFAULT_TRACE,
  catalogue: null,
  webhooks: [],
}

/** Returns `options`. An editor then knows the keys of a configuration file: `export default defineConfig({ ... })`. */
export function defineConfig(options: ServiceConfigOptions): ServiceConfigOptions {
  return options
}

/** The configuration with other settings on top: those of the command line. */
export function withSettings(
  config: ServiceConfig,
  settings: Readonly<Record<string, DecisionSettings>>,
): ServiceConfig {
  const all = { ...config.settings }
  for (const [name, given] of Object.entries(settings)) all[name] = { ...all[name], ...given }
  return { ...config, settings: all }
}
