/** The profile of a user, as the entry keeps it. */
import { type CustomerProfile, laterProfile } from '../../records/profile.js'
import { fields, integer, list, nullable, packed, text } from '../packed/packed.js'
import { CHUNK, type UserEntry } from './user-entry.js'

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

/** Keeps a profile in the entry, unless a later one is there; null removes it. */
export function putProfile(entry: UserEntry, profile: CustomerProfile | null): void {
  if (profile === null) {
    entry.set(CHUNK.profile, null)
    return
  }
  const held = entry.get(CHUNK.profile)
  const before = held === undefined ? undefined : packedProfile.deserialize(held, '')
  if (laterProfile(before, profile) !== before) entry.set(CHUNK.profile, packedProfile.serialize(profile, ''))
}
