/**
 * What the gate knows of a partition, in one store: its event time, and the ids admitted lately. Ids are hashes of 64 bits, in blocks
 * in the order in which they came. The store has the truth; their table in memory is made from it, again after an abort.
 */
import type { KeyValueStore, Serde } from '../../index.js'
import { IdHash } from './id-hash.js'
import { IdTable } from './id-table.js'
import { type PartitionTime, START } from './partition-time.js'

/** Key of the record with time, counts and the ids of the last block, which is not full. Other keys: the number of a full block. */
const HEAD = 'head'
/** Of a record or a block that may be a view: nobody changes it. */
export const gateBytes: Serde<Buffer> = Object.freeze({
  name: 'gate-bytes',
  serialize: (value: Buffer) => value,
  deserialize: (bytes: Buffer) => bytes,
})

const IDS_IN_BLOCK = 16
/** High half, low half, event time. */
const ID_BYTES = 14
const AT_BYTES = 6
/** Flags, stream time, closed before, ids ever admitted, the first that is kept. */
const HEAD_BYTES = 33
/** Blocks dropped at one event: a jump of time must not hold it up for all there are. */
const DROPPED_AT_ONCE = 8

export class PartitionState {
  readonly #store: KeyValueStore<string, Buffer>
  readonly #hash = new IdHash()
  readonly #scratch = Buffer.alloc(HEAD_BYTES + IDS_IN_BLOCK * ID_BYTES)
  #ids = new IdTable()
  #head: Buffer | null = null
  #time: PartitionTime = START
  /** The latest event time in the oldest block; null: not looked up. */
  #oldestBlockMs: number | null = null
  #sinceMs = 0

  constructor(store: KeyValueStore<string, Buffer>) {
    this.#store = store
  }

  /** The time of the partition. To be called first for each record: what an abort has taken back is forgotten here. */
  time(): PartitionTime {
    const head = this.#store.get(HEAD)?.value ?? null
    if (head !== this.#head) {
      if (head === null || this.#head === null || !head.equals(this.#head)) this.#load(head)
      this.#head = head
    }
    return this.#time
  }

  setTime(time: PartitionTime): void {
    this.#time = time
    this.#write()
  }

  /** Whether the user's event of this id was admitted with a time of at least `sinceMs`. */
  remembers(userKey: string, eventId: string, sinceMs: number): boolean {
    this.#hash.set(userKey, eventId)
    this.#sinceMs = sinceMs
    return this.#ids.some(this.#hash.high, this.#hash.low, this.#isFresh)
  }

  /** Admits the event that `remembers` was asked for last. Ids from before `forgetMs` may be forgotten. */
  admit(atMs: number, time: PartitionTime, forgetMs: number): void {
    const scratch = this.#scratch
    const at = HEAD_BYTES + (this.#ids.end % IDS_IN_BLOCK) * ID_BYTES
    scratch.writeInt32BE(this.#hash.high, at)
    scratch.writeInt32BE(this.#hash.low, at + 4)
    scratch.writeUIntBE(atMs, at + 8, AT_BYTES)
    this.#ids.add(this.#hash.high, this.#hash.low)
    this.#time = time
    if (this.#ids.end % IDS_IN_BLOCK === 0) {
      this.#store.put(blockKey(this.#ids.end / IDS_IN_BLOCK - 1), scratch.subarray(HEAD_BYTES), stamp(time))
    }
    for (let dropped = 0; dropped < DROPPED_AT_ONCE && this.#dropOldest(forgetMs); dropped++);
    this.#write()
  }

  readonly #isFresh = (position: number): boolean => {
    const block = Math.floor(position / IDS_IN_BLOCK)
    const isLast = block === Math.floor(this.#ids.end / IDS_IN_BLOCK)
    const bytes = isLast ? this.#scratch.subarray(HEAD_BYTES) : this.#block(block)
    return timeIn(bytes, position % IDS_IN_BLOCK) >= this.#sinceMs
  }

  /** Drops the oldest block if all its events are from before `forgetMs`. */
  #dropOldest(forgetMs: number): boolean {
    const block = this.#ids.first / IDS_IN_BLOCK
    if (this.#ids.first + IDS_IN_BLOCK > this.#ids.end) return false
    this.#oldestBlockMs ??= latestIn(this.#block(block))
    if (this.#oldestBlockMs >= forgetMs) return false
    this.#store.put(blockKey(block), null, stamp(this.#time))
    for (let i = 0; i < IDS_IN_BLOCK; i++) this.#ids.removeOldest()
    this.#oldestBlockMs = null
    return true
  }

  #load(head: Buffer | null): void {
    this.#oldestBlockMs = null
    this.#ids = new IdTable(head?.readDoubleBE(25) ?? 0)
    this.#time = head === null ? START : timeOf(head)
    if (head === null) return
    head.copy(this.#scratch)
    const end = head.readDoubleBE(17)
    while (end - this.#ids.end >= IDS_IN_BLOCK) this.#add(this.#block(this.#ids.end / IDS_IN_BLOCK), IDS_IN_BLOCK)
    this.#add(head.subarray(HEAD_BYTES), end - this.#ids.end)
  }

  #add(ids: Buffer, count: number): void {
    for (let i = 0; i < count; i++) this.#ids.add(ids.readInt32BE(i * ID_BYTES), ids.readInt32BE(i * ID_BYTES + 4))
  }

  #block(block: number): Buffer {
    return this.#store.get(blockKey(block))!.value
  }

  #write(): void {
    const { streamTimeMs, closedBeforeMs, replaying } = this.#time
    const scratch = this.#scratch
    scratch[0] = replaying ? 1 : 0
    scratch.writeDoubleBE(streamTimeMs, 1)
    scratch.writeDoubleBE(closedBeforeMs, 9)
    scratch.writeDoubleBE(this.#ids.end, 17)
    scratch.writeDoubleBE(this.#ids.first, 25)
    const bytes = HEAD_BYTES + (this.#ids.end % IDS_IN_BLOCK) * ID_BYTES
    this.#store.put(HEAD, scratch.subarray(0, bytes), stamp(this.#time))
    this.#head = this.#store.get(HEAD)!.value
  }
}

function blockKey(block: number): string {
  return String(block)
}

function timeOf(head: Buffer): PartitionTime {
  return { streamTimeMs: head.readDoubleBE(1), closedBeforeMs: head.readDoubleBE(9), replaying: head[0] === 1 }
}

function timeIn(ids: Buffer, index: number): number {
  return ids.readUIntBE(index * ID_BYTES + 8, AT_BYTES)
}

function latestIn(ids: Buffer): number {
  let latestMs = 0
  for (let i = 0; i < IDS_IN_BLOCK; i++) latestMs = Math.max(latestMs, timeIn(ids, i))
  return latestMs
}

function stamp({ streamTimeMs }: PartitionTime): number {
  return Math.max(0, streamTimeMs)
}
