/** A cursor over bytes in LevelDB's encodings: varints, and strings with their length in front. */

/** What was read makes no sense. */
export class Malformed extends Error {}

export class Cursor {
  readonly bytes: Buffer
  at: number

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length
  }

  /** File numbers, sizes and sequence numbers: all far below 2^53. */
  varint(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes[this.at++]
      if (byte === undefined || factor > 2 ** 63) throw new Malformed('a number is incomplete')
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }

  string(): Buffer {
    return this.take(this.varint())
  }

  take(length: number): Buffer {
    const end = this.at + length
    if (end > this.bytes.length) throw new Malformed('a string is incomplete')
    const bytes = this.bytes.subarray(this.at, end)
    this.at = end
    return bytes
  }
}
