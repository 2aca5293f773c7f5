/**
 * Key-value stores with a maximum number of entries (Kafka Streams' `Stores.lruMap`): a put beyond it removes the least
 * recently used entry and writes a tombstone to the changelog.
 */
import type { Headers } from '../../record/record.js'
import type { HeldValue } from '../layers/cell.js'
import type { ValueAndTimestamp } from '../ports/store.js'
import { type KeyValueDefinition, LocalKeyValueStore } from './key-value-store.js'
import { LruOrder } from './lru-order.js'
import type { EmitChange, StoreParts, TransactionFollower } from './store-parts.js'

export class LocalLruStore<K = unknown, V = unknown> extends LocalKeyValueStore<K, V> implements TransactionFollower {
  readonly #maxEntries: number
  readonly #uses = new LruOrder()
  /** Keys put (true) or removed since the last commit, in order of their last change. */
  readonly #changed = new Map<string, boolean>()
  readonly logsPuts = true

  constructor(parts: StoreParts<KeyValueDefinition>, maxEntries: number) {
    super(parts)
    this.#maxEntries = maxEntries
  }

  get follower(): TransactionFollower {
    return this
  }

  override get(key: K): ValueAndTimestamp<V> | null {
    const entry = super.get(key)
    if (entry !== null) this.#uses.use(this.parts.keys.byteString(key))
    return entry
  }

  override put(key: K, value: V | null, timestamp: number, headers?: Headers): void {
    const localKey = this.parts.keys.byteString(key)
    if (value === null) {
      if (this.#uses.has(localKey)) this.#uses.remove(localKey)
    } else {
      if (!this.#uses.has(localKey) && this.#uses.size === this.#maxEntries) this.#evict(timestamp)
      this.#uses.use(localKey)
    }
    super.put(key, value, timestamp, headers)
    this.#note(localKey, value !== null)
  }

  override restore(key: Buffer, value: Buffer | null, timestampMs: number): void {
    super.restore(key, value, timestampMs)
    const evicted = this.#uses.restore(key.toString('latin1'), value !== null, this.#maxEntries)
    if (evicted !== null) super.restore(Buffer.from(evicted, 'latin1'), null, timestampMs)
  }

  /**
   * Tombstones first, then puts by their last one: so no part of a changelog ever holds more entries than the store did,
   * and what is restored from it is in the order of the puts.
   */
  beginCommit(emit: EmitChange | null): void {
    this.#uses.beginCommit()
    if (emit !== null) {
      for (const exists of [false, true]) {
        for (const [key, put] of this.#changed) if (put === exists) this.#emit(key, emit)
      }
    }
    this.#changed.clear()
  }

  commitSucceeded(): void {
    this.#uses.commitSucceeded()
  }

  commitAborted(): void {
    this.#uses.commitAborted()
    this.#changed.clear()
  }

  #emit(key: string, emit: EmitChange): void {
    const { data } = this.parts
    const cell = data.touch(key)
    const held = cell.inFlight as HeldValue
    // What came and went within the transaction never existed for the changelog.
    if (held === null && cell.base === null) return
    emit(this.changelogKey(key), held === null ? null : data.encode(held), cell.inFlightMs)
  }

  #evict(timestampMs: number): void {
    const eldest = this.#uses.takeEldest()
    this.write(this.parts.data.load(eldest), null, timestampMs)
    this.#note(eldest, false)
  }

  #note(key: string, exists: boolean): void {
    this.#changed.delete(key)
    this.#changed.set(key, exists)
  }
}
