/** A record of a transactional producer, as bytes. */
import type { Headers } from '../../record/record.js'
import { encodeRecord, type GivenSerdes, hashedBytes, type ProducerRecord } from './encode-record.js'

/** A record for {@link TransactionalProducer.append}, as bytes. */
export interface OutgoingRecord {
  readonly topic: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Milliseconds since the epoch. Default now. */
  readonly timestamp?: number
  readonly headers?: Headers
  /** Default: by the key's murmur2 hash; without a key, in turn. */
  readonly partition?: number
}

/** `hashed`: what chooses the partition, if that is not the key. */
export interface Outgoing extends OutgoingRecord {
  readonly hashed?: Buffer | null
}

/** @throws SchemaPending; MillraceError CLIENT_RECORD_INVALID, SERIALIZE_FAILED */
export function outgoingOf(
  topic: string,
  serdes: GivenSerdes,
  record: ProducerRecord<unknown, unknown>,
  nowMs: number,
): Outgoing {
  const encoded = encodeRecord(topic, serdes, record, nowMs)
  const { partition } = record
  const hashed = hashedBytes(topic, serdes, record, encoded)
  const [key, value] = [encoded.key as Buffer | null, encoded.value as Buffer | null]
  return { topic, ...encoded, key, value, hashed, ...(partition === undefined ? {} : { partition }) }
}
