/**
 * The buffer of `suppress`: rows under `buffer time | key`, in the changelog under the key, in Kafka Streams' format.
 * The buffered keys and their times are also in memory, rebuilt from disk and changelog.
 */

import type { Headers } from '../../record/record.js'
import { int64ByteString } from '../../serde/int64-bytes.js'
import {
  type BufferedRow,
  bufferedRowBytes,
  bufferTimeOf,
  decodeBufferedRow,
  encodeBufferedRow,
  suppressHeaders,
} from '../../serde/suppress-buffer.js'
import { currentRow, type LoggedRow } from '../../serde/suppress-buffer-versions.js'
import { leadingTime } from '../layers/time-keys.js'
import type { BufferedChange, ChangeContext, SuppressBuffer } from '../ports/suppress-buffer.js'
import { BufferStore } from './buffer-store.js'
import { KeyHeap } from './key-heap.js'
import { compacted, type DefinitionBase, type StoreRow } from './store-info.js'
import type { KeyFollower, LocalStore, StoreParts, TransactionFollower } from './store-parts.js'

const TIME_BYTES = 8

/** A key's buffer time before a change, undefined where it was not held. */
type Undo = readonly [key: string, timeMs: number | undefined]

/** Changes that wait in a suppression. */
export interface SuppressBufferDefinition extends DefinitionBase {
  readonly kind: 'suppressBuffer'
}

