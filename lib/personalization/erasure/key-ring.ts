/** The keys of all users, as the `user-keys` topic has them: wrapped, and those that were used lately unwrapped. */
import { type UserKey, unwrapped } from './key-record.js'
import type { MasterKey } from './master-key.js'
import { Recent } from './recent.js'

const UNWRAPPED = 50_000
const NUMBER_LENGTH = 4

/** Texts are latin1, one character for each byte: the smallest form that a map can hold. */
export class KeyRing {
  readonly #master: MasterKey
  /** Pseudonym → its records in the order of the topic, each the number of the key and the wrapped key. */
  readonly #wrapped = new Map<string, readonly string[]>()
  /** Pseudonym and number → the key. */
  readonly #unwrapped = new Recent<string, UserKey>(UNWRAPPED)
  /** Pseudonym of a user → those of the visitors who became the user. */
  readonly #visitors = new Map<string, Set<string>>()

  constructor(master: MasterKey) {
    this.#master = master
  }

  /** Users with a key. */
  get size(): number {
    return this.#wrapped.size
  }

  put(pseudonym: string, number: string, value: Buffer): void {
    const before = this.#wrapped.get(pseudonym) ?? []
    if (before.some((record) => record.startsWith(number))) return
    this.#wrapped.set(pseudonym, [...before, number + value.toString('latin1')])
  }

  /** True: the key was there. */
  remove(pseudonym: string, number: string): boolean {
    this.#unwrapped.delete(pseudonym + number)
    const before = this.#wrapped.get(pseudonym) ?? []
    const left = before.filter((record) => !record.startsWith(number))
    if (left.length === 0) this.#wrapped.delete(pseudonym)
    else this.#wrapped.set(pseudonym, left)
    return left.length < before.length
  }

  link(pseudonym: string, visitor: string): void {
    const visitors = this.#visitors.get(pseudonym)
    if (visitors === undefined) this.#visitors.set(pseudonym, new Set([visitor]))
    else visitors.add(visitor)
  }

  unlink(pseudonym: string, visitor: string): void {
    const visitors = this.#visitors.get(pseudonym)
    visitors?.delete(visitor)
    if (visitors?.size === 0) this.#visitors.delete(pseudonym)
  }

  isLinked(pseudonym: string, visitor: string): boolean {
    return this.#visitors.get(pseudonym)?.has(visitor) ?? false
  }

  /** The visitors who became a user. */
  visitorsOf(pseudonym: string): readonly string[] {
    return [...(this.#visitors.get(pseudonym) ?? [])]
  }

  /** The numbers of the keys of a user. */
  numbersOf(pseudonym: string): readonly string[] {
    return (this.#wrapped.get(pseudonym) ?? []).map((record) => record.slice(0, NUMBER_LENGTH))
  }

  /** The key that values of the user are sealed with: the first on the topic. Null: the user has none. */
  current(pseudonym: string): UserKey | null {
    for (const record of this.#wrapped.get(pseudonym) ?? []) {
      const key = this.#unwrap(pseudonym, record)
      if (key !== null) return key
    }
    return null
  }

  find(pseudonym: string, number: string): UserKey | null {
    const record = this.#wrapped.get(pseudonym)?.find((one) => one.startsWith(number))
    return record === undefined ? null : this.#unwrap(pseudonym, record)
  }

  #unwrap(pseudonym: string, record: string): UserKey | null {
    const number = record.slice(0, NUMBER_LENGTH)
    const known = this.#unwrapped.get(pseudonym + number)
    if (known !== undefined) return known
    const key = unwrapped(record.slice(NUMBER_LENGTH), pseudonym, number, this.#master)
    if (key !== null) this.#unwrapped.set(pseudonym + number, key)
    return key
  }
}
