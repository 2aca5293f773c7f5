/** The interface between the task and every store, and the parts of stores. */

import { type Headers, NO_HEADERS } from '../../record/record.js'
import type { LoggedRow } from '../../serde/suppress-buffer-versions.js'
import { type ValueWithHeaders, withHeaders } from '../../serde/with-headers.js'
import type { StateEngine } from '../engine/engine.js'
import { type Cell, type HeldValue, Kept, NONE } from '../layers/cell.js'
import type { CellCache } from '../layers/cell-cache.js'
import { Overlay } from '../layers/overlay.js'
import { RecordCache } from '../layers/record-cache.js'
import type { StoreTimes } from '../layers/store-times.js'
import { KeyCodec, keepBytes, ValueCodec } from '../layers/value-codec.js'
import { ORDER_CODEC, OrderedKeys } from '../order/ordered-keys.js'
import type { ValueAndTimestamp } from '../ports/store.js'
import { type DefinitionBase, keepsHeaders } from './store-info.js'

/** Receives one changelog record. Key and value are private copies. */
export type ChangelogSink = (
  store: DefinitionBase,
  key: Buffer,
  value: Buffer | null,
  timestampMs: number,
  headers: Headers,
) => void

/** Takes the local keys that exist, with their leading time; from the disk also what it holds: int64 timestamp, value. */
export interface KeyFollower {
  add(timeMs: number, localKey: string, diskValue?: Buffer): void
}

/** Memory beside the cells that an abort must take back. */
export interface TransactionFollower {
  /** `emit` is null where the store hands out no changelog records. */
  beginCommit(emit: EmitChange | null): void
  commitSucceeded(): void
  commitAborted(): void
}

export type EmitChange = (key: Buffer, value: Buffer | null, timestampMs: number) => void

export interface LocalStore {
  readonly definition: DefinitionBase
  /** Its values are kept with headers. */
  readonly keepsHeaders: boolean
  /** Data first, then directories. */
  readonly overlays: readonly Overlay[]
  /** Null for stores without retention of their own. */
  readonly times: StoreTimes | null
  readonly cache: RecordCache
  /** What finds entries by time; null where nothing looks for them so. Filled from the disk when the store opens. */
  readonly index: KeyFollower | null
  /** What the store was declared `ordered` for. Built again when the store opens and the disk has none that is up to date. */
  readonly order?: OrderedKeys | null
  /** True where changelog records come from `follower`, not from changed cells. */
  readonly logsPuts?: boolean
  /** What else of the store follows a transaction. */
  readonly follower?: TransactionFollower
  /** The changelog's key of a data cell. */
  changelogKey(localKey: string): Buffer
  /** Headers of the changelog record of a value; omitted: none. */
  changelogHeaders?(value: Buffer | null): Headers
  /**
   * Applies a changelog record to the committed layer. `value` may be a view; it is copied. `logged`: the record itself, for
   * a store whose layout its headers tell; without, the layout is the one written here.
   */
  restore(key: Buffer, value: Buffer | null, timestampMs: number, headers?: Headers, logged?: LoggedRow): void
  /** Removes from disk what retention has ended for. Safe to repeat. */
  expire(): Promise<void>
}

export interface StorePartsOptions<D extends DefinitionBase> {
  readonly definition: D
  readonly engine: StateEngine
  /** Two bytes in front of all keys of the store. */
  readonly number: number
  readonly cells: CellCache
  /** Bytes of changed keys the record cache may hold. */
  readonly cacheBytes: number
  /** Topic name given to serdes. */
  readonly topic: string
}

const DATA_SECTION = 0x64
const HISTORY_SECTION = 0x68
const DIRECTORY_SECTION = 0x69
const ORDER_SECTION = 0x6f

type Codec = Pick<Overlay, 'encode' | 'decode'>

function sectionPrefix(storeNumber: number, section: number): Buffer {
  return Buffer.from([storeNumber >> 8, storeNumber & 255, section])
}

/** Codecs, overlay and record cache of one store. */
export class StoreParts<D extends DefinitionBase = DefinitionBase> {
  readonly definition: D
  readonly keys: KeyCodec
  readonly values: ValueCodec
  readonly data: Overlay
  readonly cache: RecordCache
  readonly keepsHeaders: boolean
  readonly #options: StorePartsOptions<D>

