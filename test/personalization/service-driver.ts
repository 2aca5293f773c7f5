/** The personalization topology on the test driver, fed with activities and read back by rule. */
import { string } from '../../lib/index.js'
import { SharedModel } from '../../lib/personalization/recommender/model.js'
import {
  type ActivityFields,
  activityKey,
  activityOf,
  endOfInput,
  type UserActivity,
} from '../../lib/personalization/records/activity.js'
import type { DeadLetter } from '../../lib/personalization/records/dead-letter.js'
import type { Recommendation } from '../../lib/personalization/records/recommendation.js'
import { plainSerdes } from '../../lib/personalization/records/serdes.js'
import { topicNames } from '../../lib/personalization/records/topic-names.js'
import { DEFAULT_RULES, personalizationTopology, type RuleOptions } from '../../lib/personalization/topology.js'
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

export function serviceDriver(rules: Partial<RuleOptions> = {}, startMs = START_MS) {
  const model = new SharedModel()
  const topology = personalizationTopology({ topics, serdes, rules: { ...DEFAULT_RULES, ...rules }, model })
  const driver = new TopologyTestDriver(topology, { startMs })
  const activity = driver.createInputTopic(topics.activity, string, serdes.activity)
  const raw = driver.createInputTopic(topics.activity, bytes, bytes)
  const profiles = driver.createInputTopic(topics.profiles, string, serdes.profile)
  const decided = driver.createOutputTopic(topics.recommendations, string, serdes.recommendation)
  const letters = driver.createOutputTopic(topics.deadLetters, string, serdes.deadLetter)
  return {
    driver,
    model,
    profiles,
    raw,
    send(...events: readonly UserActivity[]) {
      for (const one of events) activity.pipe(activityKey(one), one)
    },
    sendAs(key: string | null, one: UserActivity) {
      activity.pipe(key, one)
    },
    end(atMs: number) {
      activity.pipe('end', endOfInput(0, START_MS + atMs))
    },
    /** New since the last call. */
    records: () => decided.readAll(),
    decisions: (): Recommendation[] => decided.readAll().map(({ value }) => value!),
    deadLetters: (): DeadLetter[] => letters.readAll().map(({ value }) => value!),
  }
}

export function only(decisions: readonly Recommendation[], ...rules: readonly string[]): Recommendation[] {
  return decisions.filter(({ rule }) => rules.includes(rule))
}
