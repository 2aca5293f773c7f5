/** What the pacer keeps: decisions that wait, how full a second is, and how far the users have been told of a campaign. */
import { json, type Serde } from '../../index.js'
import { pseudonymIn } from '../erasure/pseudonyms.js'
import type { UserKeys } from '../erasure/user-keys.js'
import type { Recommendation } from '../records/recommendation.js'

/** The latest second that decisions of a key wait for, and how many do. */
export interface Slot {
  readonly secondMs: number
  readonly used: number
}

/** How far a task has told its users of a campaign. */
export interface Scan {
  /** The last user that was told; null: none yet. */
  readonly after: string | null
  readonly done: boolean
}

/** A decision whose user was erased while it waited. */
export interface ErasedDecision {
  readonly isErased: true
}

export type Paced = Recommendation | Slot | Scan | ErasedDecision

const plain = json<Paced>()
const SEALED_AS = 'waiting'

/** With keys, decisions are sealed, and a user is named by the pseudonym. */
export function pacedValue(keys: UserKeys | null): Serde<Paced> {
  if (keys === null) return plain
  return Object.freeze({
    name: 'sealed-paced',
    serialize(value: Paced, topic: string): Buffer {
      if ('decisionId' in value) return keys.seal(plain.serialize(value, topic), SEALED_AS, value.userId)
      if (!('after' in value) || value.after === null) return plain.serialize(value, topic)
      return plain.serialize({ ...value, after: keys.keyText(value.after) }, topic)
    },
    deserialize(bytes: Buffer, topic: string): Paced {
      const opened = keys.openOwn(bytes, SEALED_AS)
      if (opened === null) return { isErased: true }
      const value = plain.deserialize(opened.plain, topic)
      if (!('after' in value) || value.after === null) return value
      const pseudonym = pseudonymIn(Buffer.from(value.after, 'latin1'))
      return { ...value, after: pseudonym === null ? value.after : keys.userOf(pseudonym) }
    },
  })
}
