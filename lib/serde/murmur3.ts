/**
 * MurmurHash3, 128 bits for x64 (Austin Appleby, public domain), with the seed Kafka Streams uses to tell versions of a
 * row apart in a foreign-key join. 64-bit words are pairs of 32-bit halves: BigInt would cost ten times as much.
 */

const SEED = 104729
const BLOCK_BYTES = 16

/** One 64-bit word, changed in place. */
class Word {
  high: number
  low: number

  constructor(high: number, low: number) {
    this.high = high
    this.low = low
  }

  set(high: number, low: number): void {
    this.high = high
    this.low = low
  }

  add(other: Word): void {
    const low = (this.low >>> 0) + (other.low >>> 0)
    this.high = (this.high + other.high + (low > 0xffffffff ? 1 : 0)) | 0
    this.low = low | 0
  }

  xor(other: Word): void {
    this.high ^= other.high
    this.low ^= other.low
  }

  multiply(by: Word): void {
    const a = this.low >>> 16
    const b = this.low & 0xffff
    const c = by.low >>> 16
    const d = by.low & 0xffff
    const low = Math.imul(b, d)
    const middle = a * d + b * c + (low >>> 16)
    // Up to 2^33: what stands above bit 16 belongs to the upper half.
    const carry = a * c + Math.floor(middle / 0x10000)
    this.high = (carry + Math.imul(this.high, by.low) + Math.imul(this.low, by.high)) | 0
    this.low = (middle << 16) | (low & 0xffff)
  }

  /** 0 < bits < 64, not 32. */
  rotateLeft(bits: number): void {
    const { high, low } = this
    const far = bits > 32
    const by = far ? bits - 32 : bits
    const left = (high << by) | (low >>> (32 - by))
    const right = (low << by) | (high >>> (32 - by))
    this.set(far ? right : left, far ? left : right)
  }

  /** xor with itself shifted right by 33. */
  foldDown(): void {
    this.low ^= this.high >>> 1
  }
}

const C1 = new Word(0x87c37b91 | 0, 0x114253d5)
const C2 = new Word(0x4cf5ad43, 0x2745937f)
const FIVE = new Word(0, 5)
const N1 = new Word(0, 0x52dce729)
const N2 = new Word(0, 0x38495ab5)
const MIX1 = new Word(0xff51afd7 | 0, 0xed558ccd | 0)
const MIX2 = new Word(0xc4ceb9fe | 0, 0x1a85ec53)

function readWord(word: Word, bytes: Buffer, at: number): void {
  word.set(bytes.readInt32LE(at + 4), bytes.readInt32LE(at))
}

/** The 0 to 8 bytes from `at` on that are left, as a little-endian word. */
function readRest(word: Word, bytes: Buffer, at: number): void {
  const rest = Buffer.alloc(8)
  bytes.copy(rest, 0, at, Math.min(at + 8, bytes.length))
  readWord(word, rest, 0)
}

function scramble(word: Word, first: Word, bits: number, second: Word): void {
  word.multiply(first)
  word.rotateLeft(bits)
  word.multiply(second)
}

function finish(word: Word): void {
  word.foldDown()
  word.multiply(MIX1)
  word.foldDown()
  word.multiply(MIX2)
  word.foldDown()
}

/** 16 bytes: both words, high byte first, as Kafka Streams writes them. */
export function murmur3(bytes: Buffer): Buffer {
  const h1 = new Word(0, SEED)
  const h2 = new Word(0, SEED)
  const k = new Word(0, 0)
  const blocksEnd = bytes.length - (bytes.length % BLOCK_BYTES)
  for (let at = 0; at < blocksEnd; at += BLOCK_BYTES) {
    readWord(k, bytes, at)
    scramble(k, C1, 31, C2)
    h1.xor(k)
    h1.rotateLeft(27)
    h1.add(h2)
    h1.multiply(FIVE)
    h1.add(N1)
    readWord(k, bytes, at + 8)
    scramble(k, C2, 33, C1)
    h2.xor(k)
    h2.rotateLeft(31)
    h2.add(h1)
    h2.multiply(FIVE)
    h2.add(N2)
  }
  if (bytes.length - blocksEnd > 8) {
    readRest(k, bytes, blocksEnd + 8)
    scramble(k, C2, 33, C1)
    h2.xor(k)
  }
  if (bytes.length > blocksEnd) {
    readRest(k, bytes, blocksEnd)
    scramble(k, C1, 31, C2)
    h1.xor(k)
  }
  const length = new Word(0, bytes.length)
  h1.xor(length)
  h2.xor(length)
  h1.add(h2)
  h2.add(h1)
  finish(h1)
  finish(h2)
  h1.add(h2)
  h2.add(h1)
  const out = Buffer.allocUnsafe(BLOCK_BYTES)
  out.writeInt32BE(h1.high, 0)
  out.writeInt32BE(h1.low, 4)
  out.writeInt32BE(h2.high, 8)
  out.writeInt32BE(h2.low, 12)
  return out
}
