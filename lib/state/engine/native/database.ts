/** The part of the abstract-level interface that LevelDB and RocksDB have in common. */
import type { KeyRange } from '../engine.js'
import type { EngineShare } from '../state-budget.js'

export interface NativeBatch {
  put(key: Buffer, value: Buffer): unknown
  del(key: Buffer): unknown
  write(options: { readonly sync: boolean }): Promise<void>
}

export interface NativeIterator {
  nextv(count: number): Promise<[Buffer, Buffer][]>
  close(): Promise<void>
}

/** An open database. After `close` it rejects everything with an error whose code begins with LEVEL_. */
export interface NativeDatabase {
  getSync(key: Buffer): Buffer | undefined
  getMany(keys: Buffer[]): Promise<(Buffer | undefined)[]>
  batch(): NativeBatch
  iterator(options: KeyRange & { readonly highWaterMarkBytes: number }): NativeIterator
  clear(range: KeyRange): Promise<void>
  close(): Promise<void>
}

/** What is particular to one native store. */
export interface NativeStore {
  readonly name: string
  /** The store checks what it reads against checksums of its own: where not, each value is given one. */
  readonly checksReads: boolean
  /** Whether a folder with these files, a database among them, is this store's own. */
  owns(files: readonly string[]): boolean
  /** What is wrong with a database that is not open, as far as the store would not tell by itself; null: nothing. */
  findDamage(folder: string, files: readonly string[]): Promise<string | null>
  open(folder: string, share: EngineShare): Promise<NativeDatabase>
  /** Asks for the lock of a database and gives it up, without touching what is in it. @throws where it is held */
  tryLock(folder: string): Promise<void>
}
