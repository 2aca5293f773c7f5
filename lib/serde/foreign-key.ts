/**
 * Messages of a foreign-key join, byte for byte as Kafka Streams writes them:
 *
 *     subscription   | 1 bit: no hash | 7 bits: version | instruction | hash, 16 bytes | primary key | int32 partition |
 *     response       | 1 bit: no hash | 7 bits: version | hash, 16 bytes | value of the other table |
 *     store key      | int32 length of foreign key | foreign key | primary key |
 *
 * Version 0 of a subscription, from before Kafka 3.4, has no partition. The hash is `murmur3` of the left row.
 */
import { MillraceError } from '../errors.js'
import type { Serde } from './serde.js'

/** What the other side is to do about one left row. */
export const INSTRUCTION = Object.freeze({
  /** Forget the subscription. */
  deleteSilently: 0,
  /** Forget it and answer with nothing. */
  deleteAndAnswer: 1,
  /** Remember it and answer, also where the other table has no such row. */
  answerAlways: 2,
  /** Remember it and answer where the other table has the row. */
  answerIfMatched: 3,
})

export type Instruction = (typeof INSTRUCTION)[keyof typeof INSTRUCTION]

export interface Subscription {
  /** Null: the left row was deleted. */
  readonly hash: Buffer | null
  readonly instruction: Instruction
  readonly primaryKey: unknown
  /** Partition of the left row, where the answer belongs; null: by its key. */
  readonly primaryPartition: number | null
}

export interface ForeignResponse {
  /** Of the left row that was subscribed. */
  readonly hash: Buffer | null
  readonly foreignValue: unknown
  /** Not written: it only says where the response goes. */
  readonly primaryPartition: number | null
}

const NO_HASH = 0x80
const HASH_BYTES = 16
const PARTITION_BYTES = 4

function invalid(topic: string, what: string): MillraceError {
  return new MillraceError(
    'SERDE_BYTES_INVALID',
    `the ${what} on topic ${topic} is incomplete or has an unknown version`,
    {
      topic,
    },
  )
}

/** What topic primary keys inside subscriptions are serialised for, which is what a schema registry sees. */
export function primaryKeyTopic(registrationTopic: string): string {
  return `${registrationTopic}-pk`
}

/** As `primaryKeyTopic`, for foreign keys. */
export function foreignKeyTopic(registrationTopic: string): string {
  return `${registrationTopic}-fk`
}

/** As `primaryKeyTopic`, for left rows that are hashed. */
export function valueHashTopic(registrationTopic: string): string {
  return `${registrationTopic}-vh`
}

/** Hash and partition of a stored subscription; `keyEnd` is where its primary key ends. */
export function subscriptionHead(
  bytes: Buffer,
  topic: string,
): Pick<Subscription, 'hash' | 'primaryPartition'> & { readonly keyStart: number; readonly keyEnd: number } {
  const first = bytes[0] ?? 0xff
  const version = first & 0x7f
  const keyStart = 2 + ((first & NO_HASH) === 0 ? HASH_BYTES : 0)
  const keyEnd = bytes.length - (version === 0 ? 0 : PARTITION_BYTES)
  if (version > 1 || keyEnd < keyStart) throw invalid(topic, 'subscription')
  return {
    hash: keyStart === 2 ? null : bytes.subarray(2, keyStart),
    primaryPartition: version === 0 ? null : bytes.readInt32BE(keyEnd),
    keyStart,
    keyEnd,
  }
}

export function subscriptionSerde(primaryKey: Serde<unknown>): Serde<Subscription> {
  return Object.freeze({
    name: `subscription(${primaryKey.name})`,
    serialize(value: Subscription, topic: string): Buffer {
      const { hash, primaryPartition } = value
      const key = primaryKey.serialize(value.primaryKey, primaryKeyTopic(topic))
      const keyStart = 2 + (hash === null ? 0 : HASH_BYTES)
      const keyEnd = keyStart + key.length
      const out = Buffer.allocUnsafe(keyEnd + (primaryPartition === null ? 0 : PARTITION_BYTES))
      out[0] = (primaryPartition === null ? 0 : 1) | (hash === null ? NO_HASH : 0)
      out[1] = value.instruction
      hash?.copy(out, 2)
      key.copy(out, keyStart)
      if (primaryPartition !== null) out.writeInt32BE(primaryPartition, keyEnd)
      return out
    },
    deserialize(bytes: Buffer, topic: string): Subscription {
      const { hash, primaryPartition, keyStart, keyEnd } = subscriptionHead(bytes, topic)
      const instruction = bytes[1]!
      if (instruction > INSTRUCTION.answerIfMatched) throw invalid(topic, 'subscription')
      return {
        hash,
        instruction: instruction as Instruction,
        primaryKey: primaryKey.deserialize(bytes.subarray(keyStart, keyEnd), primaryKeyTopic(topic)),
        primaryPartition,
      }
    },
  })
}

export function responseSerde(foreignValue: Serde<unknown>): Serde<ForeignResponse> {
  return Object.freeze({
    name: `response(${foreignValue.name})`,
    serialize({ hash, foreignValue: value }: ForeignResponse, topic: string): Buffer {
      const bytes = value === null ? null : foreignValue.serialize(value, topic)
      const head = 1 + (hash === null ? 0 : HASH_BYTES)
      const out = Buffer.allocUnsafe(head + (bytes?.length ?? 0))
      out[0] = hash === null ? NO_HASH : 0
      hash?.copy(out, 1)
      bytes?.copy(out, head)
      return out
    },
    deserialize(bytes: Buffer, topic: string): ForeignResponse {
      const first = bytes[0] ?? 0xff
      const head = 1 + ((first & NO_HASH) === 0 ? HASH_BYTES : 0)
      if ((first & 0x7f) !== 0 || bytes.length < head) throw invalid(topic, 'foreign-key response')
      return {
        hash: head === 1 ? null : bytes.subarray(1, head),
        // No bytes and no value look the same, as in Kafka Streams.
        foreignValue: bytes.length === head ? null : foreignValue.deserialize(bytes.subarray(head), topic),
        primaryPartition: null,
      }
    },
  })
}

export function combinedKey(foreignKey: Buffer, primaryKey: Buffer): Buffer {
  const out = Buffer.allocUnsafe(4 + foreignKey.length + primaryKey.length)
  out.writeInt32BE(foreignKey.length, 0)
  foreignKey.copy(out, 4)
  primaryKey.copy(out, 4 + foreignKey.length)
  return out
}

/** Where the primary key begins in a combined key. @throws MillraceError SERDE_BYTES_INVALID */
export function primaryKeyStart(combined: Buffer): number {
  const length = combined.length < 4 ? -1 : combined.readInt32BE(0)
  if (length < 0 || 4 + length > combined.length) {
    throw new MillraceError(
      'SERDE_BYTES_INVALID',
      'a subscription key is shorter than its length field: was it written with another serde, or is it damaged?',
    )
  }
  return 4 + length
}
