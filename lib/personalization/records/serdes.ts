/** The serdes of the service's values: Avro, in the registry's format if a registry is configured. */

import { avro, confluentAvro, confluentRegistry, type Serde, string } from '../../index.js'
import type { UserKeys } from '../erasure/user-keys.js'
import { type IdentityRecord, identityRecords } from '../frame/identity/identity-record.js'
import type { LoaderProgress } from '../input/loader/ledger.js'
import type { UserActivity } from './activity.js'
import type { DeadLetter } from './dead-letter.js'
import type { CustomerProfile } from './profile.js'
import type { Recommendation } from './recommendation.js'
import { packagedSchema, type SchemaName } from './schemas.js'
import type { TopicNames } from './topic-names.js'

/** The serdes of the service's topics. */
export interface ServiceSerdes {
  /** Of user ids as keys, in stores and on topics. */
  readonly key: Serde<string>
  /** The same for the keys of records that a task reads. */
  readonly sourceKey: Serde<string>
  /** Of `user-activity`. */
  readonly activity: Serde<UserActivity>
  /** Of `customer-profiles`. */
  readonly profile: Serde<CustomerProfile>
  /** Of `recommendations`. */
  readonly recommendation: Serde<Recommendation>
  /** Of `dead-letters`. */
  readonly deadLetter: Serde<DeadLetter>
  /** Of `merges`: bytes of the service's own, read by nobody else. */
  readonly identity: Serde<IdentityRecord>
  /** Of the loader's own topic. */
  readonly loader: Serde<LoaderProgress>
  /** The keys of the users, which seal the values; null: values are plain. */
  readonly userKeys: UserKeys | null
}

/** Keys and values as they are. */
const PLAIN = { key: string, sourceKey: string, identity: identityRecords, userKeys: null } as const

/** Serdes without a registry: Avro's single-object encoding with the schemas in `schemas/`. */
export function plainSerdes(): ServiceSerdes {
  return {
    ...PLAIN,
    activity: avro<UserActivity>(packagedSchema('user-activity')),
    profile: avro<CustomerProfile>(packagedSchema('customer-profile')),
    recommendation: avro<Recommendation>(packagedSchema('recommendation')),
    deadLetter: avro<DeadLetter>(packagedSchema('dead-letter')),
    loader: avro<LoaderProgress>(packagedSchema('loader-progress')),
  }
}

/**
 * Serdes with the schema registry at `host` (a URL). The schemas are registered as `<topic>-value`.
 * @throws MillraceError SERDE_REGISTRY_MISSING, SERDE_REGISTRY_UNAVAILABLE, SERDE_SCHEMA_INVALID
 */
export async function registrySerdes(host: string, topics: TopicNames): Promise<ServiceSerdes> {
  const registry = await confluentRegistry({ host })
  const serde = <T>(schema: SchemaName, topic: string) =>
    confluentAvro<T>({ schema: packagedSchema(schema), registry, subject: `${topic}-value` })
  return {
    ...PLAIN,
    activity: await serde<UserActivity>('user-activity', topics.activity),
    profile: await serde<CustomerProfile>('customer-profile', topics.profiles),
    recommendation: await serde<Recommendation>('recommendation', topics.recommendations),
    deadLetter: await serde<DeadLetter>('dead-letter', topics.deadLetters),
    loader: await serde<LoaderProgress>('loader-progress', topics.loader),
  }
}
