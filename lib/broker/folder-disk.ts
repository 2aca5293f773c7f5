/** Storage in a folder: `state.log`, and under `logs/` one folder per partition with its segments. */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { lockFolder } from './lock-disk.js'
import { SegmentDisk, storageError } from './segment-disk.js'
import { StateDisk } from './state-disk.js'
import type { BrokerStorage, LogStorage, SegmentFile, StateChange, StateValue } from './storage.js'

const SEGMENT_NAME = /^(\d{20})\.log$/

export class FolderStorage implements BrokerStorage {
  readonly durable = true
  private readonly folder: string
  private readonly logsFolder: string
  private readonly state_: StateDisk
  private readonly logs = new Map<string, FolderLog>()
  private readonly dirty = new Set<SegmentDisk>()
  /** Folders with new or removed entries. */
  private readonly dirtyFolders = new Set<string>()
  private unlock: (() => void) | undefined

  constructor(folder: string) {
    this.folder = folder
    this.logsFolder = join(folder, 'logs')
    this.state_ = new StateDisk(join(folder, 'state.log'))
  }

  async open(): Promise<void> {
    try {
      mkdirSync(this.logsFolder, { recursive: true })
    } catch (cause) {
      throw storageError('write to', this.folder, cause)
    }
    this.unlock = lockFolder(this.folder)
    try {
      this.state_.open()
      for (const id of readdirSync(this.logsFolder)) this.logs.set(id, this.openLog(id))
      syncFolder(this.folder)
    } catch (error) {
      this.unlock()
      throw error
    }
  }

  state(): Iterable<readonly [string, StateValue]> {
    return this.state_.entries()
  }

  put(changes: readonly StateChange[]): void {
    this.state_.put(changes)
  }

  log(id: string): LogStorage {
    let log = this.logs.get(id)
    if (log === undefined) {
      log = this.openLog(id)
      this.logs.set(id, log)
    }
    return log
  }

  logIds(): readonly string[] {
    return [...this.logs.keys()]
  }

  async syncLogs(): Promise<void> {
    const segments = [...this.dirty]
    const folders = [...this.dirtyFolders]
    this.dirty.clear()
    this.dirtyFolders.clear()
    try {
      for (const folder of folders) syncFolder(folder)
      await Promise.all(segments.map((segment) => segment.sync()))
    } catch (error) {
      for (const segment of segments) this.dirty.add(segment)
      throw error
    }
  }

  syncState(): Promise<void> {
    return this.state_.sync()
  }

  async close(): Promise<void> {
    for (const log of this.logs.values()) log.close()
    this.state_.close()
    this.unlock?.()
  }

  private openLog(id: string): FolderLog {
    const folder = join(this.logsFolder, id)
    return new FolderLog(
      folder,
      (segment) => this.dirty.add(segment),
      () => this.dirtyFolders.add(folder).add(this.logsFolder),
      (segment) => this.dirty.delete(segment),
      () => {
        this.logs.delete(id)
        this.dirtyFolders.delete(folder)
      },
    )
  }
}

class FolderLog implements LogStorage {
  private readonly folder: string
  private readonly list: SegmentDisk[] = []
  private readonly onWrite: (segment: SegmentDisk) => void
  private readonly onNames: () => void
  private readonly onSegmentRemoved: (segment: SegmentDisk) => void
  private readonly onRemove: () => void

  constructor(
    folder: string,
    onWrite: (segment: SegmentDisk) => void,
    onNames: () => void,
    onSegmentRemoved: (segment: SegmentDisk) => void,
    onRemove: () => void,
  ) {
    this.folder = folder
    this.onWrite = onWrite
    this.onNames = onNames
    this.onSegmentRemoved = onSegmentRemoved
    this.onRemove = onRemove
    mkdirSync(folder, { recursive: true })
    for (const name of readdirSync(folder).sort()) {
      const match = SEGMENT_NAME.exec(name)
      if (match !== null) this.add(Number(match[1]))
      else rmSync(join(folder, name), { recursive: true, force: true })
    }
  }

  segments(): readonly SegmentFile[] {
    return [...this.list]
  }

  create(baseOffset: number): SegmentFile {
    this.onNames()
    return this.add(baseOffset)
  }

  remove(): void {
    for (const segment of this.list) this.onSegmentRemoved(segment)
    this.close()
    rmSync(this.folder, { recursive: true, force: true })
    this.onRemove()
  }

  close(): void {
    for (const segment of this.list) segment.close()
    this.list.length = 0
  }

  private add(baseOffset: number): SegmentDisk {
    const path = join(this.folder, `${String(baseOffset).padStart(20, '0')}.log`)
    const segment = new SegmentDisk(path, baseOffset, this.onWrite, (removed) => {
      this.list.splice(this.list.indexOf(removed), 1)
      this.onSegmentRemoved(removed)
      this.onNames()
    })
    this.list.push(segment)
    return segment
  }
}

/** Makes new names in a folder survive a power loss. */
function syncFolder(folder: string): void {
  try {
    const fd = openSync(folder, 'r')
    fsyncSync(fd)
    closeSync(fd)
  } catch (cause) {
    // Windows cannot open a folder, and needs no such thing.
    const code = (cause as { code?: string }).code
    if (code !== 'EISDIR' && code !== 'EPERM' && code !== 'ENOENT') throw storageError('sync', folder, cause)
  }
}
