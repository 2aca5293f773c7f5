/**
 * Keyed state as an append-only file of changes: one line per save, with its CRC-32C. Opening reads up to the first
 * damaged line. Changes since the last save are in the journal; each line contains the journal file to continue from.
 */
import { crc32c } from '../../record/crc32c.js'
import type { DiskFile, Files } from './files.js'
import type { StateChange, StateValue } from './storage.js'

/** The file is rewritten when it has grown to this many times its live content, and at least to this size. */
const REWRITE_FACTOR = 4
const REWRITE_MIN_BYTES = 16 * 1024 * 1024

/** Not the broker's: number of the first journal file that is not in the files yet. */
const JOURNAL_KEY = 'journal'

/** State as it was at one moment, on its way to the file. */
export interface StateSave {
  readonly bytes: Buffer
  /** Whether it takes the place of the file. */
  readonly whole: boolean
  readonly keys: readonly string[]
}

export class KeyedStateFile {
  /** Number of the first journal file whose entries count. */
  journalFrom = 0
  readonly #files: Files
  readonly #path: string
  readonly #values = new Map<string, StateValue>()
  readonly #dirty = new Set<string>()
  #file: DiskFile | undefined
  #sizeBytes = 0
  #liveBytes = 0

  constructor(files: Files, path: string) {
    this.#files = files
    this.#path = path
  }

  /** Returns how many bytes at the end were damaged and do not count. */
  open(): number {
    this.#file = this.#files.open(this.#path)
    const bytes = this.#file.read(0, this.#file.sizeBytes)
    let at = 0
    for (;;) {
      const end = bytes.indexOf(10, at)
      const changes = end < 0 ? undefined : decodeLine(bytes.subarray(at, end))
      if (changes === undefined) break
      for (const [key, value] of changes) {
        if (key === JOURNAL_KEY) this.journalFrom = value!.from as number
        else this.#set(key, value)
      }
      at = end + 1
    }
    this.#sizeBytes = at
    return bytes.length - at
  }

  entries(): Iterable<readonly [string, StateValue]> {
    return [...this.#values]
  }

  apply(changes: readonly StateChange[]): void {
    for (const [key, value] of changes) {
      this.#set(key, value)
      this.#dirty.add(key)
    }
  }

  /** Takes what changed, or everything where that is the smaller file in the long run. */
  capture(journalFrom: number, whole: boolean): StateSave {
    const keys = [...this.#dirty]
    this.#dirty.clear()
    const journal: StateChange = [JOURNAL_KEY, { from: journalFrom }]
    const line = encodeLine([journal, ...keys.map((key) => [key, this.#values.get(key) ?? null] as const)])
    const sizeBytes = this.#sizeBytes + line.length
    if (!whole && (sizeBytes < REWRITE_MIN_BYTES || sizeBytes < REWRITE_FACTOR * this.#liveBytes)) {
      return { bytes: line, whole: false, keys }
    }
    const lines = [journal, ...this.#values].map((change) => encodeLine([change]))
    return { bytes: Buffer.concat(lines), whole: true, keys }
  }

  async save({ bytes, whole }: StateSave): Promise<void> {
    if (whole) return this.#replace(bytes)
    await this.#file!.writeLater([bytes], this.#sizeBytes)
    await this.#file!.sync()
    this.#sizeBytes += bytes.length
  }

  /** After a save that failed. */
  giveBack({ keys }: StateSave): void {
    for (const key of keys) this.#dirty.add(key)
  }

  close(): void {
    this.#file?.close()
    this.#file = undefined
  }

  #set(key: string, value: StateValue | null): void {
    if (value === null) this.#values.delete(key)
    else this.#values.set(key, value)
  }

  async #replace(bytes: Buffer): Promise<void> {
    const arriving = `${this.#path}.new`
    this.#files.remove(arriving)
    const file = this.#files.open(arriving)
    try {
      await file.writeLater([bytes], 0)
      await file.sync()
      this.#files.rename(arriving, this.#path)
    } catch (error) {
      file.close()
      throw error
    }
    this.close()
    this.#file = file
    this.#sizeBytes = bytes.length
    this.#liveBytes = bytes.length
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
