/** Versioned stores: the latest version of a key under the key, earlier ones in the history. */

import { versionedView } from '../committed/versions.js'
import { keyValueView } from '../committed/view.js'
import type { Cell } from '../layers/cell.js'
import { type StoredTimes, StoreTimes } from '../layers/store-times.js'
import type { ValueAndTimestamp } from '../ports/store.js'
import type { Version, VersionedPut, VersionedStore } from '../ports/versioned.js'
import { PartsStore } from './parts-store.js'
import { compacted, type DefinitionBase, type StoreRow } from './store-info.js'
import type { EmitChange, LocalStore, StoreParts, TransactionFollower } from './store-parts.js'
import { type Layer, VersionHistory } from './version-history.js'

/** Every version of a row as long as its history is kept. */
export interface VersionedDefinition extends DefinitionBase {
  readonly kind: 'versioned'
  /** How long a version is kept after its end, in milliseconds of stream time. */
  readonly retentionMs: number
}

interface LoggedPut {
  readonly key: string
  readonly value: Buffer | null
  readonly timestampMs: number
}

export class LocalVersionedStore<K = unknown, V = unknown>
  extends PartsStore<VersionedDefinition>
  implements VersionedStore<K, V>, LocalStore, TransactionFollower
{
  readonly times: StoreTimes
  readonly history: VersionHistory
  readonly logsPuts = true
  /** Every put is a changelog record: all versions of a key have to be restored. */
  #puts: LoggedPut[] = []

  constructor(parts: StoreParts<VersionedDefinition>, stored: StoredTimes | null) {
    super(parts)
    this.times = new StoreTimes(parts.definition.retentionMs, stored)
    this.history = new VersionHistory(parts, this.times)
  }

  get overlays() {
    return [this.parts.data, this.history.data, this.history.directory.overlay]
  }

  get index() {
    return null
  }

  get follower(): TransactionFollower {
    return this
  }

  get(key: K): ValueAndTimestamp<V> | null {
    const cell = this.parts.data.load(this.parts.keys.byteString(key))
    const value = this.parts.read(cell)
    return value === null ? null : { value: value as V, timestamp: cell.heldMs }
  }

  getAsOf(key: K, asOfMs: number): Version<V> | null {
    const latest = this.get(key)
    if (latest !== null && latest.timestamp <= asOfMs) return { ...latest, validToMs: null }
    if (asOfMs < this.times.observedMs - this.times.retentionMs) return null
    const past = this.history.firstAfter(this.parts.keys.byteString(key), asOfMs)
    if (past === null || past.validFromMs > asOfMs || past.value === null) return null
    const value = this.parts.values.value(past.value) as V
    return { value, timestamp: past.validFromMs, validToMs: past.validToMs }
  }

  put(key: K, value: V | null, timestamp: number): VersionedPut {
    if (timestamp < this.times.observedMs - this.times.retentionMs) return 'expired'
    this.times.observe(timestamp)
    const held = this.parts.values.hold(value)
    const bytes = held === null ? null : this.parts.values.encode(held)
    const text = this.parts.keys.byteString(key)
    this.#puts.push({ key: text, value: bytes, timestampMs: timestamp })
    return this.#apply(text, bytes, timestamp, 'open') ?? 'latest'
  }

  delete(key: K, timestamp: number): ValueAndTimestamp<V> | null {
    if (timestamp < this.times.observedMs - this.times.retentionMs) return null
    const stood = this.getAsOf(key, timestamp)
    this.put(key, null, timestamp)
    return stood === null ? null : { value: stood.value, timestamp: stood.timestamp }
  }

  beginCommit(emit: EmitChange | null): void {
    if (emit !== null) {
      for (const { key, value, timestampMs } of this.#puts) emit(Buffer.from(key, 'latin1'), value, timestampMs)
    }
    this.#puts = []
  }

  commitSucceeded(): void {}

  commitAborted(): void {
    this.#puts = []
  }

  changelogKey(localKey: string): Buffer {
    return Buffer.from(localKey, 'latin1')
  }

  restore(key: Buffer, value: Buffer | null, timestampMs: number): void {
    if (timestampMs < this.times.observedMs - this.times.retentionMs) return
    this.times.observeCommitted(timestampMs)
    this.#apply(key.toString('latin1'), value === null ? null : Buffer.from(value), timestampMs, 'committed')
  }

  expire(): Promise<void> {
    return this.history.retention.expire()
  }

  /** When the version ended; null where it is the latest of its key now. */
  #apply(key: string, value: Buffer | null, timestamp: number, layer: Layer): number | null {
    const { history } = this
    const cell = this.parts.data.load(key)
    const latestMs = cell.held === null ? history.lastEndMs(key) : cell.heldMs
    if (latestMs !== null && timestamp < latestMs) {
      return this.#insert(key, value, timestamp, latestMs, layer)
    }
    if (cell.held !== null && timestamp > cell.heldMs) {
      const past = this.parts.values.encode(cell.held as Buffer)
      history.put(key, { validToMs: timestamp, validFromMs: cell.heldMs, value: past }, layer)
    } else if (cell.held === null && value === null && latestMs !== timestamp) {
      // Nothing else tells when the row was deleted. Like Kafka Streams we note no deletion at the very time of the latest
      // version: the end of the version before it, where there was one, tells the time.
      history.put(key, { validToMs: timestamp, validFromMs: timestamp, value: null }, layer)
    }
    this.#setLatest(cell, value, timestamp, layer)
    return null
  }

  #setLatest(cell: Cell, value: Buffer | null, timestamp: number, layer: Layer): void {
    if (layer === 'open') this.parts.data.set(cell, value, timestamp)
    else this.parts.data.restore(cell.key, value, timestamp)
  }

  /** A version older than the latest: it ends where the next one begins, and ends the one it falls into. */
  #insert(key: string, value: Buffer | null, timestamp: number, latestMs: number, layer: Layer): number {
    const { history } = this
    const next = history.firstAfter(key, timestamp)
    if (next === null || next.validFromMs > timestamp) {
      const validToMs = next === null ? latestMs : next.validFromMs
      history.put(key, { validToMs, validFromMs: timestamp, value }, layer)
      return validToMs
    }
    if (next.validFromMs < timestamp) {
      history.put(key, { validToMs: timestamp, validFromMs: next.validFromMs, value: next.value }, layer)
    }
    history.put(key, { validToMs: next.validToMs, validFromMs: timestamp, value }, layer)
    return next.validToMs
  }
}

export const versionedInfo: StoreRow<VersionedDefinition, LocalVersionedStore> = {
  kind: 'versioned',
  savedAs: 'versioned',
  port: 'versioned',
  settings: { retentionMs: { bound: 'retention', unit: 'ms' } },
  rebuiltFrom: ['timestampedKeyValue'],
  writes: ['put', 'delete'],
  changelogConfig: ({ retentionMs }, extraMs) => ({
    ...compacted(),
    'min.compaction.lag.ms': String(retentionMs + extraMs),
  }),
  open: (parts, stored) => new LocalVersionedStore(parts, stored),
  committed: (store) => versionedView(store, keyValueView(store)),
}
