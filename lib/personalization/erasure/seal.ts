/**
 * Sealed bytes: AES-256-GCM under the key of a user, or under the common key for what belongs to nobody.
 *
 *     0xe5, version, pseudonym (16), number of the key (4), nonce (12), ciphertext, tag (16)
 *     0xe5, version | 0x80, nonce (12), ciphertext, tag (16)
 */
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { systemRandom } from '../../index.js'

const CIPHER = 'aes-256-gcm'
const MAGIC = 0xe5
const VERSION = 1
const COMMON = VERSION | 0x80
const PSEUDONYM_END = 18
const NUMBER_END = 22
const NONCE_BYTES = 12
const TAG_BYTES = 16
const POOL_BYTES = 6_144
const TAG = { authTagLength: TAG_BYTES } as const

let pool: Buffer = Buffer.alloc(0)
let poolAt = 0

/** Twelve random bytes; many are drawn at once. */
function nonce(): Buffer {
  if (poolAt === pool.length) {
    pool = systemRandom.bytes(POOL_BYTES)
    poolAt = 0
  }
  poolAt += NONCE_BYTES
  return pool.subarray(poolAt - NONCE_BYTES, poolAt)
}

/** Whose key has sealed bytes. */
export interface SealedBy {
  /** Latin1 text, as `number`. */
  readonly pseudonym: string
  readonly number: string
}

/** Null: no user's, the common key has sealed them. Undefined: the bytes are not sealed. */
export function sealedBy(bytes: Buffer): SealedBy | null | undefined {
  if (bytes.length < 2 + NONCE_BYTES + TAG_BYTES || bytes[0] !== MAGIC) return undefined
  if (bytes[1] === COMMON) return null
  if (bytes[1] !== VERSION || bytes.length < NUMBER_END + NONCE_BYTES + TAG_BYTES) return undefined
  return {
    pseudonym: bytes.toString('latin1', 2, PSEUDONYM_END),
    number: bytes.toString('latin1', PSEUDONYM_END, NUMBER_END),
  }
}

/** `kind`: what the bytes are, for example `activity`. Bytes of another kind do not open. */
export function seal(plain: Buffer, kind: string, key: KeyObject, by: SealedBy | null): Buffer {
  const head =
    by === null
      ? Buffer.from([MAGIC, COMMON])
      : Buffer.from(String.fromCharCode(MAGIC, VERSION) + by.pseudonym + by.number, 'latin1')
  const iv = nonce()
  const cipher = createCipheriv(CIPHER, key, iv, TAG)
  cipher.setAAD(Buffer.concat([head, Buffer.from(kind)]))
  const body = cipher.update(plain)
  cipher.final()
  return Buffer.concat([head, iv, body, cipher.getAuthTag()])
}

/** @throws Error for bytes that were changed, are of another kind, or were sealed under another key */
export function unseal(sealed: Buffer, kind: string, key: KeyObject): Buffer {
  const headEnd = sealed[1] === COMMON ? 2 : NUMBER_END
  const bodyStart = headEnd + NONCE_BYTES
  const bodyEnd = sealed.length - TAG_BYTES
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(headEnd, bodyStart), TAG)
  decipher.setAAD(Buffer.concat([sealed.subarray(0, headEnd), Buffer.from(kind)]))
  decipher.setAuthTag(sealed.subarray(bodyEnd))
  const plain = decipher.update(sealed.subarray(bodyStart, bodyEnd))
  decipher.final()
  return plain
}
