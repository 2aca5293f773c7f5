/** Session stores: data under `end | start | key`, with an index of (end, start) per key and segment. */

import { MillraceError } from '../../errors.js'
import type { Headers } from '../../record/record.js'
import { int64ByteString, writeInt64 } from '../../serde/int64-bytes.js'
import { splitSessionKey } from '../../serde/key-layouts.js'
import { sessionView } from '../committed/view.js'
import type { Cell } from '../layers/cell.js'
import type { StoredTimes } from '../layers/store-times.js'
import type { TimeIndex } from '../layers/time-index.js'
import { leadingTime, timeAt } from '../layers/time-keys.js'
import type { OrderedSessionStore, SessionRow } from '../ports/ordered.js'
import type { FlushListener, Session } from '../ports/store.js'
import { iterable, requireOrder } from './key-scans.js'
import { type SegmentedDefinition, SegmentedStore } from './segmented-store.js'
import { type StoreRow, timed } from './store-info.js'
import type { LocalStore, StoreParts } from './store-parts.js'
import type { TimeScan } from './time-scans.js'

const TIMES_BYTES = 16

const EVERYTHING: TimeScan = {
  fromMs: 0,
  toMs: Number.POSITIVE_INFINITY,
  keyFrom: null,
  keyTo: null,
  reverse: false,
}

export interface SessionDefinition extends SegmentedDefinition {
  readonly kind: 'session'
}

