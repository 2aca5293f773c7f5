/** The field positions of a record batch header (format v2, KIP-98), and its 64-bit integers. */
import { MillraceError } from '../../errors.js'

/** Byte positions from the start of a batch. The checksum covers everything from `attributes` on. */
export const BATCH = {
  baseOffset: 0,
  length: 8,
  /** The length field counts the bytes from here. */
  lengthEnd: 12,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  /** The header's size, and where the records begin. */
  records: 61,
} as const

export const LOG_APPEND_TIME_FLAG = 8
export const TRANSACTIONAL_FLAG = 16
export const CONTROL_FLAG = 32

const TWO_32 = 0x1_0000_0000

/** PROTOCOL_BATCH_INVALID outside ±(2^53 - 1). */
export function readSafeInt64(bytes: Buffer, at: number): number {
  const value = roundedInt64(bytes, at)
  if (!Number.isSafeInteger(value)) {
    throw new MillraceError('PROTOCOL_BATCH_INVALID', 'A record batch header holds a number outside ±(2^53 - 1).')
  }
  return value
}

/** The number at `at`, rounded outside of ±(2^53 - 1): for timestamps, which their writer may have made of anything. */
export function roundedInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * TWO_32 + bytes.readUInt32BE(at + 4)
}

export function putInt64(bytes: Buffer, at: number, value: number): void {
  const high = Math.floor(value / TWO_32)
  bytes.writeInt32BE(high, at)
  bytes.writeUInt32BE(value - high * TWO_32, at + 4)
}
