/** One bounded run of a tier: which tier, and what came of it. */
import { ServiceError } from '../errors.js'
import type { Tier } from './slow-tiers.js'

/** What one run of a tier did. Offsets are counted, so marks of transactions are among them. */
export interface TierRun {
  /** The name of the tier. */
  readonly tier: string
  /** Offsets of `user-activity` that it passed. */
  readonly events: number
  /** Offsets of `proposals` that it wrote. */
  readonly proposals: number
}

/** @throws ServiceError TIER_UNKNOWN */
export function tierNamed(name: string, tiers: readonly Tier[]): Tier {
  const tier = tiers.find((one) => one.name === name)
  if (tier !== undefined) return tier
  throw new ServiceError(
    'TIER_UNKNOWN',
    `there is no tier ${name}; there are ${tiers.map((one) => one.name).join(', ')}`,
  )
}

/** How many offsets lie between two positions, over all partitions. */
export function distance(from: readonly number[], to: readonly number[]): number {
  return to.reduce((sum, end, partition) => sum + end - (from[partition] ?? 0), 0)
}
