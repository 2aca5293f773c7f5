/** Kafka's default partitioner, so that keys go to the same partitions as with a Java producer. */
import { MillraceError } from '../errors.js'

const SEED = 0x9747b28c
const M = 0x5bd1e995

/** MurmurHash2, 32 bits (Austin Appleby), as a signed integer, with the seed that Kafka uses. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  let hash = SEED ^ length
  const wordsEnd = length & ~3
  for (let at = 0; at < wordsEnd; at += 4) {
    let k = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    k = Math.imul(k, M)
    k = Math.imul(k ^ (k >>> 24), M)
    hash = Math.imul(hash, M) ^ k
  }
  const left = length & 3
  if (left === 3) hash ^= bytes[wordsEnd + 2]! << 16
  if (left >= 2) hash ^= bytes[wordsEnd + 1]! << 8
  if (left >= 1) hash = Math.imul(hash ^ bytes[wordsEnd]!, M)
  hash = Math.imul(hash ^ (hash >>> 13), M)
  return hash ^ (hash >>> 15)
}

/**
 * The partition, 0 to `partitions` - 1, that Kafka's default partitioner gives a record with this key, in serialised form.
 * @throws MillraceError CLIENT_RECORD_INVALID if `key` is not bytes, or `partitions` is not at least 1
 */
export function partitionForKey(key: Uint8Array, partitions: number): number {
  if (!(key instanceof Uint8Array) || !Number.isInteger(partitions) || partitions < 1) {
    const what = `a ${key === null ? 'null' : typeof key} among ${String(partitions)} partitions`
    throw new MillraceError(
      'CLIENT_RECORD_INVALID',
      `The partitioner needs key bytes and at least 1 partition, not ${what}.`,
    )
  }
  return (murmur2(key) & 0x7fffffff) % partitions
}
