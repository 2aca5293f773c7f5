/**
 * A record of `user-activity` as it arrives, readable or not, so that unreadable records reach the dead-letter topic.
 */

import { isMillraceError, SchemaPending, type Serde } from '../../index.js'
import type { UserActivity } from './activity.js'

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

/** Reads what `activity` reads, and never fails on the rest; only a schema still on its way passes through. */
export function arrivalSerde(activity: Serde<UserActivity>): Serde<Arrival> {
  return Object.freeze({
    name: `arrival(${activity.name})`,
    serialize: (arrival: Arrival, topic: string) => arrival.bytes ?? activity.serialize(arrival.activity!, topic),
    deserialize(bytes: Buffer, topic: string): Arrival {
      try {
        return { activity: activity.deserialize(bytes, topic), problem: null, bytes: null, appendedAt: -1 }
      } catch (error) {
        if (error instanceof SchemaPending) throw error
        const problem = isMillraceError(error, 'SERDE_SCHEMA_UNKNOWN') ? 'unknown schema' : 'unreadable value'
        return { activity: null, problem, bytes: Buffer.from(bytes), appendedAt: -1 }
      }
    },
  })
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
