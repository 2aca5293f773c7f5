/** Snappy in Kafka's formats: the blocks of Java's snappy streams, or one bare block as librdkafka writes it. */
import { compress as compressBlock } from 'snappyjs'
import { MillraceError } from '../../errors.js'

/** Magic of the framing, then version 1 and compatible version 1. */
const FRAME_HEADER = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
const MAGIC_BYTES = 8
const BLOCK_BYTES = 32 * 1024
/** A copy element of 3 bytes yields at most 64 bytes. */
const MAX_EXPANSION = 22

export function compressSnappy(data: Buffer): Buffer {
  const parts: Buffer[] = [FRAME_HEADER]
  for (let at = 0; at < data.length; at += BLOCK_BYTES) {
    const block = compressBlock(data.subarray(at, at + BLOCK_BYTES))
    const length = Buffer.allocUnsafe(4)
    length.writeInt32BE(block.length)
    parts.push(length, block)
  }
  return Buffer.concat(parts)
}

/** PROTOCOL_TOO_LARGE past `maxBytes`, PROTOCOL_COMPRESSION_FAILED for damaged data. */
export function decompressSnappy(data: Buffer, maxBytes: number): Buffer {
  if (data.length < FRAME_HEADER.length || data.compare(FRAME_HEADER, 0, MAGIC_BYTES, 0, MAGIC_BYTES) !== 0) {
    return decompressBlock(data, maxBytes)
  }
  const parts: Buffer[] = []
  let total = 0
  let at = FRAME_HEADER.length
  while (at < data.length) {
    if (at + 4 > data.length) throw damaged()
    const length = data.readUInt32BE(at)
    at += 4
    if (length > data.length - at) throw damaged()
    const block = decompressBlock(data.subarray(at, at + length), maxBytes - total)
    total += block.length
    parts.push(block)
    at += length
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, total)
}

function decompressBlock(block: Buffer, maxBytes: number): Buffer {
  let length = 0
  let at = 0
  for (let more = true; more; at++) {
    if (at === 5 || at === block.length) throw damaged()
    length += (block[at]! & 0x7f) * 2 ** (7 * at)
    more = block[at]! >= 0x80
  }
  if (length > maxBytes) {
    throw new MillraceError(
      'PROTOCOL_TOO_LARGE',
      "A record batch's snappy data is larger than its limit when decompressed.",
    )
  }
  if (length > block.length * MAX_EXPANSION) throw damaged()
  const out = Buffer.allocUnsafe(length)
  inflate(block, at, out)
  return out
}

/** Runs the elements of a block (snappy format description, section 2) from `at` on; they must fill `out` exactly. */
function inflate(block: Buffer, at: number, out: Buffer): void {
  let filled = 0
  while (at < block.length) {
    const tag = block[at++]!
    const kind = tag & 3
    if (kind === 0) {
      let length = (tag >> 2) + 1
      if (length > 60) {
        const lengthBytes = length - 60
        length = littleEndian(block, at, lengthBytes) + 1
        at += lengthBytes
      }
      if (at + length > block.length || filled + length > out.length) throw damaged()
      block.copy(out, filled, at, at + length)
      at += length
      filled += length
      continue
    }
    const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
    const offsetBytes = kind === 3 ? 4 : kind
    const offset = littleEndian(block, at, offsetBytes) + (kind === 1 ? (tag >> 5) << 8 : 0)
    at += offsetBytes
    if (offset === 0 || offset > filled || filled + length > out.length) throw damaged()
    // Byte by byte: source and target overlap when the offset is shorter than the length.
    for (const end = filled + length; filled < end; filled++) out[filled] = out[filled - offset]!
  }
  if (filled !== out.length) throw damaged()
}

function littleEndian(block: Buffer, at: number, count: number): number {
  if (at + count > block.length) throw damaged()
  return block.readUIntLE(at, count)
}

function damaged(): MillraceError {
  return new MillraceError('PROTOCOL_COMPRESSION_FAILED', "A record batch's snappy data is damaged.")
}
