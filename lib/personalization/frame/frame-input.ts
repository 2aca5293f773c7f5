/** What the decisions of a tier take in: activity and time, profiles, and decisions of slower tiers. */
import type { Admitted } from '../gate/admission.js'
import type { CustomerProfile } from '../records/profile.js'
import type { Recommendation } from '../records/recommendation.js'
import type { IdentityRecord } from './identity/identity-record.js'

/** The value of a record for the decisions; the key is the user. */
export type FrameInput =
  | Admitted
  /** Null: the profile is taken away. */
  | { readonly kind: 'profile'; readonly profile: CustomerProfile | null }
  /** A slower tier has decided; here it is judged and delivered. */
  | { readonly kind: 'proposal'; readonly proposal: Recommendation }
  /** Everything about the user goes. */
  | { readonly kind: 'erasure' }
  /** From the partition of a visitor who is a user. */
  | { readonly kind: 'identity'; readonly record: IdentityRecord }

/** What the decisions of a tier put out. */
export type FrameOutput = Recommendation | IdentityRecord

/** Tells the one from the other. */
export function isIdentityRecord(output: FrameOutput): output is IdentityRecord {
  return 'kind' in output
}
