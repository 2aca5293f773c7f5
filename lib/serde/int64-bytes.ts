/** Signed 64-bit big-endian numbers without BigInt: timestamps and counts are safe integers. */

const TWO_32 = 2 ** 32

/** Writes `value` (a safe integer) at `at`. */
export function writeInt64(out: Buffer, value: number, at: number): void {
  const high = Math.floor(value / TWO_32)
  out.writeInt32BE(high, at)
  out.writeUInt32BE(value - high * TWO_32, at + 4)
}

/** The number at `at`; beyond 2^53 it is rounded, which the caller can see with `Number.isSafeInteger`. */
export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * TWO_32 + bytes.readUInt32BE(at + 4)
}

/** The eight bytes of `value` as a latin1 string. */
export function int64ByteString(value: number): string {
  const high = Math.floor(value / TWO_32)
  const low = value - high * TWO_32
  return String.fromCharCode(
    (high >> 24) & 255,
    (high >> 16) & 255,
    (high >> 8) & 255,
    high & 255,
    (low >>> 24) & 255,
    (low >>> 16) & 255,
    (low >>> 8) & 255,
    low & 255,
  )
}
