/** Key-value stores over cells. */
import { type Headers, NO_HEADERS } from '../../record/record.js'
import type { Serde } from '../../serde/serde.js'
import { joinHeaders } from '../../serde/with-headers.js'
import { type Cell, NONE } from '../layers/cell.js'
import type { Overlay } from '../layers/overlay.js'
import type { StoreTimes } from '../layers/store-times.js'
import type { OrderedKeys } from '../order/ordered-keys.js'
import type { OrderedKeyValueStore, Row } from '../ports/ordered.js'
import type { FlushListener, ValueAndTimestamp } from '../ports/store.js'
import { KeyScans, requireOrder } from './key-scans.js'
import { PartsStore } from './parts-store.js'
import type { DefinitionBase } from './store-info.js'
import type { KeyFollower, LocalStore, StoreParts } from './store-parts.js'

export type KeyValueKind = 'keyValue' | 'timestampedKeyValue'

interface KeyValueBase<Kind extends KeyValueKind> extends DefinitionBase {
  readonly kind: Kind
  /** False: every update is forwarded and logged at once (Kafka Streams' `withCachingDisabled`). */
  readonly cached: boolean
  /** The keys are kept in order, so that they can be walked. */
  readonly ordered?: boolean
}

interface Unbounded {
  /** An entry keeps the headers it was put with, and its changelog record carries them. */
  readonly headers?: boolean
  readonly ttlMs?: never
  readonly maxEntries?: never
}

interface Expiring {
  /** An entry so much older than the newest put is gone, in milliseconds. */
  readonly ttlMs: number
  readonly headers?: never
  readonly maxEntries?: never
}

interface Limited {
  readonly engine: 'memory'
  readonly cached: false
  /** One key more removes the one used least recently. */
  readonly maxEntries: number
  readonly headers?: never
  readonly ttlMs?: never
}

export type KeyValueDefinition<Kind extends KeyValueKind = KeyValueKind> = KeyValueBase<Kind> &
  (Unbounded | Expiring | Limited)

/** Scans are for stores declared `ordered`; others refuse them. */
export class LocalKeyValueStore<K = unknown, V = unknown>
  extends PartsStore<KeyValueDefinition>
  implements OrderedKeyValueStore<K, V>, LocalStore
{
  readonly order: OrderedKeys | null
  readonly overlays: readonly Overlay[]
  /** The cell of the last get or put: aggregates do both on one key. */
  #lastKey: unknown = undefined
  #lastCell: Cell | null = null

  constructor(parts: StoreParts<KeyValueDefinition>) {
    super(parts)
    this.order = parts.definition.ordered === true ? parts.order() : null
    this.overlays = this.order === null ? [parts.data] : [parts.data, this.order.overlay]
  }

  get times(): StoreTimes | null {
    return null
  }

  get index(): KeyFollower | null {
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
    if (this.parts.keepsHeaders) {
      const { held } = cell
      return held === null || held === NONE ? null : (this.parts.row(held, cell.heldMs) as ValueAndTimestamp<V>)
    }
    const value = this.parts.read(cell)
    return value === null ? null : { value: value as V, timestamp: cell.heldMs }
  }

  put(key: K, value: V | null, timestamp: number, headers?: Headers): void {
    // Only the record cache and the order of keys need to know what was there before.
    const looks = this.parts.cache.active || this.order !== null
    this.write(looks ? this.#cell(key) : this.#blindCell(key), value, timestamp, headers)
  }

  putIfAbsent(key: K, value: V, timestamp: number, headers?: Headers): ValueAndTimestamp<V> | null {
    const stood = this.get(key)
    if (stood === null) this.put(key, value, timestamp, headers)
    return stood
  }

  delete(key: K): ValueAndTimestamp<V> | null {
    const stood = this.get(key)
    if (stood !== null) this.put(key, null, stood.timestamp)
    return stood
  }

  all(): Iterable<Row<K, V>> {
    return new KeyScans(this).all()
  }

  reverseAll(): Iterable<Row<K, V>> {
    return new KeyScans(this).all(true)
  }

  range(from: K | null, to: K | null): Iterable<Row<K, V>> {
    return new KeyScans(this).range(from, to)
  }

  reverseRange(from: K | null, to: K | null): Iterable<Row<K, V>> {
    return new KeyScans(this).range(from, to, true)
  }

  prefixScan<P = Buffer>(prefix: P, serde?: Serde<P>): Iterable<Row<K, V>> {
    return new KeyScans(this).prefix(this.parts.keys.prefix(prefix, serde))
  }

  approximateEntries(): number {
    return requireOrder(this.order, this.name).count()
  }

  changelogKey(localKey: string): Buffer {
    return Buffer.from(localKey, 'latin1')
  }

  restore(key: Buffer, value: Buffer | null, timestampMs: number, headers: Headers = NO_HEADERS): void {
    const localKey = key.toString('latin1')
    this.order?.restore(localKey, value !== null)
    this.parts.data.restore(localKey, value === null ? null : this.#stored(value, headers), timestampMs)
  }

  async expire(): Promise<void> {}

  /** True: queries leave the entry out. */
  isOver(_timestampMs: number): boolean {
    return false
  }

  /** False: a scan leaves the entry out. */
  lives(_timestampMs: number): boolean {
    return true
  }

  /** Every write goes through here. The cell's newest version is known where keys are ordered. */
  protected write(cell: Cell, value: unknown, timestampMs: number, headers?: Headers): void {
    const { held } = cell
    this.parts.write(cell, value, timestampMs, headers)
    if (this.order !== null && (held === null) !== (cell.held === null)) this.order.change(cell.key, held === null)
  }

  #stored(value: Buffer, headers: Headers): Buffer {
    return this.parts.keepsHeaders ? joinHeaders(value, headers) : Buffer.from(value)
  }

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
