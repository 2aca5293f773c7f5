/** Stream records that wait for their table: data under `time | key | sequence`, with the next ones in a heap. */

import { int64ByteString } from '../../serde/int64-bytes.js'
import { bufferedStreamKey, splitBufferedStreamKey } from '../../serde/key-layouts.js'
import { decodeBufferedRow, encodeBufferedRow } from '../../serde/suppress-buffer.js'
import { leadingTime } from '../layers/time-keys.js'
import type { BufferedOrigin, BufferedRecord, StreamBuffer } from '../ports/stream-buffer.js'
import { BufferStore } from './buffer-store.js'
import { KeyHeap } from './key-heap.js'
import { compacted, type DefinitionBase, type StoreRow } from './store-info.js'
import type { KeyFollower, LocalStore, StoreParts } from './store-parts.js'

const LAST_SEQUENCE = 0x7fffffff
const TIME_BYTES = 8
const SEQUENCE_BYTES = 4

/** Stream-table joins: records that wait for the table. */
export interface StreamBufferDefinition extends DefinitionBase {
  readonly kind: 'streamBuffer'
}

export class LocalStreamBuffer<K = unknown, V = unknown>
  extends BufferStore<StreamBufferDefinition>
  implements StreamBuffer<K, V>, LocalStore
{
  readonly index: KeyFollower
  readonly #heap = new KeyHeap()
  #sequence = 0

  constructor(parts: StoreParts<StreamBufferDefinition>) {
    super(parts)
    this.index = {
      add: (timeMs, localKey) => {
        this.#heap.add(timeMs, localKey)
        // After a restart, numbers continue behind those of the records that still wait.
        const sequence = Buffer.from(localKey.slice(-SEQUENCE_BYTES), 'latin1').readInt32BE(0)
        if (sequence > this.#sequence) this.#sequence = sequence
      },
    }
  }

  get follower() {
    return this.#heap
  }

  add({ key, value, timestamp, headers }: BufferedRecord<K, V>, origin: BufferedOrigin): void {
    const { data, keys, values } = this.parts
    const text = int64ByteString(timestamp) + keys.byteString(key)
    let cell = data.load(text + this.#nextSequence())
    // Numbers start again behind the largest: what waits under that one must not be replaced.
    while (cell.held !== null) cell = data.load(text + this.#nextSequence())
    const held = values.hold(value)
    const now = held === null ? null : values.encode(held)
    const row = encodeBufferedRow({ ...origin, timestamp, headers, prior: null, old: null, now, bufferTimeMs: 0 })
    data.set(cell, row, timestamp)
    this.#heap.add(timestamp, cell.key)
  }

  take(untilMs: number, atMs: number): BufferedRecord<K, V> | null {
    const { data, keys, values } = this.parts
    for (let first = this.#heap.first; first !== undefined; first = this.#heap.first) {
      if (leadingTime(first) > untilMs) return null
      this.#heap.take()
      const cell = data.load(first)
      if (cell.held === null) continue
      const row = decodeBufferedRow(cell.held as Buffer)
      data.set(cell, null, atMs)
      const key = keys.fromByteString(first.slice(TIME_BYTES, -SEQUENCE_BYTES)) as K
      return { key, value: values.value(row.now!) as V, timestamp: row.timestamp, headers: row.headers }
    }
    return null
  }

  changelogKey(localKey: string): Buffer {
    return bufferedStreamKey(localKey)
  }

  restore(key: Buffer, value: Buffer | null, timestampMs: number): void {
    const localKey = splitBufferedStreamKey(key)
    if (value !== null) this.index.add(leadingTime(localKey), localKey)
    this.parts.data.restore(localKey, value === null ? null : Buffer.from(value), timestampMs)
  }

  async expire(): Promise<void> {}

  #nextSequence(): string {
    const s = (this.#sequence + 1) & LAST_SEQUENCE
    this.#sequence = s
    return String.fromCharCode((s >>> 24) & 255, (s >>> 16) & 255, (s >>> 8) & 255, s & 255)
  }
}

export const streamBufferInfo: StoreRow<StreamBufferDefinition, LocalStreamBuffer> = {
  kind: 'streamBuffer',
  savedAs: 'streamBuffer',
  port: null,
  settings: {},
  rebuiltFrom: [],
  writes: ['add', 'take'],
  changelogConfig: compacted,
  open: (parts) => new LocalStreamBuffer(parts),
  committed: 'records that wait for a join',
}
