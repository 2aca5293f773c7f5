/** The service's topics: names, partitions and settings. */
import type { NewTopic } from '../../index.js'

/** The names of the service's topics. */
export interface TopicNames {
  /** `user-activity`: what users did, keyed by user or visitor. */
  readonly activity: string
  /** `customer-profiles`: compacted, keyed by user. */
  readonly profiles: string
  /** `recommendations`: the decisions, keyed by user. */
  readonly recommendations: string
  /** `proposals`: decisions of slower tiers, on their way to the live instance. */
  readonly proposals: string
  /** `suppressed`: decisions that are not delivered, each with its reason. */
  readonly suppressed: string
  /** `campaigns`: compacted, keyed by campaign. */
  readonly campaigns: string
  /** `dead-letters`: late and invalid records. */
  readonly deadLetters: string
  /** The progress of the loader. */
  readonly loader: string
}

/** The names of the service's topics, each with `prefix` before it. */
export function topicNames(prefix: string): TopicNames {
  return {
    activity: `${prefix}user-activity`,
    profiles: `${prefix}customer-profiles`,
    recommendations: `${prefix}recommendations`,
    proposals: `${prefix}proposals`,
    suppressed: `${prefix}suppressed`,
    campaigns: `${prefix}campaigns`,
    deadLetters: `${prefix}dead-letters`,
    loader: `${prefix}loader`,
  }
}

/**
 * The topics as they are created where they are missing. Records carry the broker's append time: latency is counted from
 * it, and a broker's retention must not delete a replay of old events; event time is in the values. The loader
 * writes to partition 0 of its topic only, so that claims have one order.
 */
export function serviceTopics(names: TopicNames, partitions: number): NewTopic[] {
  return [
    { name: names.activity, partitions, config: STAMPED },
    { name: names.profiles, partitions, config: { 'cleanup.policy': 'compact' } },
    { name: names.recommendations, partitions, config: STAMPED },
    { name: names.proposals, partitions, config: STAMPED },
    { name: names.suppressed, partitions, config: STAMPED },
    { name: names.campaigns, partitions: 1, config: { 'cleanup.policy': 'compact' } },
    { name: names.deadLetters, partitions, config: STAMPED },
    { name: names.loader, partitions, config: { 'cleanup.policy': 'compact', ...STAMPED } },
  ]
}

/** The broker stamps what it stores. */
export const STAMPED = { 'message.timestamp.type': 'LogAppendTime' } as const
