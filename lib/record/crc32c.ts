/** CRC-32C (Castagnoli polynomial, RFC 3720 appendix B.4), the checksum of record batches and of local state. */

/** Sixteen tables of 256 entries: table k advances a byte's contribution over k further bytes. */
const TABLES = makeTables()

function makeTables(): Int32Array {
  const tables = new Int32Array(16 * 256)
  for (let n = 0; n < 256; n++) {
    let crc = n
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    tables[n] = crc
  }
  for (let n = 0; n < 256; n++) {
    for (let k = 1; k < 16; k++) {
      const previous = tables[(k - 1) * 256 + n]!
      tables[k * 256 + n] = (previous >>> 8) ^ tables[previous & 255]!
    }
  }
  return tables
}

/** The checksum of `bytes[start, end)` as an unsigned 32-bit integer. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const t = TABLES
  let crc = -1
  let at = start
  for (const last = end - 16; at <= last; at += 16) {
    const head = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
    crc =
      t[3840 + (head & 255)]! ^
      t[3584 + ((head >>> 8) & 255)]! ^
      t[3328 + ((head >>> 16) & 255)]! ^
      t[3072 + (head >>> 24)]! ^
      t[2816 + bytes[at + 4]!]! ^
      t[2560 + bytes[at + 5]!]! ^
      t[2304 + bytes[at + 6]!]! ^
      t[2048 + bytes[at + 7]!]! ^
      t[1792 + bytes[at + 8]!]! ^
      t[1536 + bytes[at + 9]!]! ^
      t[1280 + bytes[at + 10]!]! ^
      t[1024 + bytes[at + 11]!]! ^
      t[768 + bytes[at + 12]!]! ^
      t[512 + bytes[at + 13]!]! ^
      t[256 + bytes[at + 14]!]! ^
      t[bytes[at + 15]!]!
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ t[(crc ^ bytes[at]!) & 255]!
  return ~crc >>> 0
}
