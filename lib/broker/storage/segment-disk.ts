/**
 * A log segment as a file. Appended batches go to the journal and stay in memory. A save writes them to the file, so
 * the file never contains data that the journal could still lose.
 */
import { dirname, join } from 'node:path'
import type { DiskFile, Files } from './files.js'
import type { Journal } from './journal.js'
import { encodeAppend, encodeRemoveSegment } from './journal-entry.js'
import type { SegmentFile } from './storage.js'
import type { Unsaved } from './unsaved.js'

/** What a segment needs of the storage it belongs to. */
export interface SegmentHome {
  readonly files: Files
  readonly journal: Journal
  readonly unsaved: Unsaved
  /** Id of the log, and its folder. */
  readonly id: string
  readonly folder: string
  /** Makes the folder when it is not there. */
  ensureFolder(): void
  /** Called when the journal has grown. */
  journaled(): void
  forget(segment: SegmentDisk): void
}

const FILE_NAME = /^(\d{20})(?:\.(\d+))?\.log$/

/** Base offset and generation in a file's name; undefined for a file that is no segment. */
export function segmentOf(name: string): { baseOffset: number; generation: number } | undefined {
  const match = FILE_NAME.exec(name)
  return match === null ? undefined : { baseOffset: Number(match[1]), generation: Number(match[2] ?? 0) }
}

export class SegmentDisk implements SegmentFile {
  readonly baseOffset: number
  sizeBytes = 0
  /** How many times it was rewritten: the journal's bytes for an earlier generation are void. */
  generation: number
  readonly #home: SegmentHome
  #file: DiskFile | undefined
  /** Bytes from here on are in memory. */
  #writtenBytes = 0
  /** Sealed for a save, and those that came after. */
  #sealed: Buffer[] = []
  #fresh: Buffer[] = []
  #isRemoved = false

  constructor(home: SegmentHome, baseOffset: number, generation: number) {
    this.#home = home
    this.baseOffset = baseOffset
    this.generation = generation
  }

  /** Opens the file, which is there. */
  open(): this {
    this.#file = this.#home.files.open(this.path)
    this.sizeBytes = this.#file.sizeBytes
    this.#writtenBytes = this.sizeBytes
    return this
  }

  get path(): string {
    return this.#pathOf(this.generation)
  }

  get savedBytes(): number {
    return this.#writtenBytes
  }

  append(batch: Buffer): void {
    const { journal, id } = this.#home
    journal.write(encodeAppend(id, this.baseOffset, this.generation, this.sizeBytes, batch))
    this.#keep(batch)
    this.#home.journaled()
  }

  /** What the journal says was appended. The file may have it, or a part of it, from a save that was cut short. */
  replay(generation: number, position: number, bytes: Buffer): void {
    if (generation < this.generation) return
    if (position !== this.sizeBytes) {
      this.#sealed = []
      this.#fresh = []
      this.#writtenBytes = position
      this.sizeBytes = position
    }
    this.#keep(bytes)
  }

  read(position: number, length: number): Buffer {
    if (position + length <= this.#writtenBytes) return this.#openFile().read(position, length)
    const bytes = Buffer.allocUnsafe(length)
    const fromFile = Math.max(0, this.#writtenBytes - position)
    if (fromFile > 0) this.#openFile().read(position, fromFile).copy(bytes)
    let start = this.#writtenBytes
    for (const part of [...this.#sealed, ...this.#fresh]) {
      if (start + part.length > position && start < position + length) {
        part.copy(bytes, Math.max(0, start - position), Math.max(0, position - start))
      }
      start += part.length
    }
    return bytes
  }

  truncate(sizeBytes: number): void {
    const file = this.#openFile()
    file.truncate(sizeBytes)
    file.syncNow()
    this.sizeBytes = sizeBytes
    this.#writtenBytes = sizeBytes
  }

  rewrite(batches: readonly Buffer[]): void {
    const { files, journal, unsaved, folder } = this.#home
    // The new file must not know more than the journal after a power loss.
    journal.syncNow()
    this.#home.ensureFolder()
    const path = this.#pathOf(this.generation + 1)
    const arriving = `${path}.new`
    files.remove(arriving)
    const file = files.open(arriving)
    try {
      file.write(batches, 0)
      file.syncNow()
      files.rename(arriving, path)
      files.syncFolderNow(folder)
      if (unsaved.folders.has(dirname(folder))) files.syncFolderNow(dirname(folder))
    } catch (error) {
      file.close()
      // Or it would count at the next start.
      files.remove(path)
      throw error
    }
    const before = this.#file
    unsaved.removals.push({ path: this.path, folder, close: () => before?.close() })
    unsaved.segments.delete(this)
    this.generation += 1
    this.#file = file
    this.#sealed = []
    this.#fresh = []
    this.sizeBytes = batches.reduce((sum, batch) => sum + batch.length, 0)
    this.#writtenBytes = this.sizeBytes
  }

  remove(): void {
    this.#home.journal.write(encodeRemoveSegment(this.#home.id, this.baseOffset))
    this.drop()
    this.#home.journaled()
  }

  /** Removes it, which is known to the journal; the file goes with the next save. */
  drop(): void {
    const { unsaved, folder } = this.#home
    this.release()
    unsaved.removals.push({ path: this.path, folder, close: () => this.close() })
    this.#home.forget(this)
  }

  /** No save touches it any more. */
  release(): void {
    this.#isRemoved = true
    this.#home.unsaved.segments.delete(this)
  }

  /** What it holds now is what the next save writes. */
  seal(): void {
    this.#sealed = this.#sealed.concat(this.#fresh)
    this.#fresh = []
  }

  /** Writes what was sealed. */
  async save(): Promise<void> {
    if (this.#isRemoved) return
    const { generation } = this
    const sealed = this.#sealed
    const file = this.#openFile()
    const bytes = sealed.reduce((sum, part) => sum + part.length, 0)
    await file.writeLater(sealed, this.#writtenBytes)
    await file.sync()
    if (this.generation !== generation) return
    this.#sealed = []
    this.#writtenBytes += bytes
  }

  /** After a save that failed. */
  unsave(): void {
    if (!this.#isRemoved) this.#home.unsaved.segments.add(this)
  }

  close(): void {
    this.#file?.close()
    this.#file = undefined
  }

  #keep(bytes: Buffer): void {
    if (bytes.length > 0) this.#fresh.push(bytes)
    this.sizeBytes += bytes.length
    this.#home.unsaved.segments.add(this)
  }

  #pathOf(generation: number): string {
    const suffix = generation === 0 ? '' : `.${generation}`
    return join(this.#home.folder, `${String(this.baseOffset).padStart(20, '0')}${suffix}.log`)
  }

  #openFile(): DiskFile {
    if (this.#file === undefined) {
      this.#home.ensureFolder()
      this.#home.unsaved.folders.add(this.#home.folder)
      this.#file = this.#home.files.open(this.path)
    }
    return this.#file
  }
}
