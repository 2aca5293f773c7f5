/**
 * Storage in a folder: `journal-*` with the latest changes, `state.log`, and a folder per partition in `logs/` with its
 * segments. A sync is one sync of the journal. From time to time the contents of the journal are saved to the other
 * files in the background, and a new journal starts.
 */
import { dirname, join } from 'node:path'
import type { Files } from './files.js'
import { Journal } from './journal.js'
import { ENTRY, type Entry, encodePut } from './journal-entry.js'
import { KeyedStateFile } from './keyed-state.js'
import { LogDisk } from './log-disk.js'
import { nodeFiles } from './node-files.js'
import type { BrokerStorage, LogStorage, StateChange, StateValue } from './storage.js'
import { type Removal, Unsaved } from './unsaved.js'

export interface FolderStorageOptions {
  /** The file system; of this machine by default. */
  readonly files?: Files
  /** Size of a journal file from which on it is saved; 32 MiB by default. More means longer starts after a crash. */
  readonly saveBytes?: number
}

const SAVE_BYTES = 32 * 1024 * 1024

export class FolderStorage implements BrokerStorage {
  readonly durable = true
  readonly #folder: string
  readonly #logsFolder: string
  readonly #files: Files
  readonly #saveBytes: number
  readonly #journal: Journal
  readonly #state_: KeyedStateFile
  readonly #logs = new Map<string, LogDisk>()
  readonly #unsaved = new Unsaved()
  /** The save in progress. */
  #saving: Promise<void> | undefined
  #saveFailed = false
  #unlock: (() => void) | undefined
  #report: (line: string) => void = () => {}

  constructor(folder: string, { files = nodeFiles, saveBytes = SAVE_BYTES }: FolderStorageOptions = {}) {
    this.#folder = folder
    this.#logsFolder = join(folder, 'logs')
    this.#files = files
    this.#saveBytes = saveBytes
    this.#journal = new Journal(files, folder)
    this.#state_ = new KeyedStateFile(files, join(folder, 'state.log'))
  }

  async open(report: (line: string) => void): Promise<void> {
    this.#report = report
    this.#files.makeFolder(this.#logsFolder)
    this.#unlock = this.#files.lock(this.#folder)
    try {
      this.#files.syncFolderNow(dirname(this.#folder))
      const droppedBytes = this.#state_.open()
      if (droppedBytes > 0) report(`cut ${droppedBytes} damaged bytes off the state in ${this.#folder}`)
      for (const id of this.#files.list(this.#logsFolder)) this.#obtain(id).open()
      this.#journal.replay(this.#state_.journalFrom, (entry) => this.#replay(entry), report)
      await this.#save(true)
    } catch (error) {
      this.#unlock()
      throw error
    }
  }

  state(): Iterable<readonly [string, StateValue]> {
    return this.#state_.entries()
  }

  put(changes: readonly StateChange[]): void {
    if (changes.length === 0) return
    this.#journal.write(encodePut(changes))
    this.#state_.apply(changes)
    this.#journaled()
  }

  log(id: string): LogStorage {
    return this.#obtain(id)
  }

  logIds(): readonly string[] {
    return [...this.#logs.keys()]
  }

  sync(): Promise<void> {
    return this.#journal.sync()
  }

  async close(): Promise<void> {
    try {
      await this.#saving
      await this.#save(false)
    } finally {
      this.#journal.close()
      for (const { close } of this.#unsaved.removals) close()
      for (const log of this.#logs.values()) log.close()
      this.#state_.close()
      this.#unlock?.()
    }
  }

  #obtain(id: string): LogDisk {
    let log = this.#logs.get(id)
    if (log === undefined) {
      const files = this.#files
      const journal = this.#journal
      const unsaved = this.#unsaved
      const folder = join(this.#logsFolder, id)
      const home = { files, journal, unsaved, id, folder, journaled: () => this.#journaled() }
      log = new LogDisk(home, () => this.#logs.delete(id))
      this.#logs.set(id, log)
    }
    return log
  }

  #replay(entry: Entry): void {
    switch (entry.kind) {
      case ENTRY.append:
        this.#obtain(entry.log).segment(entry.segment).replay(entry.generation, entry.position, entry.bytes)
        break
      case ENTRY.removeSegment:
        this.#logs.get(entry.log)?.find(entry.segment)?.drop()
        break
      case ENTRY.removeLog:
        this.#logs.get(entry.log)?.drop()
        break
      case ENTRY.put:
        this.#state_.apply(entry.changes)
        break
    }
  }

  #journaled(): void {
    if (this.#saving !== undefined) return
    // What was removed gives its room back soon.
    const isDue = this.#unsaved.removals.length > 0 && !this.#saveFailed
    if (this.#journal.sizeBytes < this.#saveBytes && !isDue) return
    // At the end of this turn: whoever removes one log often removes more.
    this.#saving = Promise.resolve()
      .then(() => this.#save(false))
      .then(
        () => {
          this.#saveFailed = false
        },
        (error) => {
          // It took nothing from the journal, and is retried when that has grown once more.
          this.#saveFailed = true
          this.#report(`the journal could not be saved; it will be retried: ${String(error)}`)
        },
      )
      .finally(() => {
        this.#saving = undefined
      })
  }

  /** Brings what the journal has by now into the other files, which are synced before it is forgotten. */
  async #save(whole: boolean): Promise<void> {
    const from = this.#journal.rotate()
    const segments = this.#unsaved.takeSegments()
    const removals = this.#unsaved.takeRemovals()
    const state = this.#state_.capture(from, whole)
    try {
      // The files never know more than the journal.
      await this.#journal.sync()
      for (const segment of segments) await segment.save()
      for (let next = removals[0]; next !== undefined; next = removals[0]) {
        await this.#remove(next)
        removals.shift()
      }
      await this.#syncFolders()
      await this.#state_.save(state)
      if (state.whole) await this.#files.syncFolder(this.#folder)
    } catch (error) {
      for (const segment of segments) segment.unsave()
      this.#unsaved.removals.push(...removals)
      this.#state_.giveBack(state)
      throw error
    }
    await this.#journal.forget(from)
  }

  async #remove({ path, folder, close }: Removal): Promise<void> {
    close()
    await this.#files.removeLater(path)
    this.#unsaved.folders.add(folder)
  }

  async #syncFolders(): Promise<void> {
    for (const folder of this.#unsaved.folders) {
      await this.#files.syncFolder(folder)
      this.#unsaved.folders.delete(folder)
    }
  }
}
