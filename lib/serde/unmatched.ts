/**
 * Bytes of records that wait for a partner in a stream-stream join, as Kafka Streams writes them to the changelog:
 *
 *     key      | int64 timestamp | byte side: 1 left, 0 right | key |
 *     value    | byte 1 | int32 count | then per record: int32 length | byte side | value |
 */
import { MillraceError } from '../errors.js'
import { int64ByteString } from './int64-bytes.js'
import type { Serde } from './serde.js'

/** Of a list whose entries differ in length. */
const VARIABLE_SIZE = 1
const COUNT_AT = 1
const HEADER_BYTES = 5
const LEFT = '\x01'
const RIGHT = '\x00'

/** `key` and the result are byte strings. */
export function unmatchedKey(key: string, timestampMs: number, left: boolean): string {
  return int64ByteString(timestampMs) + (left ? LEFT : RIGHT) + key
}

/** The side in an unmatched key. */
export function isLeftKey(unmatched: string): boolean {
  return unmatched.charAt(8) === LEFT
}

export function innerKey(unmatched: string): string {
  return unmatched.slice(9)
}

/** The records of one key, time and side, in the order they came. */
export interface UnmatchedValues {
  readonly left: boolean
  readonly values: readonly unknown[]
}

export function unmatchedValues(left: Serde<unknown>, right: Serde<unknown>): Serde<UnmatchedValues> {
  return {
    name: `unmatched(${left.name}, ${right.name})`,
    serialize(rows, topic) {
      const serde = rows.left ? left : right
      const parts: Buffer[] = [Buffer.alloc(HEADER_BYTES)]
      parts[0]![0] = VARIABLE_SIZE
      parts[0]!.writeInt32BE(rows.values.length, COUNT_AT)
      for (const value of rows.values) {
        const bytes = serde.serialize(value, topic)
        const head = Buffer.allocUnsafe(5)
        head.writeInt32BE(bytes.length + 1, 0)
        head[4] = rows.left ? 1 : 0
        parts.push(head, bytes)
      }
      return Buffer.concat(parts)
    },
    deserialize(bytes, topic) {
      if (bytes.length < HEADER_BYTES || bytes[0] !== VARIABLE_SIZE) throw invalid()
      const values: unknown[] = []
      let isLeft = true
      let at = HEADER_BYTES
      for (let i = bytes.readInt32BE(COUNT_AT); i > 0; i--) {
        if (at + 5 > bytes.length) throw invalid()
        const length = bytes.readInt32BE(at)
        at += 4
        if (length < 1 || at + length > bytes.length) throw invalid()
        isLeft = bytes[at] === 1
        values.push((isLeft ? left : right).deserialize(bytes.subarray(at + 1, at + length), topic))
        at += length
      }
      return { left: isLeft, values }
    },
  }
}

function invalid(): MillraceError {
  return new MillraceError(
    'SERDE_BYTES_INVALID',
    'the bytes are not those of unmatched records: were they written in another format?',
  )
}
