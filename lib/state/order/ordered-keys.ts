/**
 * The local keys of a store in byte order (Kafka Streams iterates over a sorted engine instead): leaves of keys, pages
 * of leaf starts above them, pages of those, and one list at the top. It is read by single lookups. Its cells have the
 * same layers as the data, so an abort undoes both. It is not in the changelog.
 */

import { firstAfter, firstFrom } from '../engine/sorted-strings.js'
import type { Cell, HeldValue } from '../layers/cell.js'
import type { Overlay } from '../layers/overlay.js'
import { decodeMembers, encodeMembers, listOf } from './subscriber-index.js'

/** Small, because a new key writes its leaf again. */
export const LEAF_KEYS = 32
export const PAGE_STARTS = 64
/** Levels of pages: 0 leaves, 3 the one list, which has 500 entries for ten million keys. */
export const TOP = 3
/** Where the count is, in the place of a level. */
const COUNT = 9

/** Behind every key there can be, and behind every key that begins with what stands before it: no byte is as high. */
export const END = '\u0100'

/** How a list of a cell is read and written: in the open layer, or (restore) in the committed one. */
interface Layer {
  read(cell: Cell): readonly string[]
  /** A list that may be changed. */
  list(cell: Cell): string[]
  write(cell: Cell, list: string[]): void
  addToCount(cell: Cell, by: number): void
}

export class OrderedKeys {
  readonly overlay: Overlay
  /** The keys of a group are ordered among themselves and leave together. All groups are equally long. */
  readonly groupOf: (key: string) => string
  readonly #open: Layer
  readonly #committed: Layer
  /** Per iteration in progress: the keys that came since it began. */
  readonly #iterations = new Set<Set<string>>()
  #transactions = 0

