/**
 * A file system in memory that can lose its power at any operation. What was synced stays; of what was not, any part may
 * be there: each sector of each write, each name made or removed, on its own.
 */
import { dirname } from 'node:path'
import type { DiskFile, Files } from '../../lib/broker/storage/files.js'
import { storageError } from '../../lib/broker/storage/storage-error.js'
import type { Random } from '../../lib/record/random.js'

const SECTOR_BYTES = 512

type Change = { readonly position: number; readonly bytes: Buffer } | { readonly sizeBytes: number }

class Content {
  live: Buffer = Buffer.alloc(0)
  durable: Buffer = Buffer.alloc(0)
  changes: Change[] = []

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.live = bytes
    this.durable = bytes
  }

  change(change: Change): void {
    this.changes.push(change)
    this.live = changed(this.live, change)
  }

  sync(upTo = this.changes.length): void {
    for (const change of this.changes.splice(0, upTo)) this.durable = changed(this.durable, change)
  }

  /** What the disk may hold after a power loss. */
  survivor(random: Random): Buffer {
    let bytes = this.durable
    const share = [0, 0.5, 1][random.int(3)]!
    for (const change of this.changes) {
      const parts = 'sizeBytes' in change ? [change] : sectors(change)
      for (const part of parts) if (random.next() < share) bytes = changed(bytes, part)
    }
    return bytes
  }
}

function changed(bytes: Buffer, change: Change): Buffer {
  const sizeBytes =
    'sizeBytes' in change ? change.sizeBytes : Math.max(bytes.length, change.position + change.bytes.length)
  const next = Buffer.alloc(sizeBytes)
  bytes.copy(next)
  if ('bytes' in change) change.bytes.copy(next, change.position)
  return next
}

function* sectors({ position, bytes }: { position: number; bytes: Buffer }): Iterable<Change> {
  for (let at = position; at < position + bytes.length; ) {
    const end = Math.min(position + bytes.length, at - (at % SECTOR_BYTES) + SECTOR_BYTES)
    yield { position: at, bytes: bytes.subarray(at - position, end - position) }
    at = end
  }
}

/** A name in a folder: what it names, or null where it was removed. */
type Names = Map<string, Content | 'folder'>
/** All take effect, or none. */
type NameChange = readonly (readonly [path: string, what: Content | 'folder' | null])[]

export class PowerCutFiles implements Files {
  /** Operations so far. */
  operations = 0
  /** Number of the operation at which the power goes, before it or when it is half done. */
  cutAt = Number.POSITIVE_INFINITY
  /** Says which syncs fail. */
  failSync: (path: string) => boolean = () => false
  /** Says which writes find the disk full. */
  isFull: (path: string) => boolean = () => false
  #live: Names
  #durable: Names
  #nameChanges: { readonly folders: readonly string[]; readonly change: NameChange }[] = []

  constructor(files: Names = new Map()) {
    this.#live = new Map(files)
    this.#durable = new Map(files)
  }

  /** The disk as the next process finds it. */
  afterPowerCut(random: Random): PowerCutFiles {
    const names = new Map(this.#durable)
    for (const { change } of this.#nameChanges) if (random.next() < 0.5) apply(names, change)
    for (const [path, what] of names) {
      if (what !== 'folder') names.set(path, new Content(what.survivor(random)))
    }
    for (const path of [...names.keys()].sort()) {
      const folder = dirname(path)
      if (folder !== '/' && names.get(folder) !== 'folder') names.delete(path)
    }
    return new PowerCutFiles(names)
  }

  /** The disk as a process finds it after this one was killed. */
  afterKill(): PowerCutFiles {
    const names: Names = new Map()
    for (const [path, what] of this.#live) names.set(path, what === 'folder' ? what : new Content(what.live))
    return new PowerCutFiles(names)
  }

  paths(): string[] {
    return [...this.#live.keys()]
  }

  lock(): () => void {
    return () => {}
  }

  makeFolder(path: string): void {
    if (path === '/' || this.#live.has(path)) return
    this.makeFolder(dirname(path))
    this.#step()
    this.#rename_([[path, 'folder']])
  }

  list(folder: string): string[] {
    return [...this.#live.keys()]
      .filter((path) => dirname(path) === folder)
      .map((path) => path.slice(folder.length + 1))
      .sort()
  }

  open(path: string): DiskFile {
    let content = this.#live.get(path)
    if (content === undefined) {
      this.#step()
      content = new Content()
      this.#rename_([[path, content]])
    }
    if (content === 'folder') throw new Error(`${path} is a folder`)
    return this.#file(path, content)
  }

  rename(from: string, to: string): void {
    this.#step()
    const change: NameChange = [
      [from, null],
      [to, this.#live.get(from)!],
    ]
    this.#rename_(change)
  }

  remove(path: string): void {
    for (const name of this.list(path)) this.remove(`${path}/${name}`)
    if (!this.#live.has(path)) return
    this.#step()
    this.#rename_([[path, null]])
  }

  async removeLater(path: string): Promise<void> {
    await Promise.resolve()
    this.remove(path)
  }

  async syncFolder(path: string): Promise<void> {
    await Promise.resolve()
    this.syncFolderNow(path)
  }

  syncFolderNow(path: string): void {
    this.#step()
    const isOurs = ({ folders }: { folders: readonly string[] }) => folders.includes(path)
    for (const { change } of this.#nameChanges.filter(isOurs)) apply(this.#durable, change)
    this.#nameChanges = this.#nameChanges.filter((change) => !isOurs(change))
  }

  #file(path: string, content: Content): DiskFile {
    const write = (parts: readonly Buffer[], position: number) => {
      const bytes = Buffer.concat(parts)
      if (this.isFull(path)) throw storageError('write', path, { code: 'ENOSPC' })
      // Half of it is handed over when the power goes.
      this.#step(() => content.change({ position, bytes: bytes.subarray(0, bytes.length >> 1) }))
      content.change({ position, bytes })
    }
    const syncing = () => {
      this.#step()
      if (this.failSync(path)) throw storageError('sync', path, { code: 'EIO' })
    }
    return {
      sizeBytes: content.live.length,
      write,
      writeLater: async (parts, position) => {
        await Promise.resolve()
        write(parts, position)
      },
      read: (position, length) => {
        const end = position + length
        if (end > content.live.length) throw storageError('read', path, new Error('it ends before'))
        return Buffer.from(content.live.subarray(position, end))
      },
      truncate: (sizeBytes) => {
        this.#step()
        content.change({ sizeBytes })
      },
      sync: async () => {
        const upTo = content.changes.length
        syncing()
        for (let turn = 0; turn < 3; turn++) await Promise.resolve()
        syncing()
        content.sync(upTo)
      },
      syncNow: () => {
        syncing()
        content.sync()
      },
      close: () => {},
    }
  }

  #step(atCut?: () => void): void {
    this.operations += 1
    if (this.operations < this.cutAt) return
    if (this.operations === this.cutAt) atCut?.()
    throw new PowerCut()
  }

  #rename_(change: NameChange): void {
    apply(this.#live, change)
    this.#nameChanges.push({ folders: [...new Set(change.map(([path]) => dirname(path)))], change })
  }
}

export class PowerCut extends Error {}

function apply(names: Names, change: NameChange): void {
  for (const [path, what] of change) {
    if (what === null) names.delete(path)
    else names.set(path, what)
  }
}
