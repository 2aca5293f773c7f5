/** Numbers and texts as bytes: whole numbers take as many bytes as they need, seven bits in each. */

/** Texts of fewer characters are tried as plain ones first; their length is one byte. */
const SHORT_TEXT = 48

/** Collects bytes in memory that is used again. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(1_024)
  #at = 0

  /** Bytes written since {@link reset}. */
  get length(): number {
    return this.#at
  }

  reset(): void {
    this.#at = 0
  }

  /** A whole number from 0 to the largest safe integer. */
  whole(value: number): void {
    this.#room(8)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#at++] = rest
  }

  /** A whole number of either sign, up to half the largest safe integer away from 0. */
  signed(value: number): void {
    this.whole(value < 0 ? -value * 2 - 1 : value * 2)
  }

  /** UTF-8 after its length. */
  text(value: string): void {
    // A UTF-16 unit takes at most three bytes.
    this.#room(value.length * 3 + 8)
    if (value.length < SHORT_TEXT && this.#ascii(value)) return
    const length = Buffer.byteLength(value)
    this.whole(length)
    this.#bytes.write(value, this.#at)
    this.#at += length
  }

  /** Most texts are short and plain: then a loop costs less than a call of the runtime. False: it is not plain. */
  #ascii(value: string): boolean {
    const bytes = this.#bytes
    const start = this.#at + 1
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i)
      if (unit >= 0x80) return false
      bytes[start + i] = unit
    }
    bytes[this.#at] = value.length
    this.#at = start + value.length
    return true
  }

  /** Bytes as they are, without a length. */
  raw(value: Buffer, start = 0, end = value.length): void {
    this.#room(end - start)
    value.copy(this.#bytes, this.#at, start, end)
    this.#at += end - start
  }

  /** Bytes after their length. */
  block(value: Buffer, start = 0, end = value.length): void {
    this.whole(end - start)
    this.raw(value, start, end)
  }

  /** What was written, in memory of its own. */
  copy(): Buffer {
    const copied = Buffer.allocUnsafe(this.#at)
    this.#bytes.copy(copied, 0, 0, this.#at)
    return copied
  }

  /** What was written, into other memory. */
  copyTo(target: Buffer, at: number): void {
    this.#bytes.copy(target, at, 0, this.#at)
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}

/** Reads what {@link ByteWriter} wrote. */
export class ByteReader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  get position(): number {
    return this.#at
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length
  }

  whole(): number {
    const bytes = this.#bytes
    let byte = bytes[this.#at++]!
    if (byte < 0x80) return byte
    let value = byte & 0x7f
    for (let factor = 0x80; ; factor *= 0x80) {
      byte = bytes[this.#at++]!
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      if (byte === undefined) throw new RangeError('a packed value ends too early')
    }
  }

  signed(): number {
    const value = this.whole()
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2
  }

  text(): string {
    const length = this.whole()
    const start = this.#at
    this.#at += length
    return this.#bytes.toString('utf8', start, this.#at)
  }

  /** A view, not a copy. */
  block(): Buffer {
    const length = this.whole()
    const start = this.#at
    this.#at += length
    return this.#bytes.subarray(start, this.#at)
  }

  skip(bytes: number): void {
    this.#at += bytes
  }
}
