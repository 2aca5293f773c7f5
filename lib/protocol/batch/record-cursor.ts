/** Steps through the records of one batch and allocates only the requested fields. */
import { MillraceError } from '../../errors.js'
import { type Header, type Headers, NO_HEADERS } from '../../record/record.js'

const MAX_VARLONG_BYTES = 10

/** What the cursor needs to know of its batch. */
export interface CursorBatch {
  readonly baseOffset: number
  readonly baseTimestamp: number
  /** The same, exact where the number is not. */
  wideBaseTimestamp(): bigint
  readonly maxTimestamp: number
  readonly isLogAppendTime: boolean
  readonly count: number
}

/** After `next()` returned true the fields describe one record; they are overwritten by the next call. */
export class RecordCursor {
  /** What `keyStart` and `valueStart` point into: the batch's bytes, or its inflated records. */
  readonly bytes: Buffer
  offset = -1
  /**
   * Milliseconds since the epoch; the batch's time where the broker stamps records (LogAppendTime). Rounded outside of
   * ±(2^53 - 1), which `Number.isSafeInteger` tells: such a record must be rejected.
   */
  timestamp = -1
  keyStart = 0
  /** -1 for a null key. */
  keyLength = -1
  valueStart = 0
  /** -1 for a null value. */
  valueLength = -1

  readonly #batch: CursorBatch
  readonly #end: number
  readonly #baseOffset: number
  readonly #baseTimestamp: number
  readonly #fixedTimestamp: boolean
  #position: number
  #left: number
  #headersStart = 0

  constructor(batch: CursorBatch, bytes: Buffer, start: number, end: number) {
    this.#batch = batch
    this.bytes = bytes
    this.#position = start
    this.#end = end
    this.#left = batch.count
    this.#baseOffset = batch.baseOffset
    this.#fixedTimestamp = batch.isLogAppendTime
    // NaN makes every sum take the exact way.
    this.#baseTimestamp = Number.isSafeInteger(batch.baseTimestamp) ? batch.baseTimestamp : Number.NaN
    if (batch.isLogAppendTime) this.timestamp = batch.maxTimestamp
  }

