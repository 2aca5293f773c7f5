/** Serdes that seal what the service writes about users, and open it again. */
import { SchemaPending, type Serde } from '../../index.js'
import { isServiceError } from '../errors.js'
import type { IdentityRecord } from '../frame/identity/identity-record.js'
import { activityKey, isInputMark, type UserActivity } from '../records/activity.js'
import type { ServiceSerdes } from '../records/serdes.js'
import { pseudonymIn } from './pseudonyms.js'
import type { UserKeys } from './user-keys.js'

/** What a sealed value is: bytes of one kind do not open as another. */
const KIND = {
  activity: 'activity',
  profile: 'profile',
  decision: 'decision',
  deadLetter: 'dead-letter',
  identity: 'identity',
} as const

/** The same serdes, with keys that are pseudonyms and values that are sealed. Plain keys and values can still be read. */
export function sealedSerdes(plain: ServiceSerdes, keys: UserKeys): ServiceSerdes {
  return {
    key: pseudonymKey(keys),
    sourceKey: sourceKey(keys),
    activity: sealed(plain.activity, KIND.activity, keys, userOfActivity),
    profile: sealed(plain.profile, KIND.profile, keys, ({ userId }) => userId),
    recommendation: sealed(plain.recommendation, KIND.decision, keys, ({ userId }) => userId),
    // A key that is no text of a user is that of the loader's rows.
    deadLetter: sealed(plain.deadLetter, KIND.deadLetter, keys, ({ key }) => key?.toString() ?? null),
    identity: sealed(plain.identity, KIND.identity, keys, userOfIdentity),
    loader: plain.loader,
    userKeys: keys,
  }
}

/** What is said of the input belongs to nobody. */
function userOfActivity(activity: UserActivity): string | null {
  return isInputMark(activity.type) ? null : activityKey(activity)
}

/** What a visitor had is the user's as soon as it leaves the visitor. */
function userOfIdentity(record: IdentityRecord): string | null {
  if (record.kind === 'time') return null
  return record.kind === 'decision' ? record.decision.userId : record.activity.userId
}

/** Of user ids in stores and on the topics that a task writes. */
function pseudonymKey(keys: UserKeys): Serde<string> {
  const userOf = (bytes: Buffer, start: number, end: number) => {
    const pseudonym = pseudonymIn(bytes, start, end)
    return pseudonym === null ? bytes.toString('utf8', start, end) : keys.userOf(pseudonym)
  }
  return Object.freeze({
    name: 'pseudonym',
    serialize: (user: string) => Buffer.from(keys.keyText(user), 'latin1'),
    deserialize: (bytes: Buffer) => userOf(bytes, 0, bytes.length),
    deserializeAt: userOf,
    byteString: (user: string) => keys.keyText(user),
    partitionBytes: (user: string) => Buffer.from(user),
  })
}

const INPUT_MARK = /^(?:end-of-input-\d+|input-progress)$/

/** Of the keys of records that a task reads: a user of another producer gets a key first. */
function sourceKey(keys: UserKeys): Serde<string> {
  const inner = pseudonymKey(keys)
  return Object.freeze({
    name: inner.name,
    serialize: inner.serialize,
    deserialize(bytes: Buffer, topic: string): string {
      if (keys.settling !== null) throw new SchemaPending(keys.settling)
      const user = inner.deserialize(bytes, topic)
      if (pseudonymIn(bytes) !== null || INPUT_MARK.test(user)) return user
      const making = keys.ready(user)
      if (making !== null) throw new SchemaPending(making)
      return user
    },
  })
}

function sealed<T>(inner: Serde<T>, kind: string, keys: UserKeys, userOf: (value: T) => string | null): Serde<T> {
  return Object.freeze({
    name: `sealed(${inner.name})`,
    serialize: (value: T, topic: string) => keys.seal(inner.serialize(value, topic), kind, userOf(value)),
    deserialize: (bytes: Buffer, topic: string) => inner.deserialize(keys.open(bytes, kind), topic),
  })
}

/** For topics that a task reads: null in place of a value whose user is erased. */
export function nullIfErased<T>(serde: Serde<T>, keys: UserKeys | null): Serde<T | null> {
  if (keys === null) return serde as Serde<T | null>
  return Object.freeze({
    name: serde.name,
    serialize: (value: T | null, topic: string) => serde.serialize(value as T, topic),
    deserialize(bytes: Buffer, topic: string): T | null {
      try {
        return serde.deserialize(bytes, topic)
      } catch (error) {
        if (isServiceError(error, 'VALUE_ERASED')) return null
        throw error
      }
    },
  })
}
