/** Limits the size of an LZ4 frame before it is decoded, because the decoder has no limit. */
import { MillraceError } from '../../errors.js'

const MAGIC = 0x184d2204
const BLOCK_BYTES: Readonly<Record<number, number>> = { 4: 1 << 16, 5: 1 << 18, 6: 1 << 20, 7: 1 << 22 }

/**
 * Walks the block headers of the frame (LZ4 frame format 1.6). Only the last block may be short in a frame that a
 * compressor made, so all blocks but one count in full: PROTOCOL_TOO_LARGE when that passes `maxBytes`,
 * PROTOCOL_COMPRESSION_FAILED when the frame is cut short or no LZ4 frame.
 */
export function boundLz4Frame(data: Buffer, maxBytes: number): void {
  if (data.length < 7 || data.readUInt32LE(0) !== MAGIC) throw damaged()
  const flags = data[4]!
  const blockBytes = BLOCK_BYTES[(data[5]! >> 4) & 7]
  if (flags >> 6 !== 1 || blockBytes === undefined) throw damaged()
  const blockChecksumBytes = flags & 0x10 ? 4 : 0
  let at = 7 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0)
  for (let fullBytes = 0; ; fullBytes += blockBytes) {
    if (at + 4 > data.length) throw damaged()
    const word = data.readUInt32LE(at)
    if (word === 0) return
    if (fullBytes > maxBytes) {
      throw new MillraceError(
        'PROTOCOL_TOO_LARGE',
        `A record batch's lz4 data is larger than ${maxBytes} bytes when decompressed.`,
      )
    }
    at += 4 + (word & 0x7fffffff) + blockChecksumBytes
  }
}

function damaged(): MillraceError {
  return new MillraceError('PROTOCOL_COMPRESSION_FAILED', "A record batch's lz4 data is damaged.")
}
