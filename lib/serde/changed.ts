/**
 * A table's change on a repartition topic, as Kafka Streams writes it (KIP-904): the values, then a flag that says which
 * are there.
 *
 *     | old | 0 |    | new | 1 |    | varint length of new | new | old | 2 |
 *
 * Flags 3, 4, 5 are the same with one byte `isLatest` before the flag (versioned tables, KIP-914); they are read, and
 * written where the change is not the latest.
 */
import { MillraceError } from '../errors.js'
import type { Serde } from './serde.js'

/** What stands now and what stood before; null is "nothing". */
interface ChangedValue<V> {
  readonly newValue: V | null
  readonly oldValue: V | null
  readonly isLatest: boolean
}

const OLD_ONLY = 0
const NEW_ONLY = 1
const BOTH = 2
/** Added to the three flags where a byte `isLatest` stands before the flag. */
const WITH_IS_LATEST = 3

function varintLength(value: number): number {
  let length = 1
  for (let rest = value * 2; rest > 127; rest = Math.floor(rest / 128)) length++
  return length
}

function writeVarint(out: Buffer, value: number): number {
  let at = 0
  let rest = value * 2 // zigzag of a number that is never negative
  for (; rest > 127; rest = Math.floor(rest / 128)) out[at++] = (rest % 128) | 128
  out[at++] = rest
  return at
}

function invalid(topic: string, why: string): MillraceError {
  return new MillraceError('SERDE_BYTES_INVALID', `the table change on topic ${topic} ${why}`, { topic })
}

function readVarint(bytes: Buffer, topic: string): { value: number; next: number } {
  let raw = 0
  for (let at = 0; at < 5 && at < bytes.length; at++) {
    const byte = bytes[at]!
    raw += (byte & 127) * 2 ** (7 * at)
    if (byte < 128) {
      if (raw % 2 === 1) break
      return { value: raw / 2, next: at + 1 }
    }
  }
  throw invalid(topic, 'has no valid length')
}

function write(newBytes: Buffer | null, oldBytes: Buffer | null, isLatest: boolean): Buffer {
  const both = newBytes !== null && oldBytes !== null
  const flag = both ? BOTH : newBytes !== null ? NEW_ONLY : OLD_ONLY
  const head = both ? varintLength(newBytes.length) : 0
  const tail = isLatest ? 1 : 2
  const out = Buffer.allocUnsafe(head + (newBytes?.length ?? 0) + (oldBytes?.length ?? 0) + tail)
  let at = both ? writeVarint(out, newBytes.length) : 0
  if (newBytes !== null) at += newBytes.copy(out, at)
  if (oldBytes !== null) at += oldBytes.copy(out, at)
  if (!isLatest) out[at++] = 0
  out[at] = isLatest ? flag : flag + WITH_IS_LATEST
  return out
}

/** Changes whose values `inner` writes. A change with neither value cannot be written. */
export function changed<V>(inner: Serde<V>): Serde<ChangedValue<V>> {
  return Object.freeze({
    name: `changed(${inner.name})`,
    serialize(value: ChangedValue<V>, topic: string): Buffer {
      const newBytes = value.newValue === null ? null : inner.serialize(value.newValue, topic)
      const oldBytes = value.oldValue === null ? null : inner.serialize(value.oldValue, topic)
      if (newBytes === null && oldBytes === null) {
        throw new MillraceError('SERDE_VALUE_INVALID', `a change without values cannot go to topic ${topic}`, { topic })
      }
      return write(newBytes, oldBytes, value.isLatest)
    },
    deserialize(bytes: Buffer, topic: string): ChangedValue<V> {
      const flag = bytes[bytes.length - 1]
      if (flag === undefined || flag > BOTH + WITH_IS_LATEST) throw invalid(topic, 'has an unknown flag')
      const marked = flag >= WITH_IS_LATEST
      if (marked && bytes.length < 2) throw invalid(topic, 'is incomplete')
      const isLatest = marked ? bytes[bytes.length - 2] !== 0 : true
      const values = bytes.subarray(0, bytes.length - (marked ? 2 : 1))
      const kind = marked ? flag - WITH_IS_LATEST : flag
      if (kind === NEW_ONLY) return { newValue: inner.deserialize(values, topic), oldValue: null, isLatest }
      if (kind === OLD_ONLY) return { newValue: null, oldValue: inner.deserialize(values, topic), isLatest }
      const { value: length, next } = readVarint(values, topic)
      if (next + length > values.length) throw invalid(topic, 'is incomplete')
      return {
        newValue: inner.deserialize(values.subarray(next, next + length), topic),
        oldValue: inner.deserialize(values.subarray(next + length), topic),
        isLatest,
      }
    },
  })
}
