/**
 * A record of `user-activity` as it arrives, readable or not, so that unreadable records reach the dead-letter topic.
 */

import { isMillraceError, SchemaPending, type Serde, type StreamRecord, type TopicRecord } from '../../index.js'
import type { UserKeys } from '../erasure/user-keys.js'
import { readyToMerge } from '../erasure/user-record.js'
import { isServiceError } from '../errors.js'
import { isMerge, type UserActivity } from './activity.js'
import { readCloudEvent } from './cloud-event.js'
import { kafkaCloudEvent } from './kafka-cloud-event.js'
import { TRACEPARENT_HEADER } from './traceparent.js'

export interface Arrival {
  /** Null where the bytes could not be read. */
  readonly activity: UserActivity | null
  /** Why not; null where they could. */
  readonly problem: string | null
  /** The bytes of what could not be read, for the dead letter. */
  readonly bytes: Buffer | null
  /** When the broker stored it, epoch milliseconds; the timestamp extractor, which alone sees it, writes it here. */
  appendedAt: number
}

/** The problem of an event whose user is erased: it is no dead letter. */
export const ERASED = 'erased'

/** Reads what `activity` reads, and never fails on the rest; only a schema or a key still on its way passes through. */
export function arrivalSerde(activity: Serde<UserActivity>, keys: UserKeys | null = null): Serde<Arrival> {
  return Object.freeze({
    name: `arrival(${activity.name})`,
    serialize: (arrival: Arrival, topic: string) => arrival.bytes ?? activity.serialize(arrival.activity!, topic),
    deserialize(bytes: Buffer, topic: string): Arrival {
      try {
        const read = activity.deserialize(bytes, topic)
        if (keys !== null && isMerge(read)) requireLinked(keys, read)
        return { activity: read, problem: null, bytes: null, appendedAt: -1 }
      } catch (error) {
        if (error instanceof SchemaPending) throw error
        if (isServiceError(error, 'VALUE_ERASED'))
          return { activity: null, problem: ERASED, bytes: null, appendedAt: -1 }
        const problem = isMillraceError(error, 'SERDE_SCHEMA_UNKNOWN') ? 'unknown schema' : 'unreadable value'
        return { activity: null, problem, bytes: Buffer.from(bytes), appendedAt: -1 }
      }
    },
  })
}

/** Other producers do not say in time which visitor became which user. */
function requireLinked(keys: UserKeys, activity: UserActivity): void {
  for (const waiting of readyToMerge(activity, keys)) if (waiting !== null) throw new SchemaPending(waiting)
}

/** Event time from the value; what has no time that can be used stays at the partition's. */
export function arrivalTime(
  record: { readonly value: unknown; readonly timestamp: number },
  partitionTimeMs: number,
): number {
  const arrival = record.value as Arrival | null
  if (arrival === null) return Math.max(0, partitionTimeMs)
  arrival.appendedAt = record.timestamp
  const at = arrival.activity?.at
  return at !== undefined && Number.isSafeInteger(at) && at >= 0 ? at : Math.max(0, partitionTimeMs)
}

/**
 * The record of a CloudEvent with its activity and its trace context, every other record unchanged. A serde does not see the
 * headers, so this comes after it. `nowMs`: the time of an event that has none on a record without a value.
 */
export function withCloudEvent<K>(
  record: StreamRecord<K, Arrival | null>,
  nowMs: () => number,
): StreamRecord<K, Arrival | null> {
  const { value: arrival, headers } = record
  if (headers.length === 0 || (arrival !== null && arrival.activity !== null)) return record
  const bytes = arrival?.bytes ?? null
  const event = kafkaCloudEvent(headers, bytes)
  if (event === null) return record
  const appendedAt = arrival?.appendedAt ?? -1
  const read = 'problem' in event ? event : readCloudEvent(event, appendedAt < 0 ? nowMs() : appendedAt)
  if ('problem' in read) return { ...record, value: { activity: null, problem: read.problem, bytes, appendedAt } }
  const { activity, traceparent } = read
  return {
    key: record.key,
    value: { activity, problem: null, bytes: null, appendedAt },
    timestamp: activity.at >= 0 ? activity.at : record.timestamp,
    headers: traceparent === null ? [] : [{ key: TRACEPARENT_HEADER, value: Buffer.from(traceparent) }],
  }
}

/**
 * The activity in a record of the topic, by Avro or as a CloudEvent; null if there is none.
 * @throws whatever the serde throws
 */
export function activityOfRecord(record: TopicRecord, serde: Serde<UserActivity>): UserActivity | null {
  const { topic, value, headers, timestamp } = record
  try {
    if (value !== null) return serde.deserialize(value, topic)
  } catch (error) {
    if (error instanceof SchemaPending || headers.length === 0) throw error
  }
  const event = headers.length === 0 ? null : kafkaCloudEvent(headers, value)
  if (event === null || 'problem' in event) return null
  const read = readCloudEvent(event, timestamp)
  return 'activity' in read ? read.activity : null
}
