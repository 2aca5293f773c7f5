/** Builds record batches (format v2) in one growing buffer, without an object per record. */

import { MillraceError } from '../../errors.js'
import { crc32c } from '../../record/crc32c.js'
import { kindOf } from '../../record/kind-of.js'
import { type Headers, NO_HEADERS } from '../../record/record.js'
import { COMPRESSIONS, type Compression, compress } from './compression.js'
import { BATCH, CONTROL_FLAG, putInt64, TRANSACTIONAL_FLAG } from './layout.js'

export interface BatchBuilderOptions {
  /** First size of the buffer; when it is full it grows to 16 KiB, then doubles. Default 1 KiB. */
  readonly initialBytes?: number
}

export interface BatchOptions {
  /** -1 (the default) for a producer that is neither idempotent nor transactional. */
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly transactional?: boolean
  readonly control?: boolean
  /** Default none. */
  readonly compression?: Compression
  /** Offset of the first record; a producer leaves it 0 and the broker assigns it. */
  readonly baseOffset?: number
  /** -1 until the broker assigns it. */
  readonly partitionLeaderEpoch?: number
  /** Last offset minus base offset; by default that of the last record. Compaction keeps the one the batch had. */
  readonly lastOffsetDelta?: number
}

/** Most batches of a low rate fit: a small buffer comes from a pool, a large one from the system. */
const FIRST_BYTES = 1_024
const GROWN_BYTES = 16_384
/** Below this a loop copies faster than a call. */
const LOOP_BYTES = 32
const NULL_LENGTH = 1
/** Up to here twice the number is exact. */
const WIDE_FROM = 2 ** 52
const WIDE = Buffer.alloc(10)

export class BatchBuilder {
  #buffer: Buffer
  #length: number = BATCH.records
  #records = 0
  #lastDelta = -1
  #baseTimestamp = 0
  #latestTimestamp = 0

  constructor(options: BatchBuilderOptions = {}) {
    this.#buffer = Buffer.allocUnsafe(Math.max(options.initialBytes ?? FIRST_BYTES, BATCH.records + 64))
  }

  get count(): number {
    return this.#records
  }

  /** Size of the batch so far, header included, before compression. */
  get sizeBytes(): number {
    return this.#length
  }

  /** The greatest timestamp appended; 0 while empty. */
  get maxTimestamp(): number {
    return this.#latestTimestamp
  }

