/**
 * All changes in order of events, in a sequence of files. One sync makes all of them durable. After a power loss a
 * prefix remains: a file is used only if the file before it is complete.
 */
import { join } from 'node:path'
import type { DiskFile, Files } from './files.js'
import { decodeEntry, ENTRY, type Entry, encodeStart } from './journal-entry.js'
import { storageError } from './storage-error.js'

const FILE_NAME = /^journal-(\d{12})$/

interface JournalFile {
  readonly number: number
  readonly disk: DiskFile
}

interface Found {
  readonly number: number
  readonly bytes: Buffer
  /** -1 where its first entry is damaged. */
  readonly previousBytes: number
}

export class Journal {
  readonly #files: Files
  readonly #folder: string
  #current: JournalFile | undefined
  /** Files before the current one that are not yet synced as a whole. */
  #unsynced: JournalFile[] = []
  /** Numbers of files there are. */
  #kept: number[] = []
  #lastNumber = -1
  #size = 0
  #isNamed = true
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined
  /** Set when a sync failed: nobody knows what of the file is on the disk. */
  #failure: unknown

  constructor(files: Files, folder: string) {
    this.#files = files
    this.#folder = folder
  }

  /** Bytes in the current file. */
  get sizeBytes(): number {
    return this.#size
  }

  /**
   * Reads the files from number `from` on, in order, up to the first damaged entry; what is after that goes. `rotate`
   * has to be called before anything is written.
   */
  replay(from: number, apply: (entry: Entry) => void, report: (line: string) => void): void {
    const numbers = this.#files.list(this.#folder).flatMap((name) => {
      const match = FILE_NAME.exec(name)
      return match === null ? [] : [Number(match[1])]
    })
    for (const number of numbers) if (number < from) this.#files.remove(this.#path(number))
    const found = numbers.filter((number) => number >= from).map((number) => this.#find(number))
    this.#lastNumber = from - 1
    let droppedBytes = 0
    for (const [i, { number, bytes, previousBytes }] of found.entries()) {
      if (number !== this.#lastNumber + 1 || previousBytes < 0 || (i > 0 && previousBytes !== this.#size)) {
        for (const lost of found.slice(i)) {
          droppedBytes += lost.bytes.length
          this.#files.remove(this.#path(lost.number))
        }
        break
      }
      const next = found[i + 1]
      const isLast = next === undefined || next.previousBytes < 0
      const limit = isLast ? bytes.length : Math.min(bytes.length, next.previousBytes)
      this.#size = this.#applyAll(number, bytes.subarray(0, limit), apply)
      this.#lastNumber = number
      this.#kept.push(number)
      droppedBytes += limit - this.#size
    }
    if (droppedBytes > 0) report(`cut ${droppedBytes} damaged bytes off the journal in ${this.#folder}`)
    this.#files.syncFolderNow(this.#folder)
  }

  /** Puts an entry behind all others. Throws, with nothing changed, when it cannot be stored. */
  write(entry: readonly Buffer[]): void {
    if (this.#failure !== undefined) throw this.#failure
    this.#current!.disk.write(entry, this.#size)
    for (const part of entry) this.#size += part.length
  }

  /** Goes on in a new file, whose number is returned: what was written before it can be forgotten on its own. */
  rotate(): number {
    if (this.#failure !== undefined) throw this.#failure
    const number = this.#lastNumber + 1
    const disk = this.#files.open(this.#path(number))
    const start = encodeStart(this.#size)
    try {
      // Left over from an attempt that failed.
      disk.truncate(0)
      disk.write(start, 0)
    } catch (error) {
      disk.close()
      throw error
    }
    if (this.#current !== undefined) this.#unsynced.push(this.#current)
    this.#current = { number, disk }
    this.#lastNumber = number
    this.#kept.push(number)
    this.#size = start.reduce((sum, part) => sum + part.length, 0)
    this.#isNamed = false
    return number
  }

  /** Resolves when everything written before survives a power loss. Calls during a sync share the next one. */
  sync(): Promise<void> {
    if (this.#next !== undefined) return this.#next
    if (this.#running === undefined) return this.#start()
    const after = () => {
      this.#next = undefined
      return this.#start()
    }
    this.#next = this.#running.then(after, after)
    return this.#next
  }

  /** The same, and this thread waits for it. */
  syncNow(): void {
    if (this.#failure !== undefined) throw this.#failure
    try {
      for (const { disk } of [...this.#unsynced, this.#current!]) disk.syncNow()
      if (!this.#isNamed) this.#files.syncFolderNow(this.#folder)
      this.#isNamed = true
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  /** Deletes the files before number `before`: what they hold is where it belongs, and is synced there. */
  async forget(before: number): Promise<void> {
    for (const number of this.#kept) if (number < before) await this.#files.removeLater(this.#path(number))
    this.#kept = this.#kept.filter((number) => number >= before)
  }

  /** Does not sync. */
  close(): void {
    for (const { disk } of this.#unsynced) disk.close()
    this.#current?.disk.close()
    this.#unsynced = []
    this.#current = undefined
  }

  #start(): Promise<void> {
    const run = this.#syncFiles()
    this.#running = run
    const ended = () => {
      if (this.#running === run) this.#running = undefined
    }
    run.then(ended, ended)
    return run
  }

  async #syncFiles(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    const older = [...this.#unsynced]
    const current = this.#current!
    try {
      // A file without its name in the folder would be lost with all it holds.
      if (!this.#isNamed) await this.#files.syncFolder(this.#folder)
      if (this.#current === current) this.#isNamed = true
      for (const { disk } of older) await disk.sync()
      await current.disk.sync()
    } catch (error) {
      this.#failure = error
      throw error
    }
    for (const { disk } of older) disk.close()
    this.#unsynced = this.#unsynced.filter((file) => !older.includes(file))
  }

  #find(number: number): Found {
    const file = this.#files.open(this.#path(number))
    try {
      const bytes = file.read(0, file.sizeBytes)
      const first = decodeEntry(bytes, 0)?.entry
      return { number, bytes, previousBytes: first?.kind === ENTRY.start ? first.previousBytes : -1 }
    } finally {
      file.close()
    }
  }

  /** Returns where the good entries end. */
  #applyAll(number: number, bytes: Buffer, apply: (entry: Entry) => void): number {
    let position = 0
    try {
      for (let next = decodeEntry(bytes, 0); next !== undefined; next = decodeEntry(bytes, position)) {
        apply(next.entry)
        position = next.end
      }
    } catch (cause) {
      throw storageError('read', this.#path(number), cause)
    }
    return position
  }

  #path(number: number): string {
    return join(this.#folder, `journal-${String(number).padStart(12, '0')}`)
  }
}
