/** Which keys were used least recently, following transactions: an abort takes back every use since the last commit. */
import type { TransactionFollower } from './store-parts.js'

/** Keys in order of their last use; false: removed. */
type Uses = Map<string, boolean>

export class LruOrder implements TransactionFollower {
  /** Oldest use first, open uses included. */
  #keys = new Set<string>()
  /** Stands before the oldest key: what it has passed was removed or moved behind it. */
  #eldest = this.#keys.values()
  readonly #committed = new Set<string>()
  #open: Uses = new Map()
  #inFlight: Uses = new Map()

  get size(): number {
    return this.#keys.size
  }

  has(key: string): boolean {
    return this.#keys.has(key)
  }

  use(key: string): void {
    move(this.#keys, key, true)
    note(this.#open, key, true)
  }

  remove(key: string): void {
    move(this.#keys, key, false)
    note(this.#open, key, false)
  }

  /** Removes the key used least recently. There must be one. */
  takeEldest(): string {
    const key = this.#eldest.next().value!
    this.remove(key)
    return key
  }

  /** A restored use: committed from the start. Returns the key that had to go for at most `maxEntries` to stay, or null. */
  restore(key: string, exists: boolean, maxEntries: number): string | null {
    this.#restored(key, exists)
    if (this.#keys.size <= maxEntries) return null
    const eldest = this.#eldest.next().value!
    this.#restored(eldest, false)
    return eldest
  }

  /** A global store is read while it follows its topic, and never commits: uses noted for a key end here. */
  #restored(key: string, exists: boolean): void {
    move(this.#keys, key, exists)
    move(this.#committed, key, exists)
    this.#open.delete(key)
  }

  beginCommit(): void {
    const uses = this.#open
    this.#open = this.#inFlight
    this.#inFlight = uses
  }

  commitSucceeded(): void {
    for (const [key, exists] of this.#inFlight) move(this.#committed, key, exists)
    this.#inFlight.clear()
  }

  commitAborted(): void {
    if (this.#open.size === 0 && this.#inFlight.size === 0) return
    this.#open.clear()
    this.#inFlight.clear()
    this.#keys = new Set(this.#committed)
    this.#eldest = this.#keys.values()
  }
}

function move(keys: Set<string>, key: string, exists: boolean): void {
  keys.delete(key)
  if (exists) keys.add(key)
}

function note(uses: Uses, key: string, exists: boolean): void {
  uses.delete(key)
  uses.set(key, exists)
}
