/** A decision as one value: what it reads, what it keeps for a user, and what it does on events, timers and campaigns. */
import type { Serde } from '../../index.js'
import { DURATION_ADVICE, type Duration, duration } from '../config/duration.js'
import type { SettingValue } from '../config/service-config.js'
import { ServiceError } from '../errors.js'
import { ACTIVITY_TYPES, type ActivityType, isInputMark, type UserActivity } from '../records/activity.js'
import type { Campaign } from '../records/campaign.js'
import { CHANNELS, type Channel } from '../records/recommendation.js'
import type { Turn } from './turn.js'

/** The settings of a decision: plain values, which the configuration may replace by others of the same type. */
export type PlainSettings = Readonly<Record<string, SettingValue>>

/** What a decision does. `S` is the state of one user, `C` its settings, `P` what `prepare` makes of them. */
export interface DecisionCallbacks<S, C, P> {
  /**
   * Called once with the settings, those of the configuration included. It returns what `turn.settings` is; it throws an error whose
   * message says what is wrong. Default: the settings as they are.
   */
  prepare?(settings: C): P
  /** An event of a type in `reads`. Returns the new state; undefined: unchanged. */
  onEvent?(state: S, event: UserActivity, turn: Turn<P>): S | undefined
  /** The time of `turn.wakeAt` has come: every event up to it, itself included, has been seen. `timer` is its name, '' without one. */
  onTimer?(state: S, atMs: number, turn: Turn<P>, timer: string): S | undefined
  /** The boundary of `turn.judgeAt` has come: every event that lies before it has been seen. */
  onBoundary?(state: S, atMs: number, turn: Turn<P>): S | undefined
  /** A campaign starts. Called for each user with a state. */
  onCampaign?(state: S, campaign: Campaign, turn: Turn<P>): S | undefined
  /**
   * The states of a known user and of the anonymous visitor who turned out to be the same; neither is the initial one. Returns that of
   * both. The timers of both are set already, of two with one name the later one. Default: the known user's.
   */
  merge?(known: S, anonymous: S, turn: Turn<P>): S
}

/** What {@link defineDecision} takes. `S` is the state of one user. */
export interface DecisionOptions<S, C extends PlainSettings = PlainSettings, P = C> extends DecisionCallbacks<S, C, P> {
  /** Lower-case letters, digits and dashes; unique. The rule of the decision ids, and the name everywhere else. */
  readonly name: string
  /** For people. */
  readonly title: string
  /** How fast it has to be. Up to `1s` it runs in the live instance, else in a tier of its own. */
  readonly within: Duration
  /** How it reaches the user. */
  readonly channel: Channel
  /** After this time it is dropped, not shown. */
  readonly validFor: Duration
  /** The types of activity it reads. */
  readonly reads: readonly ActivityType[] | 'all'
  /**
   * `arrival`: each event at once, in the order of arrival. `eventTime` (default): in a replay, events in order of time and id, as soon
   * as no earlier one can come; for live events the same if `within` is above a second, else at once.
   */
  readonly order?: 'arrival' | 'eventTime'
  /**
   * What the subject of a decision is. `user` (default): something about the user; each is decided once for each user. `event`: the id
   * of an event, unique by itself.
   */
  readonly subject?: 'user' | 'event'
  /** Kinds of decisions besides the plain one, each with a title: `decide({ kind })`. The rule in ids is `name-kind`. */
  readonly kinds?: Readonly<Record<string, string>>
  /** Whether an empty list of items is a decision too, as the carousel's is. Default false. */
  readonly mayBeEmpty?: boolean
  /** Whether every decision has a kind, so that there is no plain one. Default false. */
  readonly onlyKinds?: boolean
  /** After this time without an event that it reads, and without a timer, the state of a user is forgotten. Default `31d`. */
  readonly keepFor?: Duration
  /**
   * The boundaries that `onBoundary` judges: multiples of `every` since 1970. An event on a boundary belongs to what ends there if
   * `included`, else to what begins. Default: each UTC day, not included.
   */
  readonly boundary?: { readonly every: Duration; readonly included: boolean }
  /** PlainSettings with their defaults. Durations and amounts are texts, such as `'5m'` and `'500.00'`. */
  readonly settings?: C
  /** The state of a user. Omit it if there is none. */
  readonly state?: { readonly initial: S; readonly serde: Serde<S> }
}

/** A decision, checked, with its times in milliseconds. */
export interface Decision<S = unknown, C extends PlainSettings = PlainSettings, P = unknown>
  extends DecisionCallbacks<S, C, P> {
  /** Unique among the decisions. */
  readonly name: string
  /** For people. */
  readonly title: string
  /** How it reaches the user. */
  readonly channel: Channel
  /** The state of a user; undefined: there is none. */
  readonly state?: { readonly initial: S; readonly serde: Serde<S> }
  /** The types of activity it reads. */
  readonly reads: readonly ActivityType[]
  /** Whether every decision has a kind. */
  readonly onlyKinds: boolean
  /** Whether an empty list of items is a decision too. */
  readonly mayBeEmpty: boolean
  /** The boundaries that `onBoundary` judges. */
  readonly boundary: { readonly everyMs: number; readonly included: boolean }
  /** How fast it has to be, milliseconds. */
  readonly withinMs: number
  /** How long it is valid, milliseconds. */
  readonly validForMs: number
  /** How long a state without events is kept, milliseconds. */
  readonly keepForMs: number
  /** The order of its events. */
  readonly order: 'arrival' | 'eventTime'
  /** What its subjects are. */
  readonly subject: 'user' | 'event'
  /** Kinds, each with its title. */
  readonly kinds: Readonly<Record<string, string>>
  /** Settings with their defaults. */
  readonly settings: C
}