  constructor(options: StorePartsOptions<D>) {
    this.#options = options
    this.definition = options.definition
    this.keys = new KeyCodec(options.definition.keySerde, options.topic)
    const { valueSerde } = options.definition
    this.keepsHeaders = keepsHeaders(options.definition)
    this.values = new ValueCodec(this.keepsHeaders ? withHeaders(valueSerde) : valueSerde, options.topic)
    this.cache = new RecordCache(options.cacheBytes)
    this.data = this.#section(DATA_SECTION, { decode: keepBytes, encode: this.values.encode })
  }

  /** The section of superseded versions. */
  history(): Overlay {
    return this.#section(HISTORY_SECTION, { decode: keepBytes, encode: (held) => held as Buffer })
  }

  /** The section that lists, per key, where its entries are: times, unless told otherwise. Not part of the changelog. */
  directory(codec: Codec = TIMES): Overlay {
    return this.#section(DIRECTORY_SECTION, codec)
  }

  /** The section that lists the local keys in their order. Not part of the changelog. */
  order(groupOf?: (localKey: string) => string): OrderedKeys {
    return new OrderedKeys(this.#section(ORDER_SECTION, ORDER_CODEC), groupOf)
  }

  /** The newest value of a loaded cell, null when absent. Decodes at most once where the value is a primitive. */
  read(cell: Cell): unknown {
    const held = cell.held
    if (held === null || held === NONE) return null
    if (typeof held !== 'object') return held
    const value = this.#value(held)
    if (held === cell.base && typeof value !== 'object' && !this.keepsHeaders) cell.base = value as HeldValue
    return value
  }

  /** Writes to a cell, keeping the record cache right. Null deletes. */
  write(cell: Cell, value: unknown, timestampMs: number, headers: Headers = NO_HEADERS): void {
    if (!this.cache.active && !this.keepsHeaders) {
      this.data.set(cell, this.#kept(cell, value) ?? this.values.hold(value), timestampMs)
      return
    }
    const held = this.values.hold(
      this.keepsHeaders && value !== null && value !== undefined ? { value, headers } : value,
    )
    if (!this.cache.active) {
      this.data.set(cell, held, timestampMs)
      return
    }
    this.cache.beforeWrite(cell, headers)
    this.data.set(cell, held, timestampMs)
    this.cache.afterWrite()
  }

  /** Null: it is no object that the serde keeps. The record cache would compare such an object with itself. */
  #kept({ open }: Cell, value: unknown): Kept | null {
    if (typeof value !== 'object' || value === null) return null
    if (open instanceof Kept && open.value === value) return open
    return this.values.keeps(value) ? new Kept(value) : null
  }

  #section(section: number, { decode, encode }: Codec): Overlay {
    const { engine, number, cells } = this.#options
    return new Overlay({ engine, prefix: sectionPrefix(number, section), cache: cells, decode, encode })
  }

  /** The user's value of something the record cache remembered. */
  valueOf(held: HeldValue | typeof NONE): unknown {
    return held === null || held === NONE ? null : this.#value(held)
  }

  /** What a key-value store answers for an entry: with its headers, where it keeps them. */
  row(held: Exclude<HeldValue, null>, timestamp: number): ValueAndTimestamp<unknown> {
    const value = this.values.value(held)
    return this.keepsHeaders ? { ...(value as ValueWithHeaders), timestamp } : { value, timestamp }
  }

  #value(held: Exclude<HeldValue, null>): unknown {
    const value = this.values.value(held)
    return this.keepsHeaders ? (value as ValueWithHeaders).value : value
  }
}

function encodeTimes(held: Exclude<HeldValue, null>): Buffer {
  const times = held as number[]
  const out = Buffer.allocUnsafe(times.length * 8)
  for (let i = 0; i < times.length; i++) out.writeDoubleBE(times[i]!, i * 8)
  return out
}

function decodeTimes(payload: Buffer): number[] {
  const times: number[] = []
  for (let at = 0; at < payload.length; at += 8) times.push(payload.readDoubleBE(at))
  return times
}

const TIMES = { encode: encodeTimes, decode: decodeTimes }
