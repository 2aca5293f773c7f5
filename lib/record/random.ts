/** Randomness as an argument: from the machine in production, from a seed in the simulation. */
import { randomBytes } from 'node:crypto'

/** A source of random numbers: {@link systemRandom}, or {@link seededRandom} for runs that repeat. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform integer in [0, bound), bound in 1..2^31. */
  int(bound: number): number
  /** `length` random bytes. */
  bytes(length: number): Buffer
  /** RFC 9562 version-4 UUID text. */
  uuid(): string
}

function uuidFrom(bytes: Buffer): string {
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Random numbers of the machine (`node:crypto`). */
export const systemRandom: Random = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  int: (bound) => Math.floor(systemRandom.next() * bound),
  bytes: (length) => randomBytes(length),
  uuid: () => uuidFrom(randomBytes(16)),
}

/**
 * Random numbers that repeat: the same seed gives the same sequence. xoshiro128** (Blackman and Vigna, 2018), its state
 * filled from `seed` by splitmix32. A text as a seed gives each purpose a sequence of its own: `seededRandom('7/network')`.
 */
export function seededRandom(seed: number | string): Random {
  let h = typeof seed === 'number' ? seed >>> 0 : fnv1a(seed)
  const splitmix = () => {
    h = (h + 0x9e3779b9) | 0
    let t = h ^ (h >>> 16)
    t = Math.imul(t, 0x21f0aaad)
    t ^= t >>> 15
    t = Math.imul(t, 0x735a2d97)
    return (t ^ (t >>> 15)) >>> 0
  }
  let a = splitmix()
  let b = splitmix()
  let c = splitmix()
  let d = splitmix()
  const uint32 = () => {
    const rotated = Math.imul(b, 5)
    const result = Math.imul((rotated << 7) | (rotated >>> 25), 9) >>> 0
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = (d << 11) | (d >>> 21)
    return result
  }
  const random: Random = {
    next: () => uint32() / 2 ** 32,
    int: (bound) => Math.floor((uint32() / 2 ** 32) * bound),
    bytes(length) {
      const out = Buffer.allocUnsafe(length)
      for (let i = 0; i < length; i++) out[i] = uint32() & 255
      return out
    },
    uuid: () => uuidFrom(random.bytes(16)),
  }
  return random
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