export class LocalSuppressBuffer<K = unknown, V = unknown>
  extends BufferStore<SuppressBufferDefinition>
  implements SuppressBuffer<K, V>, LocalStore
{
  readonly index: KeyFollower
  readonly follower: TransactionFollower
  readonly #heap = new KeyHeap()
  readonly #times = new Map<string, number>()
  #undo: Undo[] = []
  #undoInFlight: Undo[] = []
  /** Null: nobody has asked since it was last known. */
  #bytes: number | null = null

  constructor(parts: StoreParts<SuppressBufferDefinition>) {
    super(parts)
    this.index = {
      add: (timeMs, localKey) => {
        this.#times.set(localKey.slice(TIME_BYTES), timeMs)
        this.#heap.add(timeMs, localKey)
      },
    }
    this.follower = {
      beginCommit: () => {
        this.#heap.beginCommit()
        this.#undoInFlight = this.#undo
        this.#undo = []
      },
      commitSucceeded: () => {
        this.#heap.commitSucceeded()
        this.#undoInFlight = []
      },
      commitAborted: () => this.#abort(),
    }
  }

  get records(): number {
    return this.#times.size
  }

  get bytes(): number {
    if (this.#bytes === null) {
      this.#bytes = 0
      for (const [key, timeMs] of this.#times) this.#bytes += sizeOf(key, this.#held(key, timeMs))
    }
    return this.#bytes
  }

  get firstTimeMs(): number {
    const localKey = this.#firstKey()
    return localKey === undefined ? Number.POSITIVE_INFINITY : leadingTime(localKey)
  }

  put(key: K, bufferTimeMs: number, newValue: V | null, oldValue: V | null, context: ChangeContext): void {
    const text = this.parts.keys.byteString(key)
    const known = this.#times.get(text)
    const timeMs = known ?? Math.min(bufferTimeMs, Number.MAX_SAFE_INTEGER)
    const localKey = int64ByteString(timeMs) + text
    const before = known === undefined ? null : this.#held(text, timeMs)
    const old = this.#serialized(oldValue)
    const row: BufferedRow = {
      ...context,
      prior: before === null ? old : decodeBufferedRow(before).prior,
      old,
      now: this.#serialized(newValue),
      bufferTimeMs: timeMs,
    }
    if (this.#bytes !== null) this.#bytes += bufferedRowBytes(text.length, row) - sizeOf(text, before)
    if (known === undefined) {
      this.#setTime(text, timeMs)
      this.#heap.add(timeMs, localKey)
    }
    const { data } = this.parts
    data.set(data.load(localKey), encodeBufferedRow(row), context.timestamp)
  }

  first(): BufferedChange<K, V> | null {
    const localKey = this.#firstKey()
    if (localKey === undefined) return null
    const key = localKey.slice(TIME_BYTES)
    const { now, old, timestamp, headers } = decodeBufferedRow(this.#held(key, leadingTime(localKey))!)
    const { keys } = this.parts
    return {
      key: keys.fromByteString(key) as K,
      newValue: this.#value(now),
      oldValue: this.#value(old),
      timestamp,
      headers,
    }
  }

  removeFirst(atMs: number): void {
    const localKey = this.#firstKey()
    if (localKey === undefined) return
    const key = localKey.slice(TIME_BYTES)
    if (this.#bytes !== null) this.#bytes -= sizeOf(key, this.#held(key, leadingTime(localKey)))
    this.#heap.take()
    this.#setTime(key, undefined)
    const { data } = this.parts
    data.set(data.load(localKey), null, atMs)
  }

  prior(key: K): V | null | undefined {
    const text = this.parts.keys.byteString(key)
    const timeMs = this.#times.get(text)
    return timeMs === undefined ? undefined : this.#value(decodeBufferedRow(this.#held(text, timeMs)!).prior)
  }

  changelogKey(localKey: string): Buffer {
    return Buffer.from(localKey.slice(TIME_BYTES), 'latin1')
  }

  changelogHeaders(value: Buffer | null): Headers {
    return suppressHeaders(value)
  }

  restore(key: Buffer, bytes: Buffer | null, timestampMs: number, _headers?: Headers, logged?: LoggedRow): void {
    const text = key.toString('latin1')
    const known = this.#times.get(text)
    const prior = () => (known === undefined ? undefined : decodeBufferedRow(this.#held(text, known)!).prior)
    const value = bytes === null || logged === undefined ? bytes : currentRow(bytes, logged, prior)
    const timeMs = value === null ? undefined : bufferTimeOf(value)
    const { data } = this.parts
    this.#bytes = null
    if (known !== undefined && known !== timeMs) {
      data.restore(int64ByteString(known) + text, null, timestampMs)
      this.#times.delete(text)
    }
    if (timeMs === undefined || value === null) return
    const localKey = int64ByteString(timeMs) + text
    if (known !== timeMs) this.index.add(timeMs, localKey)
    data.restore(localKey, Buffer.from(value), timestampMs)
  }

  async expire(): Promise<void> {}

  /** The heap may name keys that are gone: they are passed over. */
  #firstKey(): string | undefined {
    for (;;) {
      const localKey = this.#heap.first
      if (localKey === undefined) return undefined
      if (this.#times.get(localKey.slice(TIME_BYTES)) === leadingTime(localKey)) return localKey
      this.#heap.take()
    }
  }

  #held(key: string, timeMs: number): Buffer | null {
    return this.parts.data.load(int64ByteString(timeMs) + key).held as Buffer | null
  }

  #setTime(key: string, timeMs: number | undefined): void {
    this.#undo.push([key, this.#times.get(key)])
    this.#write([key, timeMs])
  }

  #write([key, timeMs]: Undo): void {
    if (timeMs === undefined) this.#times.delete(key)
    else this.#times.set(key, timeMs)
  }

  #abort(): void {
    for (const undo of [this.#undo, this.#undoInFlight]) for (const step of undo.reverse()) this.#write(step)
    this.#undo = []
    this.#undoInFlight = []
    this.#bytes = null
    this.#heap.commitAborted()
  }

  #serialized(value: V | null): Buffer | null {
    const { values } = this.parts
    const held = values.hold(value)
    return held === null ? null : values.encode(held)
  }

  #value(bytes: Buffer | null): V | null {
    return bytes === null ? null : (this.parts.values.value(bytes) as V)
  }
}

function sizeOf(key: string, held: Buffer | null): number {
  return held === null ? 0 : bufferedRowBytes(key.length, decodeBufferedRow(held))
}

export const suppressBufferInfo: StoreRow<SuppressBufferDefinition, LocalSuppressBuffer> = {
  kind: 'suppressBuffer',
  savedAs: 'suppressBuffer',
  port: null,
  settings: {},
  rebuiltFrom: [],
  writes: ['put', 'removeFirst'],
  changelogConfig: compacted,
  open: (parts) => new LocalSuppressBuffer(parts),
  committed: 'buffered changes of a suppression',
}
