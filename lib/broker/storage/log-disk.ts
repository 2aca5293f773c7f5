/** One partition's folder with its segments. */
import { dirname, join } from 'node:path'
import { encodeAppend, encodeRemoveLog } from './journal-entry.js'
import { SegmentDisk, type SegmentHome, segmentOf } from './segment-disk.js'
import type { LogStorage, SegmentFile } from './storage.js'

const NOTHING = Buffer.alloc(0)

export class LogDisk implements LogStorage {
  readonly #home: SegmentHome
  readonly #list: SegmentDisk[] = []
  readonly #onRemove: () => void

  constructor(home: Omit<SegmentHome, 'ensureFolder' | 'forget'>, onRemove: () => void) {
    let isThere = false
    this.#home = {
      ...home,
      ensureFolder: () => {
        if (isThere) return
        home.files.makeFolder(home.folder)
        home.unsaved.folders.add(dirname(home.folder))
        isThere = true
      },
      forget: (segment) => this.#list.splice(this.#list.indexOf(segment), 1),
    }
    this.#onRemove = onRemove
  }

  /** Opens the segments there are: the newest generation of each. */
  open(): this {
    const { files, folder } = this.#home
    const generations = new Map<number, number>()
    for (const name of files.list(folder)) {
      const found = segmentOf(name)
      if (found === undefined) files.remove(join(folder, name))
      else generations.set(found.baseOffset, Math.max(found.generation, generations.get(found.baseOffset) ?? 0))
    }
    for (const [baseOffset, generation] of generations) this.#add(baseOffset, generation).open()
    for (const name of files.list(folder)) {
      const { baseOffset, generation } = segmentOf(name)!
      if (generation < generations.get(baseOffset)!) files.remove(join(folder, name))
    }
    return this
  }

  segments(): readonly SegmentFile[] {
    return [...this.#list]
  }

  create(baseOffset: number): SegmentFile {
    this.#home.journal.write(encodeAppend(this.#home.id, baseOffset, 0, 0, NOTHING))
    const segment = this.segment(baseOffset)
    segment.replay(0, 0, NOTHING)
    this.#home.journaled()
    return segment
  }

  /** The segment from `baseOffset` on, made when it is not there. */
  segment(baseOffset: number): SegmentDisk {
    return this.find(baseOffset) ?? this.#add(baseOffset, 0)
  }

  find(baseOffset: number): SegmentDisk | undefined {
    return this.#list.find((segment) => segment.baseOffset === baseOffset)
  }

  remove(): void {
    this.#home.journal.write(encodeRemoveLog(this.#home.id))
    this.drop()
    this.#home.journaled()
  }

  /** Removes it, which is known to the journal; the folder goes with the next save. */
  drop(): void {
    const { unsaved, folder } = this.#home
    for (const segment of this.#list) segment.release()
    unsaved.removals.push({ path: folder, folder: dirname(folder), close: () => this.close() })
    this.#onRemove()
  }

  close(): void {
    for (const segment of this.#list) segment.close()
    this.#list.length = 0
  }

  #add(baseOffset: number, generation: number): SegmentDisk {
    const segment = new SegmentDisk(this.#home, baseOffset, generation)
    const behind = this.#list.findIndex((other) => other.baseOffset > baseOffset)
    this.#list.splice(behind < 0 ? this.#list.length : behind, 0, segment)
    return segment
  }
}