export class LocalSessionStore<K = unknown, V = unknown>
  extends SegmentedStore<SessionDefinition>
  implements OrderedSessionStore<K, V>, LocalStore
{
  constructor(parts: StoreParts<SessionDefinition>, stored: StoredTimes | null) {
    super(parts, stored, { times: 2, timeBytes: TIMES_BYTES, slackMs: -1 })
  }

  onFlush(listener: FlushListener<{ readonly key: K; readonly startMs: number; readonly endMs: number }, V>): void {
    if (!this.cached) return
    const parts = this.parts
    parts.cache.onFlush((cell, before, headers) => {
      const name = { key: this.#userKey(cell), startMs: timeAt(cell.key, 8), endMs: leadingTime(cell.key) }
      listener(name, parts.read(cell) as V | null, parts.valueOf(before) as V | null, name.endMs, headers)
    })
  }

  find(key: K, earliestEndMs: number, latestStartMs: number): readonly Session<V>[] {
    const found: Session<V>[] = []
    const parts = this.parts
    const text = parts.keys.byteString(key)
    const from = Math.max(earliestEndMs, this.retention.limit() + 1)
    this.directory.forEach(text, from, Number.POSITIVE_INFINITY, (endMs, startMs) => {
      if (startMs > latestStartMs) return
      const cell = parts.data.load(int64ByteString(endMs) + int64ByteString(startMs) + text)
      found.push({ startMs, endMs, value: parts.read(cell) as V })
    })
    return found
  }

  backwardFind(key: K, earliestEndMs: number, latestStartMs: number): readonly Session<V>[] {
    return [...this.find(key, earliestEndMs, latestStartMs)].reverse()
  }

  fetchSession(key: K, startMs: number, endMs: number): V | null {
    if (endMs <= this.retention.limit()) return null
    const { parts } = this
    const localKey = int64ByteString(endMs) + int64ByteString(startMs) + parts.keys.byteString(key)
    return parts.read(parts.data.load(localKey)) as V | null
  }

  all(): Iterable<SessionRow<K, V>> {
    return this.#rows(EVERYTHING)
  }

  backwardAll(): Iterable<SessionRow<K, V>> {
    return this.#rows({ ...EVERYTHING, reverse: true })
  }

  findByEnd(fromMs: number, toMs: number): Iterable<SessionRow<K, V>> {
    return this.#rows({ ...EVERYTHING, fromMs, toMs })
  }

  backwardFindByEnd(fromMs: number, toMs: number): Iterable<SessionRow<K, V>> {
    return this.#rows({ ...EVERYTHING, fromMs, toMs, reverse: true })
  }

  findRange(from: K | null, to: K | null, fromMs: number, latestStartMs: number): Iterable<SessionRow<K, V>> {
    return this.#rows({ ...EVERYTHING, ...this.#keys(from, to), fromMs }, latestStartMs)
  }

  backwardFindRange(from: K | null, to: K | null, fromMs: number, latestStartMs: number): Iterable<SessionRow<K, V>> {
    return this.#rows({ ...EVERYTHING, ...this.#keys(from, to), fromMs, reverse: true }, latestStartMs)
  }

  put(key: K, startMs: number, endMs: number, value: V | null, headers?: Headers): void {
    if (endMs <= this.retention.limit()) return
    this.times.observe(endMs)
    const parts = this.parts
    const text = parts.keys.byteString(key)
    const cell = parts.data.load(int64ByteString(endMs) + int64ByteString(startMs) + text)
    // Kept from the first time: a new key string for every record would outlive its record for nothing.
    if (cell.userKey === undefined && typeof key !== 'object') cell.userKey = key
    const { held } = cell
    parts.write(cell, value, endMs, headers)
    // After the write: a value its serde rejects leaves no trace.
    const absent = cell.held === null
    if (!absent) this.index?.add(endMs, cell.key)
    if ((held === null) === absent) return
    if (absent) this.directory.remove(text, endMs, startMs)
    else this.directory.add(text, endMs, startMs)
    this.order?.change(cell.key, !absent)
  }

  endingBetween(fromMs: number, toMs: number): readonly (Session<V> & { readonly key: K })[] {
    const found: (Session<V> & { readonly key: K })[] = []
    for (const localKey of requireIndex(this.index, this.name).between(fromMs, toMs)) {
      const cell = this.parts.data.load(localKey)
      const value = this.parts.read(cell)
      if (value === null) continue
      found.push({
        key: this.#userKey(cell),
        startMs: timeAt(localKey, 8),
        endMs: leadingTime(localKey),
        value: value as V,
      })
    }
    return found
  }

  changelogKey(localKey: string): Buffer {
    const keyBytes = localKey.length - TIMES_BYTES
    const out = Buffer.allocUnsafe(keyBytes + TIMES_BYTES)
    out.write(localKey.slice(TIMES_BYTES), 0, 'latin1')
    writeInt64(out, leadingTime(localKey), keyBytes)
    writeInt64(out, timeAt(localKey, 8), keyBytes + 8)
    return out
  }

  restore(key: Buffer, value: Buffer | null, timestampMs: number): void {
    const parts = this.parts
    const { key: keyBytes, startMs, endMs } = splitSessionKey(key)
    if (endMs <= this.retention.limit()) return
    this.times.observeCommitted(endMs)
    const text = keyBytes.toString('latin1')
    const localKey = int64ByteString(endMs) + int64ByteString(startMs) + text
    this.directory.restore(text, endMs, startMs, value !== null)
    this.order?.restore(localKey, value !== null)
    if (value !== null) this.index?.add(endMs, localKey)
    parts.data.restore(localKey, value === null ? null : Buffer.from(value), timestampMs)
  }

  #keys(from: K | null, to: K | null): Pick<TimeScan, 'keyFrom' | 'keyTo'> {
    const { keys } = this.parts
    return {
      keyFrom: from === null ? null : keys.byteString(from),
      keyTo: to === null ? null : keys.byteString(to),
    }
  }

  #rows(scan: TimeScan, latestStartMs = Number.POSITIVE_INFINITY): Iterable<SessionRow<K, V>> {
    const scans = requireOrder(this.scans, this.name)
    const { data, keys, values } = this.parts
    const walk = function* (this: LocalSessionStore<K, V>): Generator<SessionRow<K, V>, void, undefined> {
      const fromMs = Math.max(scan.fromMs, this.retention.limit() + 1)
      for (const localKey of scans.keys({ ...scan, fromMs })) {
        const startMs = timeAt(localKey, 8)
        if (startMs > latestStartMs) continue
        const found = data.newest(localKey)
        if (found === undefined) continue
        const key = keys.fromByteString(localKey.slice(TIMES_BYTES)) as K
        yield { key, startMs, endMs: leadingTime(localKey), value: values.value(found.held) as V }
      }
    }
    return iterable(() => walk.call(this))
  }

  #userKey(cell: Cell): K {
    const key = cell.userKey
    return (key === undefined ? this.parts.keys.fromByteString(cell.key.slice(TIMES_BYTES)) : key) as K
  }
}

/** @throws MillraceError STATE_NOT_INDEXED when the store was declared without `timeIndexed` */
export function requireIndex(index: TimeIndex | null, name: string): TimeIndex {
  if (index !== null) return index
  throw new MillraceError('STATE_NOT_INDEXED', `store ${name} is scanned by time but was declared without a time index`)
}

export const sessionInfo: StoreRow<SessionDefinition, LocalSessionStore> = {
  kind: 'session',
  savedAs: 'session',
  port: 'session',
  settings: {
    cached: 'silent',
    retentionMs: { bound: 'retention', unit: 'ms' },
    timeIndexed: 'silent',
    ordered: 'silent',
  },
  rebuiltFrom: [],
  writes: ['put'],
  changelogConfig: ({ retentionMs }, extraMs) => timed('compact,delete', retentionMs + extraMs),
  open: (parts, stored) => new LocalSessionStore(parts, stored),
  committed: sessionView,
}