  /** False after the last record. PROTOCOL_BATCH_INVALID when the records do not fit the batch. */
  next(): boolean {
    if (this.#left === 0) {
      if (this.#position !== this.#end) throw this.#damaged()
      return false
    }
    this.#left--
    const length = this.#varint()
    const recordEnd = this.#position + length
    if (length < 0 || recordEnd > this.#end) throw this.#damaged()
    this.#position++ // attributes: unused in format 2
    const deltaStart = this.#position
    const timestamp = this.#baseTimestamp + this.#varlong()
    this.offset = this.#baseOffset + this.#varint()
    if (!this.#fixedTimestamp) {
      const exact = timestamp >= Number.MIN_SAFE_INTEGER && timestamp <= Number.MAX_SAFE_INTEGER
      this.timestamp = exact ? timestamp : this.#wideTimestamp(deltaStart)
    }
    const keyLength = this.#varint()
    this.keyStart = this.#position
    this.keyLength = keyLength
    if (keyLength > 0) this.#position += keyLength
    const valueLength = this.#varint()
    this.valueStart = this.#position
    this.valueLength = valueLength
    if (valueLength > 0) this.#position += valueLength
    this.#headersStart = this.#position
    if (this.#position >= recordEnd || keyLength < -1 || valueLength < -1) throw this.#damaged()
    // A record without headers ends here; the others are walked when their headers are asked for.
    if (this.bytes[this.#position] === 0 && this.#position + 1 !== recordEnd) throw this.#damaged()
    this.#position = recordEnd
    return true
  }

  /** The key, not a copy; null when there is none. */
  key(): Buffer | null {
    return this.keyLength < 0 ? null : this.bytes.subarray(this.keyStart, this.keyStart + this.keyLength)
  }

  /** The value, not a copy; null for a tombstone. */
  value(): Buffer | null {
    return this.valueLength < 0 ? null : this.bytes.subarray(this.valueStart, this.valueStart + this.valueLength)
  }

  /** NO_HEADERS when there are none; values are not copied. PROTOCOL_BATCH_INVALID when they do not fit the record. */
  headers(): Headers {
    if (this.bytes[this.#headersStart] === 0) return NO_HEADERS
    const recordEnd = this.#position
    this.#position = this.#headersStart
    const count = this.#varint()
    if (count < 0 || count > recordEnd - this.#position) throw this.#damaged()
    const headers: Header[] = []
    for (let i = 0; i < count; i++) {
      const keyStart = this.#headerBytes(this.#varint(), recordEnd)
      const key = this.bytes.toString('utf8', keyStart, this.#position)
      const valueLength = this.#varint()
      if (valueLength === -1) {
        headers.push({ key, value: null })
        continue
      }
      const valueStart = this.#headerBytes(valueLength, recordEnd)
      headers.push({ key, value: this.bytes.subarray(valueStart, this.#position) })
    }
    if (this.#position !== recordEnd) throw this.#damaged()
    return headers
  }

  #headerBytes(length: number, recordEnd: number): number {
    const start = this.#position
    if (length < 0 || start + length > recordEnd) throw this.#damaged()
    this.#position = start + length
    return start
  }

  /** Reading past the buffer yields zeros, which end a varint; the caller's length checks then refuse the record. */
  #varint(): number {
    const bytes = this.bytes
    let at = this.#position
    let byte = bytes[at++]!
    if (byte < 0x80) {
      this.#position = at
      return (byte >>> 1) ^ -(byte & 1)
    }
    let raw = byte & 0x7f
    for (let shift = 7; shift < 35; shift += 7) {
      byte = bytes[at++]!
      raw |= (byte & 0x7f) << shift
      if (!(byte >= 0x80)) {
        this.#position = at
        return (raw >>> 1) ^ -(raw & 1)
      }
    }
    throw this.#damaged()
  }

  /** A zigzag varint of up to 64 bits; NaN where it is not exact, which outside of ±2^52 it need not be. */
  #varlong(): number {
    const bytes = this.bytes
    const start = this.#position
    let raw = 0
    for (let i = 0; i < 4; i++) {
      const byte = bytes[start + i]!
      raw |= (byte & 0x7f) << (7 * i)
      if (!(byte >= 0x80)) {
        this.#position = start + i + 1
        return (raw >>> 1) ^ -(raw & 1)
      }
    }
    let factor = 2 ** 28
    for (let i = 4; i < MAX_VARLONG_BYTES; i++) {
      const byte = bytes[start + i]!
      raw += (byte & 0x7f) * factor
      if (!(byte >= 0x80)) {
        this.#position = start + i + 1
        if (!Number.isSafeInteger(raw)) return Number.NaN
        return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2
      }
      factor *= 128
    }
    throw this.#damaged()
  }

  /** Base and the delta at `start` added as Kafka's 64 bits; rounded only in the end, if it must be. */
  #wideTimestamp(start: number): number {
    let raw = 0n
    for (let i = 0; i < MAX_VARLONG_BYTES; i++) {
      const byte = this.bytes[start + i]!
      raw |= BigInt(byte & 0x7f) << BigInt(7 * i)
      if (!(byte >= 0x80)) break
    }
    raw = BigInt.asUintN(64, raw)
    const delta = (raw >> 1n) ^ -(raw & 1n)
    return Number(BigInt.asIntN(64, this.#batch.wideBaseTimestamp() + delta))
  }

  #damaged(): MillraceError {
    return new MillraceError(
      'PROTOCOL_BATCH_INVALID',
      `A record of the batch at offset ${this.#batch.baseOffset} does not fit its length.`,
      { offset: this.#batch.baseOffset },
    )
  }
}

/** The time of a record that must be read. @throws MillraceError RECORD_TIMESTAMP_INVALID where it is beyond 2^53 */
export function exactTimestamp(record: RecordCursor, topic: string, partition: number): number {
  const { timestamp, offset } = record
  if (Number.isSafeInteger(timestamp)) return timestamp
  throw new MillraceError(
    'RECORD_TIMESTAMP_INVALID',
    `The record at offset ${offset} of ${topic}-${partition} has a timestamp beyond 2^53: about ${timestamp}.`,
    { topic, partition, offset },
  )
}
