/** Pseudonyms of users, which stand in keys: 16 bytes of HMAC-SHA256, as latin1 text of one character for each byte. */
import { createHmac, type KeyObject } from 'node:crypto'
import { systemRandom } from '../../index.js'
import { Recent } from './recent.js'

const PSEUDONYM_BYTES = 16
/** The first byte of a key with a pseudonym. In UTF-8 there is no such byte, so no plain key begins with it. */
const MARK = 0xff
const MARK_TEXT = String.fromCharCode(MARK)
const KEY_BYTES = PSEUDONYM_BYTES + 1
const REMEMBERED = 100_000

export class Pseudonyms {
  readonly #key: KeyObject
  readonly #known = new Recent<string, string>(REMEMBERED)
  /** Before the pseudonym of a user who is erased. Nobody outside this process can write such an id. */
  readonly #erased = `erased:${systemRandom.bytes(12).toString('base64url')}:`

  constructor(key: KeyObject) {
    this.#key = key
  }

  of(user: string): string {
    const known = this.#known.get(user)
    if (known !== undefined) return known
    const pseudonym = this.isErasedUser(user)
      ? Buffer.from(user.slice(this.#erased.length), 'base64url').toString('latin1')
      : createHmac('sha256', this.#key).update(user).digest().toString('latin1', 0, PSEUDONYM_BYTES)
    this.#known.set(user, pseudonym)
    return pseudonym
  }

  /** Stands for the id of a user who is erased; its pseudonym is the one given. */
  erasedUser(pseudonym: string): string {
    return this.#erased + Buffer.from(pseudonym, 'latin1').toString('base64url')
  }

  isErasedUser(user: string): boolean {
    return user.startsWith(this.#erased)
  }

  /** Only what this process remembers; the pseudonym stays the same. */
  forget(user: string): void {
    this.#known.delete(user)
  }

  /** The bytes of a record key or a store key as latin1 text. */
  keyText(user: string): string {
    return MARK_TEXT + this.of(user)
  }
}

/** The pseudonym in a key; null: the key is a plain text. */
export function pseudonymIn(bytes: Buffer, start = 0, end = bytes.length): string | null {
  if (end - start !== KEY_BYTES || bytes[start] !== MARK) return null
  return bytes.toString('latin1', start + 1, end)
}

/** The bytes of the key with a pseudonym. */
export function keyOfPseudonym(pseudonym: string): Buffer {
  return Buffer.from(MARK_TEXT + pseudonym, 'latin1')
}
