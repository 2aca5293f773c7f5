/** Key-value stores over cells. */
import type { Headers } from '../record/record.js'
import { type Cell, NONE } from './cell.js'
import type { KeyIndex, LocalStore, StoreParts } from './local-store.js'
import type { FlushListener, KeyValueStore, ValueAndTimestamp } from './store.js'
import type { StoreTimes } from './store-times.js'

export class LocalKeyValueStore<K = unknown, V = unknown> implements KeyValueStore<K, V>, LocalStore {
  readonly parts: StoreParts
  /** The cell of the last get or put: aggregates do both on one key. */
  #lastKey: unknown = undefined
  #lastCell: Cell | null = null

  constructor(parts: StoreParts) {
    this.parts = parts
  }

  get name(): string {
    return this.parts.definition.name
  }

  get definition() {
    return this.parts.definition
  }

  get cached(): boolean {
    return this.parts.definition.cached
  }

  get overlays() {
    return [this.parts.data]
  }

  get cache() {
    return this.parts.cache
  }

  get times(): StoreTimes | null {
    return null
  }

  get index(): KeyIndex | null {
    return null
  }

  onFlush(listener: FlushListener<K, V>): void {
    if (!this.cached) return
    const parts = this.parts
    parts.cache.onFlush((cell, before, headers) => {
      const key = cell.userKey === undefined ? parts.keys.fromByteString(cell.key) : cell.userKey
      listener(key as K, parts.read(cell) as V | null, parts.valueOf(before) as V | null, cell.heldMs, headers)
    })
  }

  get(key: K): ValueAndTimestamp<V> | null {
    const cell = this.#cell(key)
    const value = this.parts.read(cell)
    return value === null ? null : { value: value as V, timestamp: cell.heldMs }
  }

  put(key: K, value: V | null, timestamp: number, headers?: Headers): void {
    const parts = this.parts
    // Only the record cache needs to know what was there before.
    const cell = parts.cache.active ? this.#cell(key) : this.#blindCell(key)
    parts.write(cell, value, timestamp, headers)
  }

  putIfAbsent(key: K, value: V, timestamp: number): ValueAndTimestamp<V> | null {
    const stood = this.get(key)
    if (stood === null) this.put(key, value, timestamp)
    return stood
  }

  delete(key: K): ValueAndTimestamp<V> | null {
    const stood = this.get(key)
    if (stood !== null) this.put(key, null, stood.timestamp)
    return stood
  }

  changelogKey(localKey: string): Buffer {
    return Buffer.from(localKey, 'latin1')
  }

  restore(key: Buffer, value: Buffer | null, timestampMs: number): void {
    this.parts.data.restore(key.toString('latin1'), value === null ? null : Buffer.from(value), timestampMs)
  }

  async expire(): Promise<void> {}

  #remembered(key: K): Cell | null {
    const cell = this.#lastCell
    return cell !== null && key === this.#lastKey && typeof key !== 'object' && cell.slot >= 0 ? cell : null
  }

  #remember(key: K, cell: Cell): Cell {
    // Kept from the first time: a new key string for every record would outlive its record for nothing.
    if (cell.userKey === undefined && typeof key !== 'object') cell.userKey = key
    this.#lastKey = key
    this.#lastCell = cell
    return cell
  }

  #cell(key: K): Cell {
    const cell = this.#remembered(key)
    if (cell !== null && cell.held !== NONE) return cell
    return this.#remember(key, this.parts.data.load(this.parts.keys.byteString(key)))
  }

  #blindCell(key: K): Cell {
    return this.#remembered(key) ?? this.#remember(key, this.parts.data.touch(this.parts.keys.byteString(key)))
  }
}
