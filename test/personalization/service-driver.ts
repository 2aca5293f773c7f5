/** The topologies of all tiers on test drivers, fed with activities and read back by rule. */
import { string } from '../../lib/index.js'
import type { AroundConfig } from '../../lib/personalization/around/rule.js'
import { type DecisionSettings, defaultConfig } from '../../lib/personalization/config/service-config.js'
import { SHIPPED_DECISIONS } from '../../lib/personalization/decisions/index.js'
import { DecisionTable } from '../../lib/personalization/frame/decision-table.js'
import type { Decision } from '../../lib/personalization/frame/define-decision.js'
import { KnownCampaigns } from '../../lib/personalization/frame/known-campaigns.js'
import type { AdmissionOptions } from '../../lib/personalization/gate/admission.js'
import { SharedModel } from '../../lib/personalization/recommender/model.js'
import {
  type ActivityFields,
  activityKey,
  activityOf,
  endOfInput,
  inputProgress,
  type UserActivity,
} from '../../lib/personalization/records/activity.js'
import type { Campaign } from '../../lib/personalization/records/campaign.js'
import type { DeadLetter } from '../../lib/personalization/records/dead-letter.js'
import { decisionId } from '../../lib/personalization/records/decision-id.js'
import type { TraceOptions } from '../../lib/personalization/records/decision-trace.js'
import {
  type DecidedRecord,
  type Recommendation,
  recommendation,
} from '../../lib/personalization/records/recommendation.js'
import { plainSerdes } from '../../lib/personalization/records/serdes.js'
import { topicNames } from '../../lib/personalization/records/topic-names.js'
import { DEFAULT_GATE, personalizationTopology } from '../../lib/personalization/topology.js'
import { bytes } from '../../lib/serde/primitive.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'

export const START_MS = Date.UTC(2026, 2, 2)

export const serdes = plainSerdes()
export const topics = topicNames('')

/** An event `atMs` after the start. */
export function event(fields: Partial<ActivityFields> & { eventId: string; atMs: number }): UserActivity {
  const { atMs, ...rest } = fields
  return activityOf({
    type: 'view',
    source: 'replay',
    userId: 'ann',
    sessionId: 's1',
    itemId: 'i1',
    ...rest,
    at: START_MS + atMs,
  })
}

const SHIPPED = new DecisionTable(SHIPPED_DECISIONS)

/** A decision as a record, as its rule makes it, with what nobody asks about filled in. */
export function decidedAs(
  fields: Pick<Recommendation, 'rule' | 'userId' | 'subject' | 'at'> & Partial<DecidedRecord>,
): Recommendation {
  const { rule, subject, at } = fields
  const { channel = 'page', validForMs = 86_400_000 } = SHIPPED.ofRule(rule) ?? {}
  return recommendation({ decisionId: decisionId(rule, subject), validUntil: at + validForMs, channel, ...fields })
}

export interface DriverOptions extends Partial<AdmissionOptions> {
  readonly settings?: Readonly<Record<string, DecisionSettings>>
  readonly decisions?: readonly Decision[]
  readonly campaigns?: readonly Campaign[]
  readonly around?: Partial<AroundConfig>
  readonly trace?: TraceOptions
}

export function serviceDriver(options: DriverOptions = {}, startMs = START_MS) {
  const { settings, decisions = SHIPPED_DECISIONS, campaigns, around, trace = defaultConfig.trace, ...limits } = options
  const model = new SharedModel()
  const table = new DecisionTable(decisions, settings)
  const parts = {
    topics,
    serdes,
    gate: { ...DEFAULT_GATE, ...limits },
    decisions: table,
    around: { ...defaultConfig, ...around },
    trace,
    model,
  }
  const known = new KnownCampaigns(campaigns)
  const tiers = table.tiers.map((tier) => {
    const driver = new TopologyTestDriver(personalizationTopology({ ...parts, campaigns: known, tier }), { startMs })
    return {
      driver,
      activity: driver.createInputTopic(topics.activity, string, serdes.activity),
      decided: driver.createOutputTopic(
        tier === 'live' ? topics.recommendations : topics.proposals,
        string,
        serdes.recommendation,
      ),
    }
  })
  const [live, ...slow] = tiers
  const { driver } = live!
  const raw = driver.createInputTopic(topics.activity, bytes, bytes)
  const profiles = driver.createInputTopic(topics.profiles, string, serdes.profile)
  const proposals = driver.createInputTopic(topics.proposals, string, serdes.recommendation)
  const letters = driver.createOutputTopic(topics.deadLetters, string, serdes.deadLetter)
  const suppressed = driver.createOutputTopic(topics.suppressed, string, serdes.recommendation)
  const propose = () => {
    for (const { decided } of slow) for (const { key: user, value } of decided.readAll()) proposals.pipe(user!, value)
  }
  const pipe = (key: string | null, one: UserActivity) => {
    for (const { activity } of tiers) activity.pipe(key, one)
    propose()
  }
  return {
    driver,
    drivers: tiers.map((tier) => tier.driver),
    model,
    campaigns: known,
    profiles,
    raw,
    send(...events: readonly UserActivity[]) {
      for (const one of events) pipe(activityKey(one), one)
    },
    sendAs(key: string | null, one: UserActivity) {
      pipe(key, one)
    },
    /** From now on the order of event time decides which of a visitor's events are a user's. */
    progress(atMs: number) {
      pipe('progress', inputProgress(1, START_MS + atMs, 'replay'))
    },
    end(atMs: number) {
      pipe('end', endOfInput(0, START_MS + atMs))
    },
    /** The wall clock of all tiers. */
    advanceWallClockTime(ms: number) {
      for (const tier of tiers) tier.driver.advanceWallClockTime(ms)
      propose()
    },
    /** New since the last call. */
    records: () => live!.decided.readAll(),
    decisions: (): Recommendation[] => live!.decided.readAll().map(({ value }) => value!),
    suppressed: (): Recommendation[] => suppressed.readAll().map(({ value }) => value!),
    deadLetters: (): DeadLetter[] => letters.readAll().map(({ value }) => value!),
  }
}

export function only(decisions: readonly Recommendation[], ...rules: readonly string[]): Recommendation[] {
  return decisions.filter(({ rule }) => rules.includes(rule))
}
