/**
 * The versions in memory of one key section of an engine. Reads look in open, in flight, base, then disk. A transaction
 * moves open to in flight, then to base, or drops both. A flush writes changed bases. Clean cells stay as a cache
 * within a byte budget and are removed by a second-chance clock.
 */
import { MillraceError } from '../../errors.js'
import { readInt64, writeInt64 } from '../../serde/int64-bytes.js'
import type { EngineWrite, StateEngine } from '../engine/engine.js'
import { CELL_OVERHEAD_BYTES, Cell, type CellHome, type HeldValue, heldBytes, Kept, NONE } from './cell.js'
import type { CellCache } from './cell-cache.js'

export interface OverlayOptions {
  readonly engine: StateEngine
  /** In front of every local key on disk. */
  readonly prefix: Buffer
  readonly cache: CellCache
  readonly decode: (payload: Buffer) => HeldValue
  readonly encode: (held: Exclude<HeldValue, null>) => Buffer
}

/** A version that is no deletion. */
export interface Stamped {
  readonly held: Exclude<HeldValue, null>
  readonly timestamp: number
}

export class Overlay implements CellHome {
  readonly prefix: Buffer
  readonly engine: StateEngine
  readonly decode: (payload: Buffer) => HeldValue
  /** True for keys whose retention is over: a flush leaves them out. */
  expired: ((key: string) => boolean) | null = null
  readonly encode: (held: Exclude<HeldValue, null>) => Buffer
  /** How many began to commit or were dropped. */
  transactions = 0
  readonly #cache: CellCache
  readonly #cells = new Map<string, Cell>()
  #open: Cell[] = []
  #inFlight: Cell[] = []
  #pending: Cell[] = []
  #writing: Cell[] = []

  constructor(options: OverlayOptions) {
    this.engine = options.engine
    this.prefix = options.prefix
    this.decode = options.decode
    this.encode = options.encode
    this.#cache = options.cache
  }

  /** The cell of `key` with its base known, read from disk where needed. */
  load(key: string): Cell {
    const cell = this.touch(key)
    if (cell.base === NONE && cell.open === NONE && cell.inFlight === NONE) this.#read(cell)
    return cell
  }

  /** The cell of `key`, its base perhaps unknown: for blind writes. */
  touch(key: string): Cell {
    const cell = this.#cells.get(key) ?? this.#create(key)
    cell.referenced = true
    return cell
  }

  /** A restored entry: straight into the committed layer, and the first to leave memory once on disk. */
  restore(key: string, held: HeldValue, timestampMs: number): void {
    const cell = this.#cells.get(key) ?? this.#create(key)
    cell.referenced = false
    this.setBase(cell, held, timestampMs)
  }

  set(cell: Cell, held: HeldValue, timestampMs: number): void {
    if (cell.slot < 0) this.#attach(cell)
    if (cell.open === NONE) this.#open.push(cell)
    cell.open = held
    cell.openMs = timestampMs
    this.#account(cell, held)
  }

  /** Changes the committed layer directly. */
  setBase(cell: Cell, held: HeldValue, timestampMs: number): void {
    if (cell.slot < 0) this.#attach(cell)
    cell.base = held
    cell.baseMs = timestampMs
    this.#account(cell, held)
    this.#queueForDisk(cell)
  }

  get hasOpenChanges(): boolean {
    return this.#open.length > 0
  }

  get hasPending(): boolean {
    return this.#pending.length > 0
  }

  /** Moves the open layer in flight and hands out each changed cell, oldest first change first. */
  beginCommit(emit: ((cell: Cell) => void) | null): void {
    if (this.#inFlight.length > 0) {
      throw new MillraceError(
        'STATE_COMMIT_IN_FLIGHT',
        'a commit of this task is in flight and its outcome is not known yet',
      )
    }
    this.transactions++
    const changed = this.#open
    this.#open = this.#inFlight
    this.#inFlight = changed
    for (const cell of changed) {
      const { open } = cell
      if (open instanceof Kept) {
        cell.inFlight = this.encode(open)
        this.#account(cell, cell.inFlight)
      } else cell.inFlight = open
      cell.inFlightMs = cell.openMs
      cell.open = NONE
      emit?.(cell)
    }
  }

  commitSucceeded(): void {
    for (const cell of this.#inFlight) {
      cell.base = cell.inFlight
      cell.baseMs = cell.inFlightMs
      cell.inFlight = NONE
      this.#queueForDisk(cell)
    }
    this.#inFlight = []
  }

