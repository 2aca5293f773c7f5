/** The data about a customer: the value of the compacted `customer-profiles` topic, keyed by user id. */
import type { ActivitySource } from './activity.js'

/** `schemas/customer-profile.avsc` is the same in Avro. */
export interface CustomerProfile {
  /** The customer, as in {@link UserActivity}. */
  readonly userId: string
  readonly name: string | null
  /** ISO 3166. */
  readonly country: string | null
  /** Preferred categories, the most preferred first. */
  readonly interests: readonly string[]
  /** The customer's plan. */
  readonly tier: 'standard' | 'plus'
  /** Epoch milliseconds; of two versions of a profile the later one counts, whichever arrives last. */
  readonly updatedAt: number
  /** Where the profile comes from. */
  readonly source: ActivitySource
}

/** Which of two versions of one profile counts. */
export function laterProfile(held: CustomerProfile | undefined, arrived: CustomerProfile): CustomerProfile {
  return held !== undefined && held.updatedAt > arrived.updatedAt ? held : arrived
}
