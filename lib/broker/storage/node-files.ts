/** The file system of this machine. */
import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rm,
  rmSync,
  write,
  writevSync,
} from 'node:fs'
import type { DiskFile, Files } from './files.js'
import { lockFolder } from './folder-lock.js'
import { storageError } from './storage-error.js'

/** One call takes at most so many parts: IOV_MAX of Linux and macOS. */
const MAX_PARTS = 1_024

/** What is written off this thread is written in pieces of this size. */
const PIECE_BYTES = 1024 * 1024

/** What a system says that cannot sync a folder, or has no folder there any more. */
const NO_FOLDER_SYNC: ReadonlySet<string | undefined> = new Set(['EISDIR', 'EPERM', 'ENOENT'])

export const nodeFiles: Files = {
  lock: lockFolder,
  // Only its owner may read the values of records.
  makeFolder: (path) => guarded('write to', path, () => void mkdirSync(path, { recursive: true, mode: 0o700 })),
  list(folder) {
    try {
      return readdirSync(folder).sort()
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return []
      throw storageError('read', folder, cause)
    }
  },
  open: (path) => new NodeFile(path),
  rename: (from, to) => guarded('rename', from, () => renameSync(from, to)),
  remove: (path) => guarded('remove', path, () => rmSync(path, { recursive: true, force: true })),
  removeLater(path) {
    return new Promise((resolve, reject) => {
      rm(path, { recursive: true, force: true }, (cause) =>
        cause ? reject(storageError('remove', path, cause)) : resolve(),
      )
    })
  },
  syncFolder(path) {
    return new Promise((resolve, reject) => {
      const fd = openFolder(path)
      if (fd === undefined) {
        resolve()
        return
      }
      fsync(fd, (cause) => {
        closeSync(fd)
        if (cause === null || NO_FOLDER_SYNC.has(cause.code)) resolve()
        else reject(storageError('sync', path, cause))
      })
    })
  },
  syncFolderNow(path) {
    const fd = openFolder(path)
    if (fd === undefined) return
    try {
      fsyncSync(fd)
    } catch (cause) {
      if (!NO_FOLDER_SYNC.has(codeOf(cause))) throw storageError('sync', path, cause)
    } finally {
      closeSync(fd)
    }
  },
}

class NodeFile implements DiskFile {
  readonly sizeBytes: number
  readonly #path: string
  readonly #fd: number
  #isOpen = true

  constructor(path: string) {
    this.#path = path
    this.#fd = openFile(path)
    this.sizeBytes = fstatSync(this.#fd).size
  }

  write(parts: readonly Buffer[], position: number): void {
    guarded('write', this.#path, () => {
      let left = parts
      let at = position
      while (left.length > 0) {
        const written = writevSync(this.#fd, left.slice(0, MAX_PARTS), at)
        at += written
        left = without(left, written)
      }
    })
  }

  async writeLater(parts: readonly Buffer[], position: number): Promise<void> {
    let at = position
    for (let next = 0; next < parts.length; ) {
      const from = next
      let bytes = 0
      do bytes += parts[next++]!.length
      while (next < parts.length && bytes + parts[next]!.length <= PIECE_BYTES)
      // Copying many small parts costs less than it does to hand over each of them, and takes fewer turns.
      const piece = next === from + 1 ? parts[from]! : Buffer.concat(parts.slice(from, next), bytes)
      for (let done = 0; done < bytes; ) done += await this.#writeSome(piece.subarray(done), at + done)
      at += bytes
    }
  }

  read(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    let done = 0
    while (done < length) {
      const count = guarded('read', this.#path, () => readSync(this.#fd, bytes, done, length - done, position + done))
      if (count === 0) throw storageError('read', this.#path, new Error(`it ends at byte ${position + done}`))
      done += count
    }
    return bytes
  }

  truncate(sizeBytes: number): void {
    guarded('write', this.#path, () => ftruncateSync(this.#fd, sizeBytes))
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#fd, (cause) => (cause ? reject(storageError('sync', this.#path, cause)) : resolve()))
    })
  }

  syncNow(): void {
    guarded('sync', this.#path, () => fdatasyncSync(this.#fd))
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#fd)
    this.#isOpen = false
  }

  #writeSome(bytes: Buffer, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      write(this.#fd, bytes, 0, bytes.length, position, (cause, written) =>
        cause ? reject(storageError('write', this.#path, cause)) : resolve(written),
      )
    })
  }
}

/** What is left of `parts` behind their first `written` bytes. */
function without(parts: readonly Buffer[], written: number): readonly Buffer[] {
  let skipped = 0
  let left = written
  while (skipped < parts.length && left >= parts[skipped]!.length) {
    left -= parts[skipped]!.length
    skipped += 1
  }
  if (left === 0) return parts.slice(skipped)
  return [parts[skipped]!.subarray(left), ...parts.slice(skipped + 1)]
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r+')
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw storageError('open', path, error)
  }
  return guarded('create', path, () => openSync(path, 'wx+'))
}

/** Undefined on Windows, which cannot open a folder and needs no such thing, and where it is gone. */
function openFolder(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    if (NO_FOLDER_SYNC.has(codeOf(cause))) return undefined
    throw storageError('sync', path, cause)
  }
}

function guarded<T>(what: string, path: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw storageError(what, path, cause)
  }
}

function codeOf(cause: unknown): string | undefined {
  return (cause as { code?: string } | undefined)?.code
}
