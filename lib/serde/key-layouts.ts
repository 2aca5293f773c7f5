/**
 * Byte layouts of windowed keys, as Kafka Streams writes them on topics:
 *
 *     time-windowed key    | key | int64 start |
 *     window store key     | key | int64 start | int32 seq |      (changelog)
 *     session key          | key | int64 end   | int64 start |    (topic and changelog)
 *     buffered stream key  | byte 0 | int64 time | key | int32 seq |  (changelog)
 */
import { MillraceError } from '../errors.js'
import { readInt64, writeInt64 } from './int64-bytes.js'

function withTail(key: Buffer, tailBytes: number): Buffer {
  const out = Buffer.allocUnsafe(key.length + tailBytes)
  key.copy(out, 0)
  return out
}

function checkLength(bytes: Buffer, least: number, what: string): void {
  if (bytes.length < least) {
    throw new MillraceError(
      'SERDE_BYTES_INVALID',
      `a ${what} has at least ${least} bytes, got ${bytes.length}: was it written with another serde?`,
    )
  }
}

export function timeWindowedKey(key: Buffer, startMs: number): Buffer {
  const out = withTail(key, 8)
  writeInt64(out, startMs, key.length)
  return out
}

/** `key` is a view into `bytes`. */
export function splitTimeWindowedKey(bytes: Buffer): { key: Buffer; startMs: number } {
  checkLength(bytes, 8, 'time-windowed key')
  const at = bytes.length - 8
  return { key: bytes.subarray(0, at), startMs: readInt64(bytes, at) }
}

/** `sequence` tells duplicates apart in stores that keep them (stream-stream joins); 0 elsewhere. */
export function windowStoreKey(key: Buffer, startMs: number, sequence = 0): Buffer {
  const out = withTail(key, 12)
  writeInt64(out, startMs, key.length)
  out.writeInt32BE(sequence, key.length + 8)
  return out
}

/** `key` is a view into `bytes`. */
export function splitWindowStoreKey(bytes: Buffer): { key: Buffer; startMs: number; sequence: number } {
  checkLength(bytes, 12, 'window store key')
  const at = bytes.length - 12
  return { key: bytes.subarray(0, at), startMs: readInt64(bytes, at), sequence: bytes.readInt32BE(at + 8) }
}

export function sessionKey(key: Buffer, startMs: number, endMs: number): Buffer {
  const out = withTail(key, 16)
  writeInt64(out, endMs, key.length)
  writeInt64(out, startMs, key.length + 8)
  return out
}

/** `key` is a view into `bytes`. */
export function splitSessionKey(bytes: Buffer): { key: Buffer; startMs: number; endMs: number } {
  checkLength(bytes, 16, 'session key')
  const at = bytes.length - 16
  return { key: bytes.subarray(0, at), startMs: readInt64(bytes, at + 8), endMs: readInt64(bytes, at) }
}

const TIME_FIRST = '\0'

/** Of a stream record that waits for its table; `local` is the byte string of all but the first byte. */
export function bufferedStreamKey(local: string): Buffer {
  return Buffer.from(TIME_FIRST + local, 'latin1')
}

export function splitBufferedStreamKey(bytes: Buffer): string {
  checkLength(bytes, 13, 'buffered stream key')
  return bytes.toString('latin1', 1)
}
