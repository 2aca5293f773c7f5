/** The table of the decisions with their settings: the only place that knows which decisions there are. */
import { wrongValue } from '../config/check-config.js'
import { checkDecisionSettings, type ResolvedSettings } from '../config/decision-settings.js'
import { durationText } from '../config/duration.js'
import type { DecisionSettings } from '../config/service-config.js'
import { ServiceError } from '../errors.js'
import type { ActivityType } from '../records/activity.js'
import type { Channel } from '../records/recommendation.js'
import { type Decision, requireDecision } from './define-decision.js'
import type { EventShare } from './user/steps-parts.js'
import { FIRST_SECTION } from './user/user-entry.js'

/** What a decision says in one form: the plain one, or a kind. */
export interface Rule {
  /** The first part of the hash of its ids, and `rule` of its records. */
  readonly rule: string
  /** For people. */
  readonly title: string
  /** The name of its count in the summary. */
  readonly key: string
}

/** Decisions up to this run in the live instance, milliseconds. */
const LIVE_WITHIN_MS = 1_000

/** A decision with its settings and its place in a user's entry. */
export class ConfiguredDecision {
  /** The decision itself. */
  readonly decision: Decision
  /** The settings of the decision itself, those of the configuration included. */
  readonly settings: unknown
  /** How it reaches the user. */
  readonly channel: Channel
  /** How fast it has to be, milliseconds. */
  readonly withinMs: number
  /** How long it is valid, milliseconds. */
  readonly validForMs: number
  /** The chunk of a user's entry that it owns. */
  readonly chunk: number
  /** What it says, in one form or several. */
  readonly rules: readonly Rule[]

  constructor(decision: Decision, resolved: ResolvedSettings) {
    this.decision = decision
    this.settings = prepared(decision, resolved.settings)
    this.channel = resolved.channel
    this.withinMs = resolved.withinMs
    this.validForMs = resolved.validForMs
    this.chunk = FIRST_SECTION + hash16(decision.name)
    this.rules = rulesOf(decision)
  }

  /** Its tier: `live`, or its `within` as text. */
  get tier(): string {
    return this.withinMs <= LIVE_WITHIN_MS ? 'live' : durationText(this.withinMs)
  }

  /** The boundary that a time lies in. */
  boundaryOf(ms: number): number {
    const { everyMs, included } = this.decision.boundary
    return included ? Math.ceil(ms / everyMs) * everyMs : (Math.floor(ms / everyMs) + 1) * everyMs
  }

  /** The time up to which, itself included, events lie before a boundary. */
  dueOf(boundaryMs: number): number {
    return this.decision.boundary.included ? boundaryMs : boundaryMs - 1
  }

  /** The boundary of such a time. */
  boundaryAt(dueMs: number): number {
    return this.decision.boundary.included ? dueMs : dueMs + 1
  }
}

/** The decisions of one tier, by what they read. */
export class TierDecisions {
  /** In the order of the table. */
  readonly all: readonly ConfiguredDecision[]
  /** Those that campaigns start. */
  readonly campaigns: readonly ConfiguredDecision[]
  /** The tier of the live instance, which teaches the recommender. */
  readonly isLive: boolean
  readonly #atArrival = new Map<ActivityType, ConfiguredDecision[]>()
  readonly #waiting = new Map<ActivityType, ConfiguredDecision[]>()
  readonly #reading = new Map<ActivityType, ConfiguredDecision[]>()

