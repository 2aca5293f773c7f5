/** Window stores: data under `start | key`, with an index of starts per key and segment. */

import type { Headers } from '../../record/record.js'
import { writeInt64 } from '../../serde/int64-bytes.js'
import { splitWindowStoreKey } from '../../serde/key-layouts.js'
import { windowView } from '../committed/view.js'
import type { Cell } from '../layers/cell.js'
import type { StoredTimes } from '../layers/store-times.js'
import { leadingTime, TimePrefix } from '../layers/time-keys.js'
import type { OrderedWindowStore, WindowRow } from '../ports/ordered.js'
import type { FlushListener, ValueAndTimestamp, WindowEntry } from '../ports/store.js'
import { iterable, requireOrder } from './key-scans.js'
import { type SegmentedDefinition, SegmentedStore } from './segmented-store.js'
import { requireIndex } from './session-store.js'
import { type StoreRow, timed } from './store-info.js'
import type { LocalStore, StoreParts } from './store-parts.js'

const START_BYTES = 8

export interface WindowDefinition extends SegmentedDefinition {
  readonly kind: 'window'
  /** Turns a stored start into a window. */
  readonly windowSizeMs: number
}

export class LocalWindowStore<K = unknown, V = unknown>
  extends SegmentedStore<WindowDefinition>
  implements OrderedWindowStore<K, V>, LocalStore
{
  readonly #prefix = new TimePrefix()
  #lastKey: unknown = undefined
  #lastStartMs = Number.NaN
  #lastCell: Cell | null = null

  constructor(parts: StoreParts<WindowDefinition>, stored: StoredTimes | null) {
    // Kafka Streams' store for results on close keeps a window one ms longer: sliding windows need their left neighbour.
    const slackMs = parts.definition.timeIndexed === true ? -1 : 0
    super(parts, stored, { times: 1, timeBytes: START_BYTES, slackMs })
  }

  onFlush(listener: FlushListener<{ readonly key: K; readonly startMs: number }, V>): void {
    if (!this.cached) return
    const parts = this.parts
    parts.cache.onFlush((cell, before, headers) => {
      const name = { key: this.#userKey(cell), startMs: leadingTime(cell.key) }
      listener(name, parts.read(cell) as V | null, parts.valueOf(before) as V | null, cell.heldMs, headers)
    })
  }

  get(key: K, startMs: number): ValueAndTimestamp<V> | null {
    if (startMs <= this.retention.limit()) return null
    const cell = this.#cell(key, startMs)
    const value = this.parts.read(cell)
    return value === null ? null : { value: value as V, timestamp: cell.heldMs }
  }

  put(key: K, startMs: number, value: V | null, timestamp: number, headers?: Headers): boolean {
    if (startMs <= this.retention.limit()) return false
    this.times.observe(startMs)
    const cell = this.#cell(key, startMs)
    const { held } = cell
    this.parts.write(cell, value, timestamp, headers)
    // After the write: a value its serde rejects leaves no trace.
    const absent = cell.held === null
    if (!absent) this.index?.add(startMs, cell.key)
    if ((held === null) === absent) return true
    const localKey = cell.key.slice(START_BYTES)
    if (absent) this.directory.remove(localKey, startMs, 0)
    else this.directory.add(localKey, startMs, 0)
    this.order?.change(cell.key, !absent)
    return true
  }

  fetch(key: K, fromMs: number, toMs: number): readonly WindowEntry<V>[] {
    const found: WindowEntry<V>[] = []
    const parts = this.parts
    const text = parts.keys.byteString(key)
    const from = Math.max(fromMs, this.retention.limit() + 1)
    this.directory.forEach(text, from, toMs, (startMs) => {
      const cell = parts.data.load(this.#prefix.of(startMs) + text)
      found.push({ startMs, value: parts.read(cell) as V, timestamp: cell.heldMs })
    })
    return found
  }

  backwardFetch(key: K, fromMs: number, toMs: number): readonly WindowEntry<V>[] {
    return [...this.fetch(key, fromMs, toMs)].reverse()
  }

  all(): Iterable<WindowRow<K, V>> {
    return this.#rows(null, null, 0, Number.POSITIVE_INFINITY, false)
  }

  backwardAll(): Iterable<WindowRow<K, V>> {
    return this.#rows(null, null, 0, Number.POSITIVE_INFINITY, true)
  }

  fetchAll(fromMs: number, toMs: number): Iterable<WindowRow<K, V>> {
    return this.#rows(null, null, fromMs, toMs, false)
  }

  backwardFetchAll(fromMs: number, toMs: number): Iterable<WindowRow<K, V>> {
    return this.#rows(null, null, fromMs, toMs, true)
  }

  fetchRange(keyFrom: K | null, keyTo: K | null, fromMs: number, toMs: number): Iterable<WindowRow<K, V>> {
    return this.#rows(keyFrom, keyTo, fromMs, toMs, false)
  }

  backwardFetchRange(keyFrom: K | null, keyTo: K | null, fromMs: number, toMs: number): Iterable<WindowRow<K, V>> {
    return this.#rows(keyFrom, keyTo, fromMs, toMs, true)
  }

  startingBetween(fromMs: number, toMs: number): readonly (WindowEntry<V> & { readonly key: K })[] {
    const found: (WindowEntry<V> & { readonly key: K })[] = []
    for (const localKey of requireIndex(this.index, this.name).between(fromMs, toMs)) {
      const cell = this.parts.data.load(localKey)
      const value = this.parts.read(cell)
      if (value === null) continue
      found.push({
        key: this.#userKey(cell) as K,
        startMs: leadingTime(localKey),
        value: value as V,
        timestamp: cell.heldMs,
      })
    }
    return found
  }

  changelogKey(localKey: string): Buffer {
    const keyBytes = localKey.length - 8
    const out = Buffer.allocUnsafe(keyBytes + 12)
    out.write(localKey.slice(8), 0, 'latin1')
    writeInt64(out, leadingTime(localKey), keyBytes)
    out.writeInt32BE(0, keyBytes + 8)
    return out
  }

  restore(key: Buffer, value: Buffer | null, timestampMs: number): void {
    const parts = this.parts
    const split = splitWindowStoreKey(key)
    if (split.startMs <= this.retention.limit()) return
    this.times.observeCommitted(split.startMs)
    const text = split.key.toString('latin1')
    const localKey = this.#prefix.of(split.startMs) + text
    this.directory.restore(text, split.startMs, 0, value !== null)
    this.order?.restore(localKey, value !== null)
    if (value !== null) this.index?.add(split.startMs, localKey)
    parts.data.restore(localKey, value === null ? null : Buffer.from(value), timestampMs)
  }

  #rows(from: K | null, to: K | null, fromMs: number, toMs: number, reverse: boolean): Iterable<WindowRow<K, V>> {
    const scans = requireOrder(this.scans, this.name)
    const { data, keys, values } = this.parts
    const keyFrom = from === null ? null : keys.byteString(from)
    const keyTo = to === null ? null : keys.byteString(to)
    const walk = function* (this: LocalWindowStore<K, V>): Generator<WindowRow<K, V>, void, undefined> {
      const first = Math.max(fromMs, this.retention.limit() + 1)
      for (const localKey of scans.keys({ fromMs: first, toMs, keyFrom, keyTo, reverse })) {
        const found = data.newest(localKey)
        if (found === undefined) continue
        const key = keys.fromByteString(localKey.slice(START_BYTES)) as K
        const value = values.value(found.held) as V
        yield { key, startMs: leadingTime(localKey), value, timestamp: found.timestamp }
      }
    }
    return iterable(() => walk.call(this))
  }

  #userKey(cell: Cell): K {
    return (cell.userKey === undefined ? this.parts.keys.fromByteString(cell.key.slice(8)) : cell.userKey) as K
  }

  #cell(key: K, startMs: number): Cell {
    const last = this.#lastCell
    if (last !== null && startMs === this.#lastStartMs && key === this.#lastKey && typeof key !== 'object') {
      if (last.slot >= 0) return last
    }
    const cell = this.parts.data.load(this.#prefix.of(startMs) + this.parts.keys.byteString(key))
    // Kept from the first time: a new key string for every record would outlive its record for nothing.
    if (cell.userKey === undefined && typeof key !== 'object') cell.userKey = key
    this.#lastKey = key
    this.#lastStartMs = startMs
    this.#lastCell = cell
    return cell
  }
}

export const windowInfo: StoreRow<WindowDefinition, LocalWindowStore> = {
  kind: 'window',
  savedAs: 'window',
  port: 'window',
  settings: {
    cached: 'silent',
    windowSizeMs: { label: 'window size in ms' },
    retentionMs: { bound: 'retention', unit: 'ms' },
    timeIndexed: 'silent',
    ordered: 'silent',
  },
  rebuiltFrom: [],
  writes: ['put'],
  changelogConfig: ({ retentionMs }, extraMs) => timed('compact,delete', retentionMs + extraMs),
  open: (parts, stored) => new LocalWindowStore(parts, stored),
  committed: windowView,
}
