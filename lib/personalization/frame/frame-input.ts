/** What the decisions of a tier take in: activity and time, profiles, and decisions of slower tiers. */
import type { Admitted } from '../gate/admission.js'
import type { CustomerProfile } from '../records/profile.js'
import type { Recommendation } from '../records/recommendation.js'

/** The value of a record for the decisions; the key is the user. */
export type FrameInput =
  | Admitted
  /** Null: the profile is taken away. */
  | { readonly kind: 'profile'; readonly profile: CustomerProfile | null }
  /** A slower tier has decided; here it is judged and delivered. */
  | { readonly kind: 'proposal'; readonly proposal: Recommendation }
  /** Everything about the user goes. */
  | { readonly kind: 'erasure' }
