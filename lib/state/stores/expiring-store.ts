/**
 * Key-value stores with a time to live: an entry has expired when the highest timestamp in the store is at least
 * `ttlMs` above the entry's own. Reads and queries apply this exactly; each put removes some expired entries.
 */
import type { Headers } from '../../record/record.js'
import { readInt64 } from '../../serde/int64-bytes.js'
import { type StoredTimes, StoreTimes } from '../layers/store-times.js'
import type { ValueAndTimestamp } from '../ports/store.js'
import { DueKeys, dueKey } from './due-keys.js'
import { type KeyValueDefinition, LocalKeyValueStore } from './key-value-store.js'
import type { LocalStore, StoreParts } from './store-parts.js'

/** Entries a put clears at most: a jump of time must not hold up one record for all keys there are. */
const CLEARED_PER_PUT = 100

export class LocalExpiringStore<K = unknown, V = unknown> extends LocalKeyValueStore<K, V> {
  readonly #times: StoreTimes
  readonly #ttlMs: number
  readonly #due = new DueKeys()
  readonly #index: LocalStore['index']

  constructor(parts: StoreParts<KeyValueDefinition>, stored: StoredTimes | null, ttlMs: number) {
    super(parts)
    this.#times = new StoreTimes(null, stored)
    this.#ttlMs = ttlMs
    this.#index = {
      add: (_timeMs, localKey, diskValue) => this.#due.note(localKey, readInt64(diskValue!, 0) + ttlMs),
    }
  }

  override get times(): StoreTimes {
    return this.#times
  }

  override get index(): LocalStore['index'] {
    return this.#index
  }

  get follower() {
    return this.#due
  }

  /** What committed puts have ended. */
  override isOver(timestampMs: number): boolean {
    return timestampMs + this.#ttlMs <= this.#times.committedMs
  }

  override lives(timestampMs: number): boolean {
    return timestampMs + this.#ttlMs > this.#times.observedMs
  }

  override get(key: K): ValueAndTimestamp<V> | null {
    const entry = super.get(key)
    if (entry === null || this.lives(entry.timestamp)) return entry
    super.put(key, null, this.#times.observedMs)
    return null
  }

  override put(key: K, value: V | null, timestamp: number, headers?: Headers): void {
    this.#times.observe(timestamp)
    const overMs = timestamp + this.#ttlMs
    const lives = value !== null && overMs > this.#times.observedMs
    super.put(key, lives ? value : null, timestamp, headers)
    if (lives) this.#due.note(this.parts.keys.byteString(key), overMs)
    this.#clear()
  }

  override restore(key: Buffer, value: Buffer | null, timestampMs: number): void {
    this.#times.observeCommitted(timestampMs)
    if (value !== null) this.#due.note(key.toString('latin1'), timestampMs + this.#ttlMs)
    super.restore(key, value, timestampMs)
  }

  #clear(): void {
    const { data } = this.parts
    const nowMs = this.#times.observedMs
    for (let taken = 0; taken < CLEARED_PER_PUT && this.#due.nextMs <= nowMs; taken++) {
      const cell = data.load(dueKey(this.#due.first!))
      this.#due.take()
      if (cell.held === null) continue
      const overMs = cell.heldMs + this.#ttlMs
      if (overMs > nowMs) this.#due.note(cell.key, overMs)
      else this.write(cell, null, nowMs)
    }
  }
}
