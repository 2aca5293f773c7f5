/** A record as it is given to a producer, and as bytes. */
import { MillraceError } from '../../errors.js'
import { type Headers, NO_HEADERS } from '../../record/record.js'
import { SchemaPending } from '../../serde/serde.js'
import type { Topic } from '../../serde/topic.js'
import type { Cluster } from '../cluster.js'
import { checkRecord } from './check-record.js'
import type { EncodedRecord } from './partition-outbox.js'

/** A record to send. */
export interface ProducerRecord<K, V> {
  /** Default null. */
  readonly key?: K | null
  /** Null: a tombstone. */
  readonly value: V | null
  /** Milliseconds since the epoch. Default now. */
  readonly timestamp?: number
  readonly headers?: Headers
  /** Default: by the murmur2 hash of the key's bytes, as Kafka's own producer chooses; without a key, in turn. */
  readonly partition?: number
}

/** Null: keys and values are bytes. */
export type GivenSerdes = Topic<unknown, unknown> | null

const KNOWN = new Set(['key', 'value', 'timestamp', 'headers', 'partition'])

/** @throws SchemaPending; MillraceError CLIENT_RECORD_INVALID, SERIALIZE_FAILED */
export function encodeRecord(
  topic: string,
  serdes: GivenSerdes,
  record: ProducerRecord<unknown, unknown>,
  nowMs: number,
): EncodedRecord {
  checkNames(record)
  const key = bytesOf(serdes, 'key', record.key ?? null, topic)
  const value = bytesOf(serdes, 'value', record.value, topic)
  const { timestamp = nowMs, headers = NO_HEADERS, partition } = record
  checkRecord({ topic, key, value, timestamp, headers, partition })
  return { key, value, timestamp, headers }
}

/** Between two times of asking for a schema that was said to be there. */
const SCHEMA_PAUSE_MS = 100

/** What `encode` returns when the schema that it waits for is known. */
export async function encodedOnceKnown<R>(encode: () => R, pending: SchemaPending, cluster: Cluster): Promise<R> {
  for (let waitsFor = pending, attempts = 0; ; attempts++) {
    await waitsFor.ready
    if (attempts > 0) await cluster.pause(SCHEMA_PAUSE_MS)
    try {
      return encode()
    } catch (error) {
      if (!(error instanceof SchemaPending)) throw error
      waitsFor = error
    }
  }
}

/** The bytes that choose the partition; null without a key. */
export function hashedBytes(
  topic: string,
  serdes: GivenSerdes,
  { key }: ProducerRecord<unknown, unknown>,
  encoded: EncodedRecord,
): Buffer | null {
  if (encoded.key === null) return null
  return serdes?.key.partitionBytes?.(key, topic) ?? (encoded.key as Buffer)
}

/** A misspelt name would be a default, without a word. */
function checkNames(record: object): void {
  for (const name in record) {
    if (KNOWN.has(name)) continue
    const text = `A record was not sent: it has no ${name}: known: ${[...KNOWN].join(', ')}.`
    throw new MillraceError('CLIENT_RECORD_INVALID', text)
  }
}

function bytesOf(serdes: GivenSerdes, part: 'key' | 'value', given: unknown, topic: string): Uint8Array | null {
  if (serdes === null || given === null) return given as Uint8Array | null
  if (given === undefined) {
    const text = `A record for topic "${topic}" was not sent: its ${part} is undefined; use null for none.`
    throw new MillraceError('CLIENT_RECORD_INVALID', text, { topic, part })
  }
  const serde = serdes[part]
  try {
    return serde.serialize(given, topic)
  } catch (cause) {
    if (cause instanceof SchemaPending) throw cause
    const text = `The ${part} of a record for topic "${topic}" does not fit its serde ${serde.name}.`
    throw new MillraceError('SERIALIZE_FAILED', text, { topic, part, kind: 'record', cause })
  }
}
