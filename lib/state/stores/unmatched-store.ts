/** Records that wait for a match, in the changelog's format. One heap per side has the records that are due next. */

import { innerKey, isLeftKey, type UnmatchedValues, unmatchedKey } from '../../serde/unmatched.js'
import { leadingTime } from '../layers/time-keys.js'
import type { Unmatched, UnmatchedStore } from '../ports/join-stores.js'
import { BufferStore } from './buffer-store.js'
import { KeyHeap } from './key-heap.js'
import { compacted, type DefinitionBase, type StoreRow } from './store-info.js'
import type { EmitChange, KeyFollower, LocalStore, StoreParts, TransactionFollower } from './store-parts.js'

/** Stream-stream joins: records that wait for a partner. */
export interface UnmatchedDefinition extends DefinitionBase {
  readonly kind: 'unmatched'
}

export class LocalUnmatchedStore<K = unknown, V = unknown>
  extends BufferStore<UnmatchedDefinition>
  implements UnmatchedStore<K, V>, LocalStore
{
  readonly index: KeyFollower
  readonly follower: TransactionFollower
  readonly #left = new KeyHeap()
  readonly #right = new KeyHeap()

  constructor(parts: StoreParts<UnmatchedDefinition>) {
    super(parts)
    const [left, right] = [this.#left, this.#right]
    this.index = { add: (timeMs, localKey) => (isLeftKey(localKey) ? left : right).add(timeMs, localKey) }
    this.follower = both(left, right)
  }

  add({ key, value, timestampMs, left }: Unmatched<K, V>): void {
    const parts = this.parts
    const localKey = unmatchedKey(parts.keys.byteString(key), timestampMs, left)
    const cell = parts.data.load(localKey)
    const waiting = parts.read(cell) as UnmatchedValues | null
    if (waiting === null) this.index.add(timestampMs, localKey)
    const values = waiting === null ? [value] : [...waiting.values, value]
    parts.write(cell, { left, values }, timestampMs)
  }

  remove(key: K, timestampMs: number, left: boolean, atMs: number): void {
    const cell = this.parts.data.load(unmatchedKey(this.parts.keys.byteString(key), timestampMs, left))
    if (cell.held !== null) this.parts.write(cell, null, atMs)
  }

  take(leftBeforeMs: number, rightBeforeMs: number, atMs: number): readonly Unmatched<K, V>[] {
    const keys: string[] = []
    takeBefore(this.#left, leftBeforeMs, keys)
    takeBefore(this.#right, rightBeforeMs, keys)
    if (keys.length === 0) return []
    const taken: Unmatched<K, V>[] = []
    const { data, keys: codec } = this.parts
    for (const localKey of keys.sort()) {
      const cell = data.load(localKey)
      const waiting = this.parts.read(cell) as UnmatchedValues | null
      if (waiting === null) continue
      const key = codec.fromByteString(innerKey(localKey)) as K
      const timestampMs = leadingTime(localKey)
      for (const value of waiting.values) taken.push({ key, value: value as V, timestampMs, left: waiting.left })
      this.parts.write(cell, null, atMs)
    }
    return taken
  }

  changelogKey(localKey: string): Buffer {
    return Buffer.from(localKey, 'latin1')
  }

  restore(key: Buffer, value: Buffer | null, timestampMs: number): void {
    const localKey = key.toString('latin1')
    if (value !== null) this.index.add(leadingTime(localKey), localKey)
    this.parts.data.restore(localKey, value === null ? null : Buffer.from(value), timestampMs)
  }

  async expire(): Promise<void> {}
}

function takeBefore(heap: KeyHeap, beforeMs: number, keys: string[]): void {
  for (let key = heap.first; key !== undefined && leadingTime(key) < beforeMs; key = heap.first) {
    keys.push(key)
    heap.take()
  }
}

function both(left: TransactionFollower, right: TransactionFollower): TransactionFollower {
  return {
    beginCommit(emit: EmitChange | null) {
      left.beginCommit(emit)
      right.beginCommit(emit)
    },
    commitSucceeded() {
      left.commitSucceeded()
      right.commitSucceeded()
    },
    commitAborted() {
      left.commitAborted()
      right.commitAborted()
    },
  }
}

export const unmatchedInfo: StoreRow<UnmatchedDefinition, LocalUnmatchedStore> = {
  kind: 'unmatched',
  savedAs: 'unmatched',
  port: null,
  settings: {},
  rebuiltFrom: [],
  writes: ['add', 'remove', 'take'],
  changelogConfig: compacted,
  open: (parts) => new LocalUnmatchedStore(parts),
  committed: 'records that wait for a join',
}