  commitAborted(): void {
    this.transactions++
    for (const list of [this.#inFlight, this.#open]) {
      for (const cell of list) {
        cell.inFlight = NONE
        cell.open = NONE
        if (cell.base === NONE) this.#cache.remove(cell)
        else this.#account(cell, cell.base)
      }
    }
    this.#inFlight = []
    this.#open = []
  }

  /** Adds what the disk lacks to `writes`. */
  collect(writes: EngineWrite[]): void {
    const cells = this.#pending
    this.#pending = []
    for (const cell of cells) {
      cell.pending = false
      if (this.expired?.(cell.key)) continue
      cell.writing = true
      this.#writing.push(cell)
      const held = cell.base as HeldValue
      writes.push(this.diskWrite(cell.key, held, cell.baseMs))
    }
  }

  /** The batch made by `collect` is on disk. */
  written(): void {
    for (const cell of this.#writing) cell.writing = false
    this.#writing = []
  }

  /** The batch made by `collect` did not reach the disk: everything in it is pending again. */
  writeFailed(): void {
    for (const cell of this.#writing) {
      cell.writing = false
      this.#queueForDisk(cell)
    }
    this.#writing = []
  }

  diskWrite(key: string, held: HeldValue, timestampMs: number): EngineWrite {
    const diskKey = this.diskKey(key)
    if (held === null) return { type: 'del', key: diskKey }
    return { type: 'put', key: diskKey, value: diskValue(this.encode(held), timestampMs) }
  }

  /** The newest version without changing what is cached, for scans; undefined when absent. */
  newest(key: string): Stamped | undefined {
    const cell = this.#cells.get(key)
    const held = cell === undefined ? NONE : cell.held
    if (held === NONE) return this.#onDisk(key)
    return held === null ? undefined : { held, timestamp: cell!.heldMs }
  }

  /** The same of the committed version. */
  committed(key: string): Stamped | undefined {
    const cell = this.#cells.get(key)
    if (cell !== undefined && cell.base !== NONE) {
      return cell.base === null ? undefined : { held: cell.base, timestamp: cell.baseMs }
    }
    return this.#onDisk(key)
  }

  /** Committed versions the disk may lack, in key order; held null = deleted. */
  unwritten(from: string, to: string | null): { key: string; held: HeldValue; timestamp: number }[] {
    const found = new Map<string, Cell>()
    for (const list of [this.#writing, this.#pending]) {
      for (const cell of list) if (cell.key >= from && (to === null || cell.key < to)) found.set(cell.key, cell)
    }
    return [...found.values()]
      .map((cell) => ({ key: cell.key, held: cell.base as HeldValue, timestamp: cell.baseMs }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  /** All of it on disk. The last byte of a prefix is never 255. */
  get section(): { readonly gte: Buffer; readonly lt: Buffer } {
    const lt = Buffer.from(this.prefix)
    lt[lt.length - 1]! += 1
    return { gte: this.prefix, lt }
  }

  forget(cell: Cell): void {
    this.#cells.delete(cell.key)
  }

  diskKey(key: string): Buffer {
    const out = Buffer.allocUnsafe(this.prefix.length + key.length)
    this.prefix.copy(out, 0)
    out.write(key, this.prefix.length, 'latin1')
    return out
  }

  #onDisk(key: string): Stamped | undefined {
    const bytes = this.engine.getSync(this.diskKey(key))
    if (bytes === undefined) return undefined
    return { held: this.decode(bytes.subarray(8)) as Exclude<HeldValue, null>, timestamp: readInt64(bytes, 0) }
  }

  #read(cell: Cell): void {
    const bytes = this.engine.getSync(this.diskKey(cell.key))
    if (bytes === undefined) {
      cell.base = null
      cell.baseMs = 0
      return
    }
    cell.base = this.decode(bytes.subarray(8))
    cell.baseMs = readInt64(bytes, 0)
    this.#account(cell, cell.base)
  }

  #create(key: string): Cell {
    const cell = new Cell(key, this)
    cell.bytes = CELL_OVERHEAD_BYTES + key.length
    this.#attach(cell)
    return cell
  }

  /** Also for a cell that left between its owner's look and its owner's write. */
  #attach(cell: Cell): void {
    this.#cells.set(cell.key, cell)
    this.#cache.add(cell)
  }

  #account(cell: Cell, held: HeldValue): void {
    this.#cache.resize(cell, CELL_OVERHEAD_BYTES + cell.key.length + heldBytes(held))
  }

  #queueForDisk(cell: Cell): void {
    if (cell.pending) return
    cell.pending = true
    this.#pending.push(cell)
    this.#cache.pendingBytes += cell.bytes - CELL_OVERHEAD_BYTES + 16
  }
}

/** On disk a value follows its timestamp. */
function diskValue(payload: Buffer, timestampMs: number): Buffer {
  const out = Buffer.allocUnsafe(8 + payload.length)
  writeInt64(out, timestampMs, 0)
  payload.copy(out, 8)
  return out
}