  constructor(all: readonly ConfiguredDecision[], isLive: boolean) {
    this.all = all
    this.isLive = isLive
    this.campaigns = all.filter(({ decision }) => decision.onCampaign !== undefined)
    for (const placed of all) {
      const { order, reads } = placed.decision
      for (const type of reads) {
        listIn(this.#reading, type).push(placed)
        listIn(order === 'arrival' ? this.#atArrival : this.#waiting, type).push(placed)
      }
    }
  }

  /** Whether any of them reads events of a type. */
  read(type: ActivityType): boolean {
    return this.#reading.has(type)
  }

  /** Those that take a replayed event as it arrives. */
  atArrival(type: ActivityType, share: EventShare): readonly ConfiguredDecision[] {
    const all = this.#atArrival.get(type) ?? NONE
    if (share === 'all') return all
    return all.filter(({ decision }) => (decision.subject === 'event') === (share === 'visitor'))
  }

  /** Those that take a replayed event in its order. */
  waiting(type: ActivityType, share: EventShare): readonly ConfiguredDecision[] {
    const waiting = this.#waiting.get(type) ?? NONE
    return share === 'visitor' ? [...this.atArrival(type, 'user'), ...waiting] : waiting
  }

  /** Those that take a live event as it arrives. */
  live(type: ActivityType): readonly ConfiguredDecision[] {
    return (this.isLive ? this.#reading : this.#atArrival).get(type) ?? NONE
  }

  /** Those that take a live event in its order. */
  liveWaiting(type: ActivityType): readonly ConfiguredDecision[] {
    return this.isLive ? NONE : this.waiting(type, 'all')
  }
}

const NONE: readonly ConfiguredDecision[] = []

/** All decisions that are enabled. */
export class DecisionTable {
  /** In the order of the table. */
  readonly all: readonly ConfiguredDecision[]
  /** Every rule, in the order of the table. */
  readonly rules: readonly Rule[]
  readonly #byRule = new Map<string, ConfiguredDecision>()
  readonly #tiers = new Map<string, ConfiguredDecision[]>()

  /** @throws ServiceError DECISION_INVALID for decisions that collide, CONFIG_FILE_INVALID for settings that do not fit them */
  constructor(decisions: readonly Decision[], settings: Readonly<Record<string, DecisionSettings>> = {}) {
    for (const decision of decisions) requireDecision(decision)
    const resolved = checkDecisionSettings(decisions, settings)
    this.all = decisions
      .filter(({ name }) => resolved.get(name)!.enabled)
      .map((decision) => new ConfiguredDecision(decision, resolved.get(decision.name)!))
    requireDistinct(this.all)
    this.rules = distinctKeys(this.all)
    for (const one of this.all) {
      for (const { rule } of one.rules) this.#byRule.set(rule, one)
      listIn(this.#tiers, one.tier).push(one)
    }
  }

  /** The names of the tiers, `live` first, then from fast to slow. */
  get tiers(): readonly string[] {
    const slow = [...this.#tiers].filter(([name]) => name !== 'live')
    slow.sort(([, a], [, b]) => a[0]!.withinMs - b[0]!.withinMs)
    return ['live', ...slow.map(([name]) => name)]
  }

  /** The tiers besides the live one, with their `within`. */
  get slowTiers(): readonly { readonly name: string; readonly withinMs: number }[] {
    return this.tiers.slice(1).map((name) => ({ name, withinMs: this.#tiers.get(name)![0]!.withinMs }))
  }

  /** The decisions of a tier. */
  tier(name: string): TierDecisions {
    return new TierDecisions(this.#tiers.get(name) ?? [], name === 'live')
  }

  /** The decision that makes records of a rule. */
  ofRule(rule: string): ConfiguredDecision | undefined {
    return this.#byRule.get(rule)
  }
}

function listIn<K, T>(lists: Map<K, T[]>, key: K): T[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}

function rulesOf({ name, title, kinds, onlyKinds }: Decision): readonly Rule[] {
  const plain = onlyKinds ? [] : [{ rule: name, title, key: camelCase(name) }]
  const ofKinds = Object.entries(kinds).map(([kind, kindTitle]) => ({
    rule: `${name}-${kind}`,
    title: kindTitle,
    key: camelCase(kind),
  }))
  return [...plain, ...ofKinds]
}

/** Where two rules would have one count, the later one has its whole name. */
function distinctKeys(all: readonly ConfiguredDecision[]): readonly Rule[] {
  const keys = new Set<string>()
  return all.flatMap(({ rules }) =>
    rules.map((rule) => {
      const key = keys.has(rule.key) ? camelCase(rule.rule) : rule.key
      keys.add(key)
      return { ...rule, key }
    }),
  )
}

function requireDistinct(all: readonly ConfiguredDecision[]): void {
  const chunks = new Map<number, string>()
  const rules = new Map<string, string>()
  for (const { chunk, decision, rules: own } of all) {
    const other = chunks.get(chunk) ?? own.map(({ rule }) => rules.get(rule)).find((name) => name !== undefined)
    if (other !== undefined) {
      throw new ServiceError('DECISION_INVALID', `decisions ${other} and ${decision.name} collide: rename one of them`)
    }
    chunks.set(chunk, decision.name)
    for (const { rule } of own) rules.set(rule, decision.name)
  }
}

function prepared({ name, prepare }: Decision, settings: ResolvedSettings['settings']): unknown {
  if (prepare === undefined) return settings
  try {
    return prepare(settings)
  } catch (cause) {
    throw wrongValue(['settings', name], cause instanceof Error ? cause.message : String(cause))
  }
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

/** FNV-1a, folded to 16 bits: where a decision stands in an entry must not depend on which others there are. */
function hash16(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return (hash >>> 16) ^ (hash & 0xffff)
}
