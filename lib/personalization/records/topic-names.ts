/** The service's topics: names, partitions and settings. */
import type { NewTopic } from '../../index.js'

/** After so long the next key closes a segment of `user-keys`, which can then be compacted. */
export const KEY_SEGMENT_MS = 300_000

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
  /** `merges`: what visitors had, on its way to the users that they are, in the live tier. Those of the other tiers have the tier's name after a dash. */
  readonly merges: string
  /** `campaigns`: compacted, keyed by campaign. */
  readonly campaigns: string
  /** `erasures`: users who are to be erased, keyed by user, in every partition. */
  readonly erasures: string
  /** `user-keys`: compacted, the wrapped keys of the users; only with a master key. */
  readonly userKeys: string
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
    merges: `${prefix}merges`,
    campaigns: `${prefix}campaigns`,
    erasures: `${prefix}erasures`,
    userKeys: `${prefix}user-keys`,
    deadLetters: `${prefix}dead-letters`,
    loader: `${prefix}loader`,
  }
}

/** The topic `merges` of a tier: each tier has its own entries of users, so it merges them itself. */
export function mergesTopic({ merges }: TopicNames, tier: string): string {
  return tier === 'live' ? merges : `${merges}-${tier}`
}

/**
 * The topics as they are created where they are missing. Records carry the broker's append time: latency is counted from
 * it, and a broker's retention must not delete a replay of old events; event time is in the values. The loader
 * writes to partition 0 of its topic only, so that claims have one order. `hasKeys`: there is a master key.
 */
export function serviceTopics(
  names: TopicNames,
  partitions: number,
  hasKeys = false,
  tiers: readonly string[] = ['live'],
): NewTopic[] {
  return [
    ...(hasKeys ? [{ name: names.userKeys, partitions: 1, config: KEYS }] : []),
    { name: names.erasures, partitions, config: {} },
    { name: names.activity, partitions, config: STAMPED },
    { name: names.profiles, partitions, config: { 'cleanup.policy': 'compact' } },
    { name: names.recommendations, partitions, config: STAMPED },
    { name: names.proposals, partitions, config: STAMPED },
    { name: names.suppressed, partitions, config: STAMPED },
    ...tiers.map((tier) => ({ name: mergesTopic(names, tier), partitions, config: STAMPED })),
    { name: names.campaigns, partitions: 1, config: { 'cleanup.policy': 'compact' } },
    { name: names.deadLetters, partitions, config: STAMPED },
    { name: names.loader, partitions, config: { 'cleanup.policy': 'compact', ...STAMPED } },
  ]
}

/** Deleted keys are compacted away soon. A tombstone stays for a day, so that an instance that was cut off gets it. */
const KEYS = {
  'cleanup.policy': 'compact',
  'segment.ms': String(KEY_SEGMENT_MS),
  'min.cleanable.dirty.ratio': '0.01',
  'max.compaction.lag.ms': '3600000',
  'delete.retention.ms': '86400000',
}

/** The broker stamps what it stores. */
export const STAMPED = { 'message.timestamp.type': 'LogAppendTime' } as const