  constructor(overlay: Overlay, groupOf: (key: string) => string = () => '') {
    this.overlay = overlay
    this.groupOf = groupOf
    this.#open = {
      read: (cell) => listOf(cell.held),
      // The open layer's own list: copied once per transaction, then changed in place.
      list: (cell) => (Array.isArray(cell.open) ? (cell.open as string[]) : [...listOf(cell.held)]),
      write: (cell, list) => overlay.set(cell, list.length === 0 ? null : list, 0),
      addToCount: (cell, by) => overlay.set(cell, numberOf(cell.held) + by, 0),
    }
    this.#committed = {
      read: (cell) => listOf(cell.base),
      list: (cell) => (Array.isArray(cell.base) ? (cell.base as string[]) : []),
      write: (cell, list) => overlay.setBase(cell, list.length === 0 ? null : list, 0),
      addToCount: (cell, by) => overlay.setBase(cell, numberOf(cell.base) + by, 0),
    }
  }

  /** Notes that `key` is there, or is there no longer. */
  change(key: string, present: boolean): void {
    const group = this.groupOf(key)
    if (!this.#change(this.#open, group, 0, key, present)) return
    this.#open.addToCount(this.#cell(group, COUNT, ''), present ? 1 : -1)
    if (present && this.#iterations.size > 0) for (const born of this.#sameTransaction()) born.add(key)
  }

  /** Same as `change`, on the committed layer. */
  restore(key: string, present: boolean): void {
    const group = this.groupOf(key)
    if (!this.#change(this.#committed, group, 0, key, present)) return
    this.#committed.addToCount(this.#cell(group, COUNT, ''), present ? 1 : -1)
  }

  count(group = ''): number {
    return numberOf(this.#cell(group, COUNT, '').held)
  }

  /**
   * Runs `walk`, which may call `between`, `first` and `last`, and leaves out the keys that came since, so that a walk ends
   * though what it visits adds keys. A walk kept beyond its transaction sees later keys.
   */
  *iterate(walk: () => Iterable<string>): Generator<string, void, undefined> {
    const born = new Set<string>()
    this.#sameTransaction().add(born)
    try {
      for (const key of walk()) if (!born.has(key)) yield key
    } finally {
      this.#iterations.delete(born)
    }
  }

  /** from <= key < to, ascending; keys that come or go meanwhile may be missed or seen, the others are seen once. */
  *between(group: string, from: string, to: string): Generator<string, void, undefined> {
    for (let at: string | null = from; at !== null && at < to; ) {
      const leaf = this.#read(group, 0, this.#find(this.#open, group, 1, at, false))
      const next: string | null = this.#after(this.#open, group, 1, at)
      yield* leaf.slice(firstFrom(leaf, at), firstFrom(leaf, to))
      at = next
    }
  }

  /** The same, descending. */
  *betweenReversed(group: string, from: string, to: string): Generator<string, void, undefined> {
    for (let limit = to; limit > from; ) {
      const start = this.#find(this.#open, group, 1, limit, true)
      const leaf = this.#read(group, 0, start)
      yield* leaf.slice(firstFrom(leaf, from), firstFrom(leaf, limit)).reverse()
      limit = start
    }
  }

  /** Where the cells of a level are. */
  cellKey(group: string, level: number, start: string): string {
    return `${group}${String.fromCharCode(level)}${start}`
  }

  countKey(group: string): string {
    return this.cellKey(group, COUNT, '')
  }

  #sameTransaction(): Set<Set<string>> {
    if (this.#transactions !== this.overlay.transactions) this.#iterations.clear()
    this.#transactions = this.overlay.transactions
    return this.#iterations
  }

  #cell(group: string, level: number, start: string): Cell {
    return this.overlay.load(this.cellKey(group, level, start))
  }

  #read(group: string, level: number, start: string): readonly string[] {
    return listOf(this.#cell(group, level, start).held)
  }

  /** The greatest entry of a level at or before `key`, or before it where `strict`; '': there is none. */
  #find(layer: Layer, group: string, level: number, key: string, strict: boolean): string {
    for (let bound = key, before = strict; ; ) {
      const start = level === TOP ? '' : this.#find(layer, group, level + 1, bound, before)
      const page = layer.read(this.#cell(group, level, start))
      const at = before ? firstFrom(page, bound) : firstAfter(page, bound)
      if (at > 0) return page[at - 1]!
      if (start === '') return ''
      bound = start
      before = true
    }
  }

  /** The first entry of a level after `key`; null: there is none. */
  #after(layer: Layer, group: string, level: number, key: string): string | null {
    const start = level === TOP ? '' : this.#find(layer, group, level + 1, key, false)
    const page = layer.read(this.#cell(group, level, start))
    const at = firstAfter(page, key)
    if (at < page.length) return page[at]!
    const next = level === TOP ? null : this.#after(layer, group, level + 1, key)
    return next === null ? null : layer.read(this.#cell(group, level, next))[0]!
  }

  /**
   * False: it was so already. The first page of a level begins at '' and is not listed above; a page that emptied leaves
   * the level above.
   */
  #change(layer: Layer, group: string, level: number, key: string, present: boolean): boolean {
    const start = level === TOP ? '' : this.#find(layer, group, level + 1, key, false)
    const cell = this.#cell(group, level, start)
    const known = layer.read(cell)
    const at = firstAfter(known, key)
    const held = at > 0 && known[at - 1] === key
    if (held === present) return false
    const page = layer.list(cell)
    if (present) page.splice(at, 0, key)
    else page.splice(at - 1, 1)
    layer.write(cell, page)
    if (page.length === 0 && start !== '') this.#change(layer, group, level + 1, start, false)
    else if (level < TOP && page.length > (level === 0 ? LEAF_KEYS : PAGE_STARTS))
      this.#split(layer, group, level, cell, page)
    return true
  }

  #split(layer: Layer, group: string, level: number, cell: Cell, page: string[]): void {
    // Keys that come in order fill their pages.
    const isLast = this.#after(layer, group, level + 1, page[page.length - 1]!) === null
    const upper = page.splice(isLast ? page.length - 1 : page.length >> 1)
    layer.write(cell, page)
    layer.write(this.#cell(group, level, upper[0]!), upper)
    this.#change(layer, group, level + 1, upper[0]!, true)
  }
}

/** A count stands behind a byte no length of a list begins with. */
const IS_COUNT = 0xff

/** Lists of keys, and counts. */
export const ORDER_CODEC = {
  encode(held: Exclude<HeldValue, null>): Buffer {
    if (typeof held !== 'number') return encodeMembers(held as string[])
    const out = Buffer.alloc(9, IS_COUNT)
    out.writeDoubleBE(held, 1)
    return out
  },
  decode(bytes: Buffer): HeldValue {
    return bytes[0] === IS_COUNT ? bytes.readDoubleBE(1) : decodeMembers(bytes)
  },
}

function numberOf(held: unknown): number {
  return typeof held === 'number' ? held : 0
}
