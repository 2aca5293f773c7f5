/** Text, bytes and numbers in the layouts of Kafka's own Java serialisers. */
import { MillraceError } from '../errors.js'
import { kindOf } from '../record/kind-of.js'
import { own } from './checked.js'
import { int64ByteString, readInt64, writeInt64 } from './int64-bytes.js'
import type { Serde } from './serde.js'

function wrongLength(name: string, expected: number, bytes: Buffer, topic: string): MillraceError {
  return new MillraceError(
    'SERDE_BYTES_INVALID',
    `${name} needs ${expected} bytes, got ${bytes.length} on topic ${topic}: was it written with another serde?`,
    { topic },
  )
}

function wrongValue(name: string, wanted: string, value: unknown, topic: string): MillraceError {
  const text = `${name} takes ${wanted}, got ${shownKind(value)} for topic ${topic}`
  return new MillraceError('SERDE_VALUE_INVALID', text, { topic })
}

/** What is often written by mistake, with the way out. */
function shownKind(value: unknown): string {
  if (value instanceof Promise) return 'a promise (await it in mapAsync or mapValuesAsync)'
  const isWindowed = typeof value === 'object' && value !== null && 'window' in value && 'key' in value
  return isWindowed ? 'a windowed key (use timeWindowed or sessionWindowed)' : kindOf(value)
}

/** Longer texts go straight to the encoder; below this, a loop over the chars is cheaper than a regular expression. */
const SHORT_TEXT_CHARS = 64

const NOT_ASCII = /[^\0-\x7f]/
const LONE_SURROGATE = /[\ud800-\udfff]/u

function isAscii(text: string): boolean {
  if (text.length > SHORT_TEXT_CHARS) return !NOT_ASCII.test(text)
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

/** Text in UTF-8. Malformed bytes are read as U+FFFD, as in Java; a lone surrogate is written as U+FFFD. */
export const string: Serde<string> = own({
  name: 'string',
  serialize(value: string, topic: string): Buffer {
    if (typeof value !== 'string') throw wrongValue('string', 'a string', value, topic)
    return Buffer.from(value, 'utf8')
  },
  deserialize: (bytes: Buffer): string => bytes.toString('utf8'),
  deserializeAt: (bytes: Buffer, start: number, end: number): string => bytes.toString('utf8', start, end),
  byteString(value: string, topic: string): string {
    if (typeof value !== 'string') throw wrongValue('string', 'a string', value, topic)
    return isAscii(value) ? value : Buffer.from(value, 'utf8').toString('latin1')
  },
  keeps: (value: unknown): boolean => typeof value === 'string' && (isAscii(value) || !LONE_SURROGATE.test(value)),
})

/** Bytes as they are. `deserialize` returns a copy. */
export const bytes: Serde<Buffer> = own({
  name: 'bytes',
  serialize(value: Buffer, topic: string): Buffer {
    if (!Buffer.isBuffer(value)) throw wrongValue('bytes', 'a Buffer', value, topic)
    return value
  },
  deserialize: (value: Buffer): Buffer => Buffer.from(value),
  byteString: (value: Buffer): string => value.toString('latin1'),
})

/** `|` takes no bigint. */
function isInt32(value: unknown): value is number {
  return typeof value === 'number' && (value | 0) === value
}

/** A whole number from -2^31 to 2^31 - 1 as 4 bytes, big endian (Java's IntegerSerializer). */
export const int32: Serde<number> = own({
  name: 'int32',
  serialize(value: number, topic: string): Buffer {
    if (!isInt32(value)) throw wrongValue('int32', 'a whole number of 32 bits', value, topic)
    const out = Buffer.allocUnsafe(4)
    out.writeInt32BE(value, 0)
    return out
  },
  deserialize(value: Buffer, topic: string): number {
    if (value.length !== 4) throw wrongLength('int32', 4, value, topic)
    return value.readInt32BE(0)
  },
  byteString(value: number, topic: string): string {
    if (!isInt32(value)) throw wrongValue('int32', 'a whole number of 32 bits', value, topic)
    return String.fromCharCode((value >> 24) & 255, (value >> 16) & 255, (value >> 8) & 255, value & 255)
  },
  keeps: isInt32,
})

/** A whole number from -(2^53 - 1) to 2^53 - 1 as 8 bytes, big endian (Java's LongSerializer). Use {@link bigint64} for larger ones. */
export const int64: Serde<number> = own({
  name: 'int64',
  serialize(value: number, topic: string): Buffer {
    if (!Number.isSafeInteger(value)) throw wrongValue('int64', 'a safe integer', value, topic)
    const out = Buffer.allocUnsafe(8)
    writeInt64(out, value, 0)
    return out
  },
  deserialize(value: Buffer, topic: string): number {
    if (value.length !== 8) throw wrongLength('int64', 8, value, topic)
    const number = readInt64(value, 0)
    if (!Number.isSafeInteger(number)) {
      throw new MillraceError('SERDE_BYTES_INVALID', `int64 on topic ${topic} is beyond 2^53: read it with bigint64`, {
        topic,
      })
    }
    return number
  },
  byteString(value: number, topic: string): string {
    if (!Number.isSafeInteger(value)) throw wrongValue('int64', 'a safe integer', value, topic)
    return int64ByteString(value)
  },
  keeps: (value: unknown): boolean => Number.isSafeInteger(value),
})

function isInt64(value: unknown): boolean {
  return typeof value === 'bigint' && BigInt.asIntN(64, value) === value
}

/** A bigint of 64 bits as 8 bytes, big endian; the same bytes as {@link int64}. */
export const bigint64: Serde<bigint> = own({
  name: 'bigint64',
  keeps: isInt64,
  serialize(value: bigint, topic: string): Buffer {
    if (!isInt64(value)) {
      throw wrongValue('bigint64', 'a bigint of 64 bits', value, topic)
    }
    const out = Buffer.allocUnsafe(8)
    out.writeBigInt64BE(value, 0)
    return out
  },
  deserialize(value: Buffer, topic: string): bigint {
    if (value.length !== 8) throw wrongLength('bigint64', 8, value, topic)
    return value.readBigInt64BE(0)
  },
})

/** An IEEE 754 double as 8 bytes, big endian (Java's DoubleSerializer). */
export const float64: Serde<number> = own({
  name: 'float64',
  keeps: (value: unknown): boolean => typeof value === 'number',
  serialize(value: number, topic: string): Buffer {
    if (typeof value !== 'number') throw wrongValue('float64', 'a number', value, topic)
    const out = Buffer.allocUnsafe(8)
    out.writeDoubleBE(value, 0)
    return out
  },
  deserialize(value: Buffer, topic: string): number {
    if (value.length !== 8) throw wrongLength('float64', 8, value, topic)
    return value.readDoubleBE(0)
  },
})