const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/
const DEFAULT_KEEP = '31d'
const MADE = new WeakSet<object>()
/** What `all` stands for: everything that a user does. */
const ALL_TYPES = ACTIVITY_TYPES.filter((type) => !isInputMark(type) && type !== 'unknown')

/**
 * Checks a decision and freezes it. List it in `decisions` of the configuration file.
 * @throws ServiceError DECISION_INVALID: the message names the decision and the field
 */
export function defineDecision<S = null, const C extends PlainSettings = PlainSettings, P = C>(
  options: DecisionOptions<S, C, P>,
): Decision<S, C, P> {
  const { name, within, validFor, keepFor = DEFAULT_KEEP, ...rest } = options
  if (typeof name !== 'string' || !NAME.test(name) || name.length > 40) {
    throw invalid(String(name), 'name', 'must be up to 40 lower-case letters, digits and single dashes')
  }
  const given = options as unknown as Given
  checkKnown(given)
  checkReads(given)
  if (!CHANNELS.includes(options.channel)) throw invalid(name, 'channel', `must be one of ${CHANNELS.join(', ')}`)
  checkFunctions(given)
  const settings = (options.settings ?? {}) as C
  const decision = Object.freeze({
    ...rest,
    name,
    withinMs: milliseconds(name, 'within', within),
    validForMs: milliseconds(name, 'validFor', validFor),
    keepForMs: milliseconds(name, 'keepFor', keepFor),
    order: options.order ?? 'eventTime',
    subject: options.subject ?? 'user',
    reads: options.reads === 'all' ? ALL_TYPES : options.reads,
    kinds: Object.freeze({ ...options.kinds }),
    onlyKinds: options.onlyKinds ?? false,
    mayBeEmpty: options.mayBeEmpty ?? false,
    boundary: {
      everyMs: milliseconds(name, 'boundary.every', options.boundary?.every ?? '1d'),
      included: options.boundary?.included ?? false,
    },
    settings: Object.freeze({ ...settings }),
  })
  MADE.add(decision)
  return decision
}

/** @throws ServiceError DECISION_INVALID for a value that {@link defineDecision} has not made */
export function requireDecision(decision: Decision): void {
  if (MADE.has(decision)) return
  throw invalid(String(decision?.name), 'itself', 'must be made by defineDecision')
}

const KNOWN = new Set([
  'name',
  'title',
  'within',
  'channel',
  'validFor',
  'reads',
  'order',
  'subject',
  'kinds',
  'onlyKinds',
  'mayBeEmpty',
  'keepFor',
  'boundary',
  'settings',
  'prepare',
  'state',
  'onEvent',
  'onTimer',
  'onBoundary',
  'onCampaign',
  'merge',
])

/** What a caller without types may have given. */
type Given = { readonly name: string } & { readonly [P in keyof DecisionOptions<unknown>]?: unknown }

function checkKnown(options: Given): void {
  for (const key of Object.keys(options)) {
    if (!KNOWN.has(key)) throw invalid(options.name, key, `is not known; known are ${[...KNOWN].join(', ')}`)
  }
  const { name, title, order, subject, kinds = {}, state } = options
  if (typeof title !== 'string' || title === '') throw invalid(name, 'title', 'must be a text')
  if (order !== undefined && order !== 'arrival' && order !== 'eventTime') {
    throw invalid(name, 'order', "must be 'arrival' or 'eventTime'")
  }
  if (subject !== undefined && subject !== 'user' && subject !== 'event') {
    throw invalid(name, 'subject', "must be 'user' or 'event'")
  }
  for (const kind of Object.keys(kinds as object)) {
    if (!NAME.test(kind)) throw invalid(name, `kinds.${kind}`, 'must be lower-case letters, digits and single dashes')
  }
  const serde = (state as DecisionOptions<unknown>['state'])?.serde
  if (state !== undefined && typeof serde?.serialize !== 'function') {
    throw invalid(name, 'state', 'must have initial and serde')
  }
}

function checkReads({ name, reads }: Given): void {
  if (reads === 'all') return
  if (!Array.isArray(reads)) throw invalid(name, 'reads', 'must be a list of activity types, or all')
  for (const type of reads) {
    if (!ACTIVITY_TYPES.includes(type)) {
      throw invalid(name, 'reads', `lists ${String(type)}; known are ${ACTIVITY_TYPES.join(', ')}`)
    }
  }
}

function checkFunctions(options: Given): void {
  for (const field of ['prepare', 'onEvent', 'onTimer', 'onBoundary', 'onCampaign', 'merge'] as const) {
    const given = options[field]
    if (given !== undefined && typeof given !== 'function') throw invalid(options.name, field, 'must be a function')
  }
  const { name, reads, onEvent, onCampaign } = options
  if ((reads as readonly string[]).length > 0 && onEvent === undefined)
    throw invalid(name, 'onEvent', 'is missing: the decision reads events')
  if (onEvent === undefined && onCampaign === undefined) throw invalid(name, 'onEvent', 'is missing')
}

function milliseconds(name: string, field: string, given: unknown): number {
  const ms = duration(given)
  if (ms === undefined || ms === 0) throw invalid(name, field, `is ${String(given)}; ${DURATION_ADVICE}`)
  return ms
}

function invalid(name: string, field: string, problem: string): ServiceError {
  return new ServiceError('DECISION_INVALID', `decision ${name}: ${field} ${problem}`)
}
