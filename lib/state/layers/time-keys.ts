/** Local keys of windowed data: `| int64 time | rest |`, so that rows that expire together are adjacent. */
import { int64ByteString, writeInt64 } from '../../serde/int64-bytes.js'

/** The time in front of a local key. */
export function leadingTime(localKey: string): number {
  return timeAt(localKey, 0)
}

export function timeAt(text: string, at: number): number {
  const high =
    (text.charCodeAt(at) << 24) |
    (text.charCodeAt(at + 1) << 16) |
    (text.charCodeAt(at + 2) << 8) |
    text.charCodeAt(at + 3)
  const low =
    text.charCodeAt(at + 4) * 0x1000000 +
    ((text.charCodeAt(at + 5) << 16) | (text.charCodeAt(at + 6) << 8) | text.charCodeAt(at + 7))
  return high * 0x100000000 + low
}

/** `prefix | int64 time`, an end of a range on disk. */
export function timeBound(prefix: Buffer, time: number): Buffer {
  const out = Buffer.allocUnsafe(prefix.length + 8)
  prefix.copy(out, 0)
  writeInt64(out, time, prefix.length)
  return out
}

/** Makes leading times, remembering the last: consecutive records mostly share a window. */
export class TimePrefix {
  #time = Number.NaN
  #text = ''

  of(time: number): string {
    if (time !== this.#time) {
      this.#time = time
      this.#text = int64ByteString(time)
    }
    return this.#text
  }
}

/** Time and sequence in front of a local key of a join. */
export const JOIN_PREFIX_BYTES = 12

/** `time | sequence | key`, all byte strings. */
export function joinLocalKey(timestampMs: number, sequence: number, key: string): string {
  const s = sequence
  const text = String.fromCharCode((s >>> 24) & 255, (s >>> 16) & 255, (s >>> 8) & 255, s & 255)
  return int64ByteString(timestampMs) + text + key
}
