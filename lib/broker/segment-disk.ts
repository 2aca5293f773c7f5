/** A log segment as a file, written with positions and read back the same way. */
import {
  closeSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { MillraceError } from '../errors.js'
import type { SegmentFile } from './storage.js'

export class SegmentDisk implements SegmentFile {
  readonly baseOffset: number
  readonly path: string
  sizeBytes: number
  private fd: number
  private readonly onWrite: (segment: SegmentDisk) => void
  private readonly onRemove: (segment: SegmentDisk) => void

  constructor(
    path: string,
    baseOffset: number,
    onWrite: (segment: SegmentDisk) => void,
    onRemove: (segment: SegmentDisk) => void,
  ) {
    this.path = path
    this.baseOffset = baseOffset
    this.onWrite = onWrite
    this.onRemove = onRemove
    this.fd = openSegment(path)
    this.sizeBytes = fstatSync(this.fd).size
  }

  append(batch: Buffer): void {
    try {
      writeFully(this.fd, batch, this.sizeBytes)
    } catch (cause) {
      // What was written of it lies behind the end, where the next batch overwrites it.
      throw storageError('write', this.path, cause)
    }
    this.sizeBytes += batch.length
    this.onWrite(this)
  }

  read(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    let done = 0
    while (done < length) {
      const count = readSync(this.fd, bytes, done, length - done, position + done)
      if (count === 0) throw storageError('read', this.path, new Error(`it ends at byte ${position + done}`))
      done += count
    }
    return bytes
  }

  truncate(sizeBytes: number): void {
    ftruncateSync(this.fd, sizeBytes)
    this.sizeBytes = sizeBytes
    this.onWrite(this)
  }

  rewrite(batches: readonly Buffer[]): void {
    const arriving = `${this.path}.new`
    try {
      const fd = openSync(arriving, 'w')
      let sizeBytes = 0
      for (const batch of batches) {
        writeFully(fd, batch, sizeBytes)
        sizeBytes += batch.length
      }
      fsyncSync(fd)
      closeSync(fd)
      renameSync(arriving, this.path)
      closeSync(this.fd)
      this.fd = openSegment(this.path)
      this.sizeBytes = sizeBytes
      this.onWrite(this)
    } catch (cause) {
      throw storageError('rewrite', this.path, cause)
    }
  }

  remove(): void {
    this.close()
    unlinkSync(this.path)
    this.onRemove(this)
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.fd, (cause) => (cause ? reject(storageError('sync', this.path, cause)) : resolve()))
    })
  }

  close(): void {
    closeSync(this.fd)
  }
}

function openSegment(path: string): number {
  try {
    return openSync(path, 'r+')
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw storageError('open', path, error)
  }
  try {
    return openSync(path, 'wx+')
  } catch (error) {
    throw storageError('create', path, error)
  }
}

export function writeFully(fd: number, bytes: Buffer, position: number): void {
  let done = 0
  while (done < bytes.length) done += writeSync(fd, bytes, done, bytes.length - done, position + done)
}

/** One line about a file that failed; what to do is in the error table. */
export function storageError(what: string, path: string, cause: unknown): MillraceError {
  const code = (cause as { code?: string } | undefined)?.code
  const why = code ?? (cause instanceof Error ? cause.message : String(cause))
  return new MillraceError('BROKER_STORAGE_FAILED', `Cannot ${what} ${path} (${why})`, { cause })
}
