/**
 * One row of a suppression buffer as Kafka Streams logs it (version 3), value lengths -1 for null, -2 for "as prior":
 *
 *     | int64 timestamp | int64 offset | int32 length, topic | int32 partition | int32 count, headers |
 *     | int32 length, prior | int32 length, old | int32 length, new | int64 buffer time |
 *
 * A header is `| int32 length, key | int32 length, value |`.
 */
import { type Header, type Headers, NO_HEADERS } from '../record/record.js'
import { readInt64, writeInt64 } from './int64-bytes.js'

export interface BufferedRow {
  /** Record context of the change held: its event time, headers and source record. */
  readonly timestamp: number
  readonly offset: number
  readonly topic: string
  readonly partition: number
  readonly headers: Headers
  /** What downstream has seen last: the old value when the key came into the buffer. */
  readonly prior: Buffer | null
  readonly old: Buffer | null
  readonly now: Buffer | null
  /** From which its waiting counts; `Number.MAX_SAFE_INTEGER` stands for "never". */
  readonly bufferTimeMs: number
}

const NULL_LENGTH = -1
const SAME_AS_PRIOR = -2
const LENGTH_BYTES = 4
const FIXED_BYTES = 8 + 8 + 4 + 4 + 4 + 3 * LENGTH_BYTES + 8
const CHANGELOG_VERSION = 3
/** The end of an unlimited window, Java's largest long. */
const NEVER = Buffer.from('7fffffffffffffff', 'hex')

/** What a changelog record of a row, but not of a removal, carries beside it. */
const VERSION_HEADERS: Headers = Object.freeze([{ key: 'v', value: Buffer.of(CHANGELOG_VERSION) }])

export function suppressHeaders(value: Buffer | null): Headers {
  return value === null ? NO_HEADERS : VERSION_HEADERS
}

function same(a: Buffer | null, b: Buffer | null): boolean {
  return a === b || (a !== null && b !== null && a.equals(b))
}

function putBytes(out: Buffer, bytes: Buffer | null, at: number): number {
  if (bytes === null) return out.writeInt32BE(NULL_LENGTH, at)
  out.writeInt32BE(bytes.length, at)
  return at + LENGTH_BYTES + bytes.copy(out, at + LENGTH_BYTES)
}

export function encodeBufferedRow(row: BufferedRow): Buffer {
  const topic = Buffer.from(row.topic, 'utf8')
  const headers = row.headers.map(({ key, value }) => ({ key: Buffer.from(key, 'utf8'), value }))
  const headerBytes = headers.reduce((sum, { key, value }) => sum + 8 + key.length + (value?.length ?? 0), 0)
  const oldIsPrior = row.old !== null && same(row.prior, row.old)
  const oldBytes = oldIsPrior ? 0 : (row.old?.length ?? 0)
  const valueBytes = (row.prior?.length ?? 0) + oldBytes + (row.now?.length ?? 0)
  const out = Buffer.allocUnsafe(FIXED_BYTES + topic.length + headerBytes + valueBytes)
  writeInt64(out, row.timestamp, 0)
  writeInt64(out, row.offset, 8)
  let at = putBytes(out, topic, 16)
  at = out.writeInt32BE(row.partition, at)
  at = out.writeInt32BE(headers.length, at)
  for (const { key, value } of headers) at = putBytes(out, value, putBytes(out, key, at))
  at = putBytes(out, row.prior, at)
  at = oldIsPrior ? out.writeInt32BE(SAME_AS_PRIOR, at) : putBytes(out, row.old, at)
  at = putBytes(out, row.now, at)
  if (row.bufferTimeMs >= Number.MAX_SAFE_INTEGER) NEVER.copy(out, at)
  else writeInt64(out, row.bufferTimeMs, at)
  return out
}

/** The time at the end of a row, without reading the rest. */
export function bufferTimeOf(bytes: Buffer): number {
  return Math.min(readInt64(bytes, bytes.length - 8), Number.MAX_SAFE_INTEGER)
}

/** Values are views into `bytes`. */
export function decodeBufferedRow(bytes: Buffer): BufferedRow {
  let at = 16
  const next = (): Buffer | null | 'prior' => {
    const length = bytes.readInt32BE(at)
    at += LENGTH_BYTES
    if (length === SAME_AS_PRIOR) return 'prior'
    if (length < 0) return null
    at += length
    return bytes.subarray(at - length, at)
  }
  const topic = String(next())
  const partition = bytes.readInt32BE(at)
  const count = bytes.readInt32BE(at + 4)
  at += 8
  const headers: Header[] = []
  for (let i = 0; i < count; i++) headers.push({ key: String(next()), value: next() as Buffer | null })
  const prior = next() as Buffer | null
  const old = next()
  const now = next() as Buffer | null
  return {
    timestamp: readInt64(bytes, 0),
    offset: readInt64(bytes, 8),
    topic,
    partition,
    headers: count === 0 ? NO_HEADERS : headers,
    prior,
    old: old === 'prior' ? prior : old,
    now,
    bufferTimeMs: bufferTimeOf(bytes),
  }
}

/** What a row counts towards `maxBytes`: Kafka Streams' estimate of its memory, so that the same limit means the same. */
export function bufferedRowBytes(keyBytes: number, row: BufferedRow): number {
  let bytes = 8 + keyBytes + 8 + 8 + row.topic.length + 4
  for (const { key, value } of row.headers) bytes += key.length + (value?.length ?? 0)
  bytes += (row.prior?.length ?? 0) + (row.now?.length ?? 0)
  return same(row.prior, row.old) ? bytes : bytes + (row.old?.length ?? 0)
}
