/** Writes Kafka's primitive types into one growing buffer. */
import { MillraceError } from '../../errors.js'

const TWO_32 = 0x1_0000_0000
const MAX_INT16 = 0x7fff

export class Writer {
  #buffer: Buffer
  #length = 0

  constructor(initialBytes = 256) {
    this.#buffer = Buffer.allocUnsafe(initialBytes)
  }

  get size(): number {
    return this.#length
  }

  /** What was written so far. A view: write nothing more once it is handed out. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  boolean(value: boolean): void {
    this.#byte(value ? 1 : 0)
  }

  int8(value: number): void {
    checkInteger(value, 8)
    this.#byte(value)
  }

  int16(value: number): void {
    checkInteger(value, 16)
    const at = this.#reserve(2)
    this.#buffer[at] = value >> 8
    this.#buffer[at + 1] = value
  }

  int32(value: number): void {
    checkInteger(value, 32)
    this.#raw32(value)
  }

  /** PROTOCOL_VALUE_INVALID unless `value` is a safe integer. */
  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw badValue(`${value} is not a safe 64-bit integer`)
    const high = Math.floor(value / TWO_32)
    this.#raw32(high)
    this.#raw32(value - high * TWO_32)
  }

  unsignedVarint(value: number): void {
    while (value > 0x7f) {
      this.#byte((value & 0x7f) | 0x80)
      value >>>= 7
    }
    this.#byte(value)
  }

  /** A zigzag varint of at most 32 bits. */
  varint(value: number): void {
    checkInteger(value, 32)
    this.unsignedVarint(((value << 1) ^ (value >> 31)) >>> 0)
  }

  /** `value` is 22 characters of URL-safe base64. */
  uuid(value: string): void {
    const bytes = Buffer.from(value, 'base64url')
    if (bytes.length !== 16) throw badValue(`"${value}" is not a UUID in URL-safe base64`)
    this.raw(bytes)
  }

  string(value: string, flexible: boolean): void {
    const length = Buffer.byteLength(value)
    if (flexible) this.unsignedVarint(length + 1)
    else {
      if (length > MAX_INT16) throw badValue(`a string has ${length} bytes, more than ${MAX_INT16}`)
      this.int16(length)
    }
    const at = this.#reserve(length)
    this.#buffer.write(value, at, length, 'utf8')
  }

  nullString(flexible: boolean): void {
    if (flexible) this.unsignedVarint(0)
    else this.int16(-1)
  }

  byteString(value: Uint8Array, flexible: boolean): void {
    this.count(value.length, flexible)
    this.raw(value)
  }

  nullByteString(flexible: boolean): void {
    this.count(-1, flexible)
  }

  /** An array's element count, -1 for null. */
  count(count: number, flexible: boolean): void {
    if (flexible) this.unsignedVarint(count + 1)
    else this.int32(count)
  }

  /** Bytes without a length in front. */
  raw(value: Uint8Array): void {
    const at = this.#reserve(value.length)
    this.#buffer.set(value, at)
  }

  #byte(value: number): void {
    const at = this.#reserve(1)
    this.#buffer[at] = value
  }

  #raw32(value: number): void {
    const at = this.#reserve(4)
    const buffer = this.#buffer
    buffer[at] = value >>> 24
    buffer[at + 1] = value >>> 16
    buffer[at + 2] = value >>> 8
    buffer[at + 3] = value
  }

  /** May replace the buffer: take it from `this` only after this call. */
  #reserve(count: number): number {
    const at = this.#length
    const needed = at + count
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
      this.#buffer.copy(larger, 0, 0, at)
      this.#buffer = larger
    }
    this.#length = needed
    return at
  }
}

function checkInteger(value: number, bits: 8 | 16 | 32): void {
  const shift = 32 - bits
  if ((value << shift) >> shift !== value) throw badValue(`${value} is not a signed ${bits}-bit integer`)
}

function badValue(what: string): MillraceError {
  return new MillraceError('PROTOCOL_VALUE_INVALID', `Cannot encode the message: ${what}.`)
}
