/**
 * A value with the headers it was put with, as a store keeps it: headers in front, value bytes behind. A changelog record
 * carries them as its own headers instead (KIP-1271).
 *
 *     | int32 bytes of headers | { int32 length, key | int32 length (-1: null), value }* | value |
 */
import { type Header, type Headers, NO_HEADERS } from '../record/record.js'
import type { Serde } from './serde.js'

export interface ValueWithHeaders {
  readonly value: unknown
  readonly headers: Headers
}

const LENGTH_BYTES = 4
const NULL_LENGTH = -1

/** Value bytes as a changelog has them, with the headers beside them in front. */
export function joinHeaders(value: Buffer, headers: Headers): Buffer {
  let headerBytes = 0
  for (const { key, value } of headers) headerBytes += 2 * LENGTH_BYTES + Buffer.byteLength(key) + (value?.length ?? 0)
  const out = Buffer.allocUnsafe(LENGTH_BYTES + headerBytes + value.length)
  let at = out.writeInt32BE(headerBytes, 0)
  for (const { key, value } of headers) {
    const keyBytes = out.write(key, at + LENGTH_BYTES)
    out.writeInt32BE(keyBytes, at)
    at = out.writeInt32BE(value === null ? NULL_LENGTH : value.length, at + LENGTH_BYTES + keyBytes)
    if (value !== null) at += Buffer.from(value).copy(out, at)
  }
  value.copy(out, at)
  return out
}

/** The value's own bytes: a view. */
export function valueBytes(stored: Buffer): Buffer {
  return stored.subarray(LENGTH_BYTES + stored.readInt32BE(0))
}

/** Copies of the headers. */
export function headersOf(stored: Buffer): Headers {
  const end = LENGTH_BYTES + stored.readInt32BE(0)
  if (end === LENGTH_BYTES) return NO_HEADERS
  const headers: Header[] = []
  for (let at = LENGTH_BYTES; at < end; ) {
    const keyEnd = at + LENGTH_BYTES + stored.readInt32BE(at)
    const key = stored.toString('utf8', at + LENGTH_BYTES, keyEnd)
    const length = stored.readInt32BE(keyEnd)
    at = keyEnd + LENGTH_BYTES
    headers.push({ key, value: length === NULL_LENGTH ? null : Buffer.from(stored.subarray(at, at + length)) })
    at += Math.max(length, 0)
  }
  return headers
}

/** Of `ValueWithHeaders`. */
export function withHeaders(serde: Serde<unknown>): Serde<unknown> {
  return {
    name: `${serde.name} with headers`,
    serialize(what, topic) {
      const { value, headers } = what as ValueWithHeaders
      return joinHeaders(serde.serialize(value, topic), headers)
    },
    deserialize: (stored, topic): ValueWithHeaders => ({
      value: serde.deserialize(valueBytes(stored), topic),
      headers: headersOf(stored),
    }),
  }
}
