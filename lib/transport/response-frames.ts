/** Cuts the bytes of a connection into response frames. Each is copied once, so the socket may reuse its buffer. */

const LENGTH_BYTES = 4
const HEAD_BYTES = 8

export interface FrameEvents {
  /**
   * The correlation id of the next answer, before memory is taken for it: what answers here may be no Kafka broker.
   * False rejects it, and nothing more is cut.
   */
  expect(correlationId: number, bytes: number): boolean
  /** The answer behind its correlation id. */
  answer(frame: Buffer): void
}

export class ResponseFrames {
  readonly #events: FrameEvents
  readonly #head = Buffer.alloc(HEAD_BYTES)
  #headBytes = 0
  #frame: Buffer | null = null
  #frameBytes = 0

  constructor(events: FrameEvents) {
    this.#events = events
  }

  /** `bytes` may be overwritten after the call. False where an answer was rejected. */
  push(bytes: Buffer): boolean {
    let at = 0
    do {
      if (this.#frame === null) {
        const taken = bytes.copy(this.#head, this.#headBytes, at)
        at += taken
        this.#headBytes += taken
        if (this.#headBytes < HEAD_BYTES) return true
        if (!this.#begin()) return false
      }
      const frame = this.#frame!
      const taken = bytes.copy(frame, this.#frameBytes, at)
      at += taken
      this.#frameBytes += taken
      if (this.#frameBytes < frame.length) return true
      this.#frame = null
      this.#headBytes = 0
      this.#events.answer(frame)
    } while (at < bytes.length)
    return true
  }

  #begin(): boolean {
    const length = this.#head.readInt32BE(0)
    if (!this.#events.expect(this.#head.readInt32BE(LENGTH_BYTES), length)) return false
    if (length < LENGTH_BYTES) return false
    this.#frame = Buffer.allocUnsafe(length - LENGTH_BYTES)
    this.#frameBytes = 0
    return true
  }
}

/** Where the body of a response with header v1 starts: behind its tagged fields (KIP-482), which are skipped. */
export function behindTags(frame: Buffer): number {
  let at = 0
  const varint = (): number => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = frame[at++] ?? 0
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
  }
  for (let tags = varint(); tags > 0 && at < frame.length; tags--) {
    varint()
    const bytes = varint()
    at += bytes
  }
  return at
}
