/**
 * Keyed state as an append-only file of changes: one line per atomic put, its CRC-32C in front. Opening replays it up to
 * the first damaged line and rewrites it without what was overwritten since.
 */
import { closeSync, existsSync, fdatasync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { crc32c } from '../protocol/index.js'
import { storageError, writeFully } from './segment-disk.js'
import type { StateChange, StateValue } from './storage.js'

/** The file is rewritten when it has grown to this many times its live content, and at least to this size. */
const REWRITE_FACTOR = 4
const REWRITE_MIN_BYTES = 16 * 1024 * 1024

export class StateDisk {
  private readonly path: string
  private readonly values = new Map<string, StateValue>()
  private fd = -1
  private sizeBytes = 0
  private liveBytes = 0

  constructor(path: string) {
    this.path = path
  }

  /** Returns how many bytes at the end were damaged and are gone. */
  open(): number {
    let dropped = 0
    try {
      if (existsSync(this.path)) dropped = this.replay(readFileSync(this.path))
      this.rewrite()
    } catch (cause) {
      throw storageError('open', this.path, cause)
    }
    return dropped
  }

  entries(): Iterable<readonly [string, StateValue]> {
    return [...this.values]
  }

  put(changes: readonly StateChange[]): void {
    if (changes.length === 0) return
    const line = encodeLine(changes)
    try {
      writeFully(this.fd, line, this.sizeBytes)
    } catch (cause) {
      throw storageError('write', this.path, cause)
    }
    this.sizeBytes += line.length
    this.apply(changes)
    if (this.sizeBytes > REWRITE_MIN_BYTES && this.sizeBytes > REWRITE_FACTOR * this.liveBytes) this.rewrite()
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.fd, (cause) => {
        // A rewrite in between closed the file, and synced everything.
        if (cause === null || cause.code === 'EBADF') resolve()
        else reject(storageError('sync', this.path, cause))
      })
    })
  }

  close(): void {
    if (this.fd >= 0) closeSync(this.fd)
    this.fd = -1
  }

  private apply(changes: readonly StateChange[]): void {
    for (const [key, value] of changes) {
      if (value === null) this.values.delete(key)
      else this.values.set(key, value)
    }
  }

  private replay(bytes: Buffer): number {
    let at = 0
    for (;;) {
      const end = bytes.indexOf(10, at)
      const changes = end < 0 ? undefined : decodeLine(bytes.subarray(at, end))
      if (changes === undefined) return bytes.length - at
      this.apply(changes)
      at = end + 1
    }
  }

  private rewrite(): void {
    const arriving = `${this.path}.new`
    const content = Buffer.concat([...this.values].map((change) => encodeLine([change])))
    const fd = openSync(arriving, 'w+')
    writeFileSync(fd, content)
    fsyncSync(fd)
    renameSync(arriving, this.path)
    this.close()
    this.fd = fd
    this.sizeBytes = content.length
    this.liveBytes = content.length
  }
}

function encodeLine(changes: readonly StateChange[]): Buffer {
  const json = Buffer.from(JSON.stringify(changes))
  const sum = crc32c(json).toString(16).padStart(8, '0')
  return Buffer.concat([Buffer.from(`${sum} `), json, Buffer.from('\n')])
}

function decodeLine(line: Buffer): readonly StateChange[] | undefined {
  const json = line.subarray(9)
  if (Number.parseInt(line.toString('latin1', 0, 8), 16) !== crc32c(json)) return undefined
  return JSON.parse(json.toString()) as StateChange[]
}
