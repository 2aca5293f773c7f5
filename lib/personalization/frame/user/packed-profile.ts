/** The profile of a user, as the entry keeps it. */
import type { CustomerProfile } from '../../records/profile.js'
import { fields, integer, list, nullable, packed, text } from '../packed/packed.js'

export const packedProfile = packed(
  fields<CustomerProfile>({
    userId: text,
    name: nullable(text),
    country: nullable(text),
    interests: list(text),
    tier: text as never,
    updatedAt: integer,
    source: text as never,
  }),
)
