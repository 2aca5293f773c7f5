/** Record batches with times of any 64 bits, which the library itself does not write. */
import { crc32c } from '../../lib/record/crc32c.js'

function varint(value: bigint): number[] {
  let raw = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  const bytes: number[] = []
  for (; raw >= 0x80n; raw >>= 7n) bytes.push(Number(raw & 0x7fn) | 0x80)
  bytes.push(Number(raw))
  return bytes
}

/** One batch; record i has `times[i]` and the key and value given, null by default. */
export function wideBatch(times: readonly bigint[], text: string | null = null, baseOffset = 0): Buffer {
  const bytes = text === null ? varint(-1n) : [...varint(BigInt(Buffer.byteLength(text))), ...Buffer.from(text)]
  const base = times[0]!
  const records = times.flatMap((time, i) => {
    const delta = BigInt.asIntN(64, time - base)
    const record = [0, ...varint(delta), ...varint(BigInt(i)), ...bytes, ...bytes, 0]
    return [...varint(BigInt(record.length)), ...record]
  })
  const batch = Buffer.concat([Buffer.alloc(61), Buffer.from(records)])
  batch.writeBigInt64BE(BigInt(baseOffset), 0)
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt32BE(-1, 12)
  batch[16] = 2
  batch.writeInt32BE(times.length - 1, 23)
  batch.writeBigInt64BE(base, 27)
  batch.writeBigInt64BE(
    times.reduce((most, time) => (time > most ? time : most)),
    35,
  )
  batch.writeBigInt64BE(-1n, 43)
  batch.writeInt16BE(-1, 51)
  batch.writeInt32BE(-1, 53)
  batch.writeInt32BE(times.length, 57)
  batch.writeUInt32BE(crc32c(batch, 21), 17)
  return batch
}
