/** The window store of one side of a stream-stream join: data under `time | sequence | key`, with duplicates. */

import { splitWindowStoreKey, windowStoreKey } from '../../serde/key-layouts.js'
import { joinWindowView } from '../committed/joins.js'
import { Retention } from '../layers/store-retention.js'
import { type StoredTimes, StoreTimes } from '../layers/store-times.js'
import { JOIN_PREFIX_BYTES, joinLocalKey, leadingTime } from '../layers/time-keys.js'
import { KeyIndex } from '../order/key-index.js'
import type { JoinWindowStore } from '../ports/join-stores.js'
import type { ValueAndTimestamp } from '../ports/store.js'
import { PartsStore } from './parts-store.js'
import { type DefinitionBase, type StoreRow, timed } from './store-info.js'
import type { LocalStore, StoreParts } from './store-parts.js'

/** Sequence numbers are counted like Kafka Streams': from 1, per store, back to 0 behind the largest int32. */
const LAST_SEQUENCE = 0x7fffffff

/**
 * Every record of a join is an entry of its own: shorter segments keep the list of a key that comes often short. Stores on
 * disk rely on the figure.
 */
const LEAST_SEGMENT_MS = 5_000

export interface JoinWindowDefinition extends DefinitionBase {
  readonly kind: 'joinWindow'
  /** How long after stream time a record is kept, in milliseconds. */
  readonly retentionMs: number
  /** Of the join: how far apart two partners may be, in milliseconds. */
  readonly windowSizeMs: number
}

export class LocalJoinWindowStore<K = unknown, V = unknown>
  extends PartsStore<JoinWindowDefinition>
  implements JoinWindowStore<K, V>, LocalStore
{
  readonly times: StoreTimes
  readonly directory: KeyIndex
  readonly retention: Retention
  #sequence = 0

  constructor(parts: StoreParts<JoinWindowDefinition>, stored: StoredTimes | null) {
    super(parts)
    const times = new StoreTimes(parts.definition.retentionMs, stored, LEAST_SEGMENT_MS)
    this.times = times
    this.directory = new KeyIndex(parts.directory(), times, 2)
    this.retention = new Retention(times, parts.data, [this.directory.overlay], null, 0)
  }

  get overlays() {
    return [this.parts.data, this.directory.overlay]
  }

  get index() {
    return null
  }

  put(key: K, timestampMs: number, value: V): void {
    this.#sequence = (this.#sequence + 1) & LAST_SEQUENCE
    if (timestampMs <= this.retention.limit()) return
    this.times.observe(timestampMs)
    const text = this.parts.keys.byteString(key)
    // A restart begins to count again; a record that is there must neither be replaced nor overtaken.
    const last = this.directory.lastAt(text, timestampMs)
    if (last !== null && last >= this.#sequence) this.#sequence = (last + 1) & LAST_SEQUENCE
    const cell = this.parts.data.touch(joinLocalKey(timestampMs, this.#sequence, text))
    this.directory.add(text, timestampMs, this.#sequence)
    this.parts.write(cell, value, timestampMs)
  }

  fetch(key: K, fromMs: number, toMs: number): readonly ValueAndTimestamp<V>[] {
    const found: ValueAndTimestamp<V>[] = []
    const { parts } = this
    const text = parts.keys.byteString(key)
    const from = Math.max(fromMs, this.retention.limit() + 1)
    this.directory.forEach(text, from, toMs, (timestamp, sequence) => {
      const cell = parts.data.load(joinLocalKey(timestamp, sequence, text))
      found.push({ value: parts.read(cell) as V, timestamp })
    })
    return found
  }

  changelogKey(localKey: string): Buffer {
    const key = Buffer.from(localKey.slice(JOIN_PREFIX_BYTES), 'latin1')
    return windowStoreKey(
      key,
      leadingTime(localKey),
      Buffer.from(localKey.slice(8, JOIN_PREFIX_BYTES), 'latin1').readInt32BE(0),
    )
  }

  restore(key: Buffer, value: Buffer | null, timestampMs: number): void {
    const split = splitWindowStoreKey(key)
    if (split.startMs <= this.retention.limit()) return
    this.times.observeCommitted(split.startMs)
    const text = split.key.toString('latin1')
    this.directory.restore(text, split.startMs, split.sequence, value !== null)
    const localKey = joinLocalKey(split.startMs, split.sequence, text)
    this.parts.data.restore(localKey, value === null ? null : Buffer.from(value), timestampMs)
  }

  expire(): Promise<void> {
    return this.retention.expire()
  }
}

export const joinWindowInfo: StoreRow<JoinWindowDefinition, LocalJoinWindowStore> = {
  kind: 'joinWindow',
  savedAs: 'window',
  // As in Kafka Streams, a test reads it by `fetch`.
  port: 'window',
  settings: { windowSizeMs: { label: 'window size in ms' }, retentionMs: { bound: 'retention', unit: 'ms' } },
  rebuiltFrom: [],
  writes: ['put'],
  // Records side by side have keys of their own, so compaction would find nothing.
  changelogConfig: ({ retentionMs }, extraMs) => timed('delete', retentionMs + extraMs),
  open: (parts, stored) => new LocalJoinWindowStore(parts, stored),
  committed: joinWindowView,
}
