/** Reads Kafka's primitive types from bytes; every malformed input raises a MillraceError, never a RangeError. */
import { MillraceError } from '../../errors.js'

const TWO_32 = 0x1_0000_0000

/** A position in a byte range. All reads move it; `bytes` and `records` are subarrays of the input, not copies. */
export class Reader {
  readonly bytes: Buffer
  readonly end: number
  position: number

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.bytes = bytes
    this.position = start
    this.end = end
  }

  get remaining(): number {
    return this.end - this.position
  }

  /** Moves over `length` bytes and returns where they began. */
  take(length: number): number {
    const start = this.position
    if (length > this.end - start) {
      throw new MillraceError(
        'PROTOCOL_TRUNCATED',
        `Needed ${length} bytes at position ${start}, but the message ends at ${this.end}; the message is incomplete or has another format.`,
      )
    }
    this.position = start + length
    return start
  }

  boolean(): boolean {
    return this.bytes[this.take(1)] !== 0
  }

  int8(): number {
    return (this.bytes[this.take(1)]! << 24) >> 24
  }

  int16(): number {
    const at = this.take(2)
    return ((this.bytes[at]! << 24) >> 16) | this.bytes[at + 1]!
  }

  int32(): number {
    const at = this.take(4)
    const bytes = this.bytes
    return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  }

  /** A signed 64-bit integer; PROTOCOL_INVALID outside ±(2^53 - 1). */
  int64(): number {
    const value = this.int32() * TWO_32 + (this.int32() >>> 0)
    if (!Number.isSafeInteger(value)) throw invalid(`the 64-bit integer is outside ±(2^53 - 1)`, this.position - 8)
    return value
  }

  unsignedVarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.take(1)]!
      if (shift === 28 && byte > 0x0f) break
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw invalid('a varint is longer than 32 bits', this.position - 5)
  }

  /** A zigzag varint of at most 32 bits. */
  varint(): number {
    const raw = this.unsignedVarint()
    return (raw >>> 1) ^ -(raw & 1)
  }

  /** 16 bytes as 22 characters of URL-safe base64, the form Kafka's own tools print. */
  uuid(): string {
    const at = this.take(16)
    return this.bytes.toString('base64url', at, at + 16)
  }

  string(flexible: boolean): string {
    const length = this.#stringLength(flexible)
    if (length < 0) throw invalid('a string that may not be null is null', this.position)
    return this.utf8(length)
  }

  nullableString(flexible: boolean): string | null {
    const length = this.#stringLength(flexible)
    return length < 0 ? null : this.utf8(length)
  }

  byteString(flexible: boolean): Buffer {
    const value = this.nullableByteString(flexible)
    if (value === null) throw invalid('a byte field that may not be null is null', this.position)
    return value
  }

  nullableByteString(flexible: boolean): Buffer | null {
    const length = flexible ? this.unsignedVarint() - 1 : this.int32()
    if (length < -1) throw invalid(`a byte length is ${length}`, this.position)
    if (length < 0) return null
    const at = this.take(length)
    return this.bytes.subarray(at, at + length)
  }

  /** An array's element count, -1 for null. An element takes at least one byte, so a larger count is rejected here. */
  count(flexible: boolean): number {
    const count = flexible ? this.unsignedVarint() - 1 : this.int32()
    if (count < -1 || count > this.remaining) {
      throw invalid(`an array claims ${count} elements with ${this.remaining} bytes left`, this.position)
    }
    return count
  }

  utf8(length: number): string {
    const at = this.take(length)
    return length === 0 ? '' : this.bytes.toString('utf8', at, at + length)
  }

  #stringLength(flexible: boolean): number {
    const length = flexible ? this.unsignedVarint() - 1 : this.int16()
    if (length < -1) throw invalid(`a string length is ${length}`, this.position)
    return length
  }
}

function invalid(what: string, position: number): MillraceError {
  return new MillraceError('PROTOCOL_INVALID', `Malformed message: ${what} (at byte ${position}).`)
}
