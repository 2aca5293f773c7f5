/**
 * Builds the key order of stores that were not `ordered` at the last write to disk. An older order on disk is out of
 * date.
 */
import type { EngineWrite } from '../engine/engine.js'
import type { Overlay } from '../layers/overlay.js'
import { canScanSync } from '../layers/rebuild-time-index.js'
import type { StateDisk } from '../state-disk.js'
import { LEAF_KEYS, type OrderedKeys, PAGE_STARTS, TOP } from './ordered-keys.js'

const BATCH_WRITES = 256

/** Pages are left room, so that the next keys do not split each of them. */
const FILL = 0.75

/** Packs ascending local keys into pages. */
class PageWriter {
  readonly #order: OrderedKeys
  readonly #overlay: Overlay
  #group: string | null = null
  /** Per level, what is not in a written page yet, and where that page begins. */
  #open: { list: string[]; start: string }[] = []
  #count = 0
  #writes: EngineWrite[] = []

  constructor(order: OrderedKeys) {
    this.#order = order
    this.#overlay = order.overlay
  }

  get isFull(): boolean {
    return this.#writes.length >= BATCH_WRITES
  }

  add(key: string): void {
    const group = this.#order.groupOf(key)
    if (group !== this.#group) {
      this.#endGroup()
      this.#group = group
      this.#open = Array.from({ length: TOP + 1 }, () => ({ list: [], start: '' }))
    }
    this.#count++
    this.#append(0, key)
  }

  /** What to write so far. */
  take(): EngineWrite[] {
    const writes = this.#writes
    this.#writes = []
    return writes
  }

  end(): EngineWrite[] {
    this.#endGroup()
    return this.take()
  }

  #append(level: number, entry: string): void {
    const page = this.#open[level]!
    const limit = level === TOP ? Number.POSITIVE_INFINITY : (level === 0 ? LEAF_KEYS : PAGE_STARTS) * FILL
    if (page.list.length >= limit) {
      this.#write(level)
      this.#open[level] = { list: [entry], start: entry }
      this.#append(level + 1, entry)
    } else page.list.push(entry)
  }

  #write(level: number): void {
    const { list, start } = this.#open[level]!
    if (list.length === 0) return
    this.#writes.push(this.#overlay.diskWrite(this.#order.cellKey(this.#group!, level, start), list, 0))
  }

  #endGroup(): void {
    if (this.#group === null) return
    for (let level = 0; level <= TOP; level++) this.#write(level)
    this.#writes.push(this.#overlay.diskWrite(this.#order.countKey(this.#group), this.#count, 0))
    this.#count = 0
    this.#group = null
  }
}

function* missing(disks: readonly StateDisk[]) {
  for (const disk of disks) {
    for (const entry of disk.entries.values()) {
      const { order, overlays } = entry.store
      if (!entry.lacksOrder || order === undefined || order === null) continue
      yield { engine: disk.engine, data: overlays[0]!, order }
      entry.lacksOrder = false
      // The next flush notes it.
      entry.moved = true
    }
  }
}

/** @throws MillraceError of the engine */
export async function fillOrders(disks: readonly StateDisk[]): Promise<void> {
  for (const { engine, data, order } of missing(disks)) {
    await engine.clear(order.overlay.section)
    const pages = new PageWriter(order)
    for await (const [key] of engine.entries(data.section)) {
      pages.add(key.toString('latin1', data.prefix.length))
      if (pages.isFull) await engine.write(pages.take())
    }
    await engine.write(pages.end())
  }
}

/** The same at once. */
export function rebuildKeyOrdersSync(disks: readonly StateDisk[]): void {
  for (const { engine, data, order } of missing(disks)) {
    if (!canScanSync(engine)) continue
    engine.writeSync(engine.entriesSync(order.overlay.section).map(([key]) => ({ type: 'del', key })))
    const pages = new PageWriter(order)
    for (const [key] of engine.entriesSync(data.section)) pages.add(key.toString('latin1', data.prefix.length))
    engine.writeSync(pages.end())
  }
}
