/** The codecs of a record batch: none, gzip, snappy (with Java's block format), lz4 frames, zstd. */
import * as zlib from 'node:zlib'
import { compressFrameSync, decompressFrameSync } from 'lz4-napi'
import { isMillraceError, MillraceError } from '../../errors.js'
import { boundLz4Frame } from './lz4-frame.js'
import { compressSnappy, decompressSnappy } from './snappy.js'

/** Compression of record batches. `zstd` needs Node 22.15. */
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** Wire order: a codec's index is its number in the batch attributes. */
export const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** What one batch may inflate to unless the caller says otherwise: 64 MiB. */
export const DEFAULT_MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024

interface Zstd {
  zstdCompressSync(data: Uint8Array): Buffer
  zstdDecompressSync(data: Uint8Array, options: { maxOutputLength: number }): Buffer
}

/** PROTOCOL_COMPRESSION_UNSUPPORTED for zstd on a Node without it. */
export function compress(codec: Compression, data: Buffer): Buffer {
  switch (codec) {
    case 'none':
      return data
    case 'gzip':
      return zlib.gzipSync(data)
    case 'snappy':
      return compressSnappy(data)
    case 'lz4':
      return compressFrameSync(data)
    case 'zstd':
      return zstd().zstdCompressSync(data)
  }
}

/**
 * `codecNumber` as in the batch attributes. PROTOCOL_COMPRESSION_UNSUPPORTED for a number nobody defined and for zstd on
 * a Node without it, PROTOCOL_TOO_LARGE past `maxBytes`, PROTOCOL_COMPRESSION_FAILED for damaged data.
 */
export function decompress(codecNumber: number, data: Buffer, maxBytes = DEFAULT_MAX_DECOMPRESSED_BYTES): Buffer {
  const codec = COMPRESSIONS[codecNumber]
  if (codec === undefined) {
    throw new MillraceError(
      'PROTOCOL_COMPRESSION_UNSUPPORTED',
      `A record batch names compression codec ${codecNumber}.`,
    )
  }
  try {
    switch (codec) {
      case 'none':
        return data
      case 'gzip':
        return zlib.gunzipSync(data, { maxOutputLength: maxBytes })
      case 'snappy':
        return decompressSnappy(data, maxBytes)
      case 'lz4':
        boundLz4Frame(data, maxBytes)
        return decompressFrameSync(data)
      case 'zstd':
        return zstd().zstdDecompressSync(data, { maxOutputLength: maxBytes })
    }
  } catch (error) {
    if (isMillraceError(error)) throw error
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(codec, maxBytes)
    throw new MillraceError('PROTOCOL_COMPRESSION_FAILED', `A record batch's ${codec} data is damaged.`, {
      cause: error,
    })
  }
}

export function tooLarge(codec: Compression, maxBytes: number): MillraceError {
  return new MillraceError(
    'PROTOCOL_TOO_LARGE',
    `A record batch's ${codec} data is larger than ${maxBytes} bytes when decompressed.`,
  )
}

/** node:zlib's zstd, there from Node 22.15. */
function zstd(): Zstd {
  const candidate = zlib as Partial<Zstd>
  if (candidate.zstdCompressSync === undefined || candidate.zstdDecompressSync === undefined) {
    throw new MillraceError(
      'PROTOCOL_COMPRESSION_UNSUPPORTED',
      'A record batch is compressed with zstd, which needs Node >= 22.15; upgrade Node or use lz4.',
    )
  }
  return candidate as Zstd
}
