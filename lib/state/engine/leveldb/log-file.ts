/** Reads LevelDB's log format, used for its write-ahead logs and its manifest, and detects damage. */
import { crc32c } from '../../../record/crc32c.js'

const BLOCK_BYTES = 32 * 1024
const HEADER_BYTES = 7

const FULL = 1
// FIRST = 2
const MIDDLE = 3
const LAST = 4

export interface LogContent {
  readonly records: readonly Buffer[]
  /**
   * Something in front of a valid record cannot be read. LevelDB would skip it in silence, and what follows would be applied
   * without what it builds on. A tail that cannot be read is no gap: a process that dies leaves one.
   */
  readonly gap: boolean
}

/** Undoes the mask LevelDB puts over stored checksums. */
export function unmasked(stored: number): number {
  const rotated = (stored - 0xa282ead8) >>> 0
  return ((rotated >>> 17) | (rotated << 15)) >>> 0
}

interface Fragment {
  readonly type: number
  readonly data: Buffer
  readonly end: number
}

export function readLog(bytes: Buffer): LogContent {
  const records: Buffer[] = []
  let parts: Buffer[] = []
  let unreadable = false
  let gap = false
  let at = 0
  while (at + HEADER_BYTES <= bytes.length) {
    const left = BLOCK_BYTES - (at % BLOCK_BYTES)
    if (left < HEADER_BYTES) {
      at += left
      continue
    }
    const fragment = fragmentAt(bytes, at, Math.min(at + left, bytes.length))
    if (fragment === null) {
      unreadable = true
      parts = []
      at = nextAttempt(bytes, at, left)
      continue
    }
    at = fragment.end
    if (unreadable) gap = true
    const continues = fragment.type === MIDDLE || fragment.type === LAST
    if (continues !== parts.length > 0) gap = true
    parts = continues ? [...parts, fragment.data] : [fragment.data]
    if (fragment.type !== FULL && fragment.type !== LAST) continue
    records.push(parts.length === 1 ? parts[0]! : Buffer.concat(parts))
    parts = []
  }
  return { records, gap }
}

function fragmentAt(bytes: Buffer, at: number, blockEnd: number): Fragment | null {
  const length = bytes.readUInt16LE(at + 4)
  const type = bytes[at + 6]!
  const end = at + HEADER_BYTES + length
  if (type < FULL || type > LAST || end > blockEnd) return null
  if (unmasked(bytes.readUInt32LE(at)) !== crc32c(bytes, at + 6, end)) return null
  return { type, data: bytes.subarray(at + HEADER_BYTES, end), end }
}

/** Behind what cannot be read: where its length says, if something readable stands there, or else the next block. */
function nextAttempt(bytes: Buffer, at: number, left: number): number {
  const next = at + HEADER_BYTES + bytes.readUInt16LE(at + 4)
  const blockEnd = at + left
  if (next + HEADER_BYTES <= Math.min(blockEnd, bytes.length) && bytes[at + 6] !== 0) {
    if (fragmentAt(bytes, next, Math.min(blockEnd, bytes.length)) !== null) return next
  }
  return blockEnd
}
