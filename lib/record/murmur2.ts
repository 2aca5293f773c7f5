/** MurmurHash2: the hash of keys in Kafka's default partitioner. The foreign-key join uses `lib/serde/murmur3.ts`. */

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