  /**
   * Copies one record to the end of the batch. `timestamp` is in milliseconds. PROTOCOL_VALUE_INVALID unless it is an
   * integer within ±(2^53 - 1), and no further than that from the batch's first, and key, value and header values are
   * bytes or null. `offsetDelta` leaves gaps where compaction removed records; it must grow.
   */
  append(
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Headers = NO_HEADERS,
    offsetDelta = this.#lastDelta + 1,
  ): void {
    const delta = this.#records === 0 ? 0 : timestamp - this.#baseTimestamp
    if (!Number.isSafeInteger(timestamp) || !Number.isSafeInteger(delta)) {
      throw new MillraceError(
        'PROTOCOL_VALUE_INVALID',
        `A record's timestamp is ${kindOf(timestamp)}, not a whole number of milliseconds.`,
      )
    }
    // Null is an object, too; a string has a length and would be copied as zeros.
    if (typeof key !== 'object' || typeof value !== 'object') throw notBytes()
    const keyLength = key === null ? -1 : key.length
    const valueLength = value === null ? -1 : value.length
    const size =
      1 +
      varlongSize(delta) +
      varintSize(offsetDelta) +
      (key === null ? NULL_LENGTH : varintSize(keyLength) + keyLength) +
      (value === null ? NULL_LENGTH : varintSize(valueLength) + valueLength) +
      (headers.length === 0 ? 1 : headersSize(headers))
    // What has no length is no bytes.
    if (!(size > 0)) throw notBytes()
    if (this.#records === 0) {
      this.#baseTimestamp = timestamp
      this.#latestTimestamp = timestamp
    } else if (timestamp > this.#latestTimestamp) this.#latestTimestamp = timestamp
    this.#reserve(size + 5)
    const buffer = this.#buffer
    let at = writeVarint(buffer, this.#length, size)
    buffer[at++] = 0
    at = writeVarlong(buffer, at, delta)
    at = writeVarint(buffer, at, offsetDelta)
    at = writeVarint(buffer, at, keyLength)
    if (key !== null) at = copyInto(buffer, at, key)
    at = writeVarint(buffer, at, valueLength)
    if (value !== null) at = copyInto(buffer, at, value)
    if (headers.length === 0) buffer[at++] = 0
    else at = writeHeaders(buffer, at, headers)
    this.#length = at
    this.#records++
    this.#lastDelta = offsetDelta
  }

  /**
   * The finished batch as a copy of its own; the builder is then empty and may be used again. An empty builder gives a
   * batch without records, which a broker rejects: check `count` first.
   */
  build(options: BatchOptions = {}): Buffer {
    const codec = options.compression ?? 'none'
    const batch = codec === 'none' ? this.#copyOut() : this.#compressOut(codec)
    putInt64(batch, BATCH.baseOffset, options.baseOffset ?? 0)
    batch.writeInt32BE(batch.length - BATCH.lengthEnd, BATCH.length)
    batch.writeInt32BE(options.partitionLeaderEpoch ?? -1, BATCH.partitionLeaderEpoch)
    batch[BATCH.magic] = 2
    const flags = (options.transactional ? TRANSACTIONAL_FLAG : 0) | (options.control ? CONTROL_FLAG : 0)
    batch.writeInt16BE(COMPRESSIONS.indexOf(codec) | flags, BATCH.attributes)
    batch.writeInt32BE(options.lastOffsetDelta ?? Math.max(0, this.#lastDelta), BATCH.lastOffsetDelta)
    putInt64(batch, BATCH.baseTimestamp, this.#baseTimestamp)
    putInt64(batch, BATCH.maxTimestamp, this.#latestTimestamp)
    putInt64(batch, BATCH.producerId, options.producerId ?? -1)
    batch.writeInt16BE(options.producerEpoch ?? -1, BATCH.producerEpoch)
    batch.writeInt32BE(options.baseSequence ?? -1, BATCH.baseSequence)
    batch.writeInt32BE(this.#records, BATCH.count)
    batch.writeUInt32BE(crc32c(batch, BATCH.attributes), BATCH.crc)
    this.reset()
    return batch
  }

  /** Drops what was appended. */
  reset(): void {
    this.#length = BATCH.records
    this.#records = 0
    this.#lastDelta = -1
    this.#baseTimestamp = 0
    this.#latestTimestamp = 0
  }

  #copyOut(): Buffer {
    const batch = Buffer.allocUnsafe(this.#length)
    this.#buffer.copy(batch, BATCH.records, BATCH.records, this.#length)
    return batch
  }

  #compressOut(codec: Compression): Buffer {
    const compressed = compress(codec, this.#buffer.subarray(BATCH.records, this.#length))
    const batch = Buffer.allocUnsafe(BATCH.records + compressed.length)
    compressed.copy(batch, BATCH.records)
    return batch
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2, GROWN_BYTES))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}

function notBytes(): MillraceError {
  return new MillraceError('PROTOCOL_VALUE_INVALID', "A record's key, value or header value is neither bytes nor null.")
}

function varintSize(value: number): number {
  const raw = ((value << 1) ^ (value >> 31)) >>> 0
  return raw < 0x80 ? 1 : raw < 0x4000 ? 2 : raw < 0x20_0000 ? 3 : raw < 0x1000_0000 ? 4 : 5
}

function varlongSize(value: number): number {
  if (value >= -0x4000_0000 && value < 0x4000_0000) return varintSize(value)
  if (!isNarrow(value)) return writeWideVarlong(WIDE, 0, value)
  let raw = value >= 0 ? value * 2 : -value * 2 - 1
  let size = 1
  while (raw >= 128) {
    raw /= 128
    size++
  }
  return size
}

function writeVarint(buffer: Buffer, at: number, value: number): number {
  let raw = ((value << 1) ^ (value >> 31)) >>> 0
  while (raw > 0x7f) {
    buffer[at++] = (raw & 0x7f) | 0x80
    raw >>>= 7
  }
  buffer[at++] = raw
  return at
}

function writeVarlong(buffer: Buffer, at: number, value: number): number {
  if (value >= -0x4000_0000 && value < 0x4000_0000) return writeVarint(buffer, at, value)
  if (!isNarrow(value)) return writeWideVarlong(buffer, at, value)
  let raw = value >= 0 ? value * 2 : -value * 2 - 1
  while (raw >= 128) {
    buffer[at++] = (raw % 128) | 0x80
    raw = Math.floor(raw / 128)
  }
  buffer[at++] = raw
  return at
}

/** Doubled by the zigzag, the number is still exact. */
function isNarrow(value: number): boolean {
  return value >= -WIDE_FROM && value <= WIDE_FROM
}

function writeWideVarlong(buffer: Buffer, at: number, value: number): number {
  let raw = value >= 0 ? BigInt(value) * 2n : -BigInt(value) * 2n - 1n
  while (raw >= 128n) {
    buffer[at++] = Number(raw % 128n) | 0x80
    raw /= 128n
  }
  buffer[at++] = Number(raw)
  return at
}

function copyInto(buffer: Buffer, at: number, source: Uint8Array): number {
  const length = source.length
  if (length > LOOP_BYTES) buffer.set(source, at)
  else for (let i = 0; i < length; i++) buffer[at + i] = source[i]!
  return at + length
}

function headersSize(headers: Headers): number {
  let size = varintSize(headers.length)
  for (const { key, value } of headers) {
    const keyLength = Buffer.byteLength(key)
    if (typeof value !== 'object') throw notBytes()
    size += varintSize(keyLength) + keyLength
    size += value === null ? NULL_LENGTH : varintSize(value.length) + value.length
  }
  return size
}

function writeHeaders(buffer: Buffer, at: number, headers: Headers): number {
  at = writeVarint(buffer, at, headers.length)
  for (const { key, value } of headers) {
    const keyLength = Buffer.byteLength(key)
    at = writeVarint(buffer, at, keyLength)
    at += buffer.write(key, at, keyLength, 'utf8')
    at = writeVarint(buffer, at, value === null ? -1 : value.length)
    if (value !== null) at = copyInto(buffer, at, value)
  }
  return at
}
