/**
 * The storage engine of a task: one ordered key space with atomic batches. LevelDB, memory, or the option `engines`.
 */

import type { MillraceError } from '../../errors.js'

/** One write of a batch. */
export type EngineWrite =
  | { readonly type: 'put'; readonly key: Buffer; readonly value: Buffer }
  | { readonly type: 'del'; readonly key: Buffer }

/** Half-open: gte <= key < lt. Either end may be missing. */
export interface KeyRange {
  /** First key, inclusive. Default: the first of all. */
  readonly gte?: Buffer
  /** Last key, exclusive. Default: after the last of all. */
  readonly lt?: Buffer
  /** Descending. Default false. */
  readonly reverse?: boolean
  /** Maximum number of entries. Default: no limit. */
  readonly limit?: number
}

/** The database of one task: a sorted map of bytes. */
export interface StateEngine {
  /** A private copy of the value, or undefined. */
  getSync(key: Buffer): Buffer | undefined
  /** The values of several keys; undefined for a key that does not exist. */
  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]>
  /** All or nothing, also across a crash of the process. `sync` also survives a power cut. */
  write(writes: readonly EngineWrite[], options?: { readonly sync?: boolean }): Promise<void>
  /** The entries of a range, sorted by key. */
  entries(range: KeyRange): AsyncIterable<readonly [Buffer, Buffer]>
  /** Removes a range; not atomic with other writes, safe to repeat. */
  clear(range: KeyRange): Promise<void>
  /** Closes the database. */
  close(): Promise<void>
}

/** Opens the engine of a task. The same task is never open twice. */
export interface StateEngines {
  /** @throws MillraceError STATE_DAMAGED, STATE_LAYOUT_UNSUPPORTED, STATE_LOCKED, STATE_UNWRITABLE, STATE_DISK_FULL, STATE_FILE_LIMIT */
  open(taskId: string): Promise<StateEngine>
  /** Moves what is on disk aside (it is kept for inspection, counted), so that the next open starts empty. */
  setAside(taskId: string, reason: string): Promise<void>
  /** Set by whoever runs the tasks: damage showed itself in the state of a task that is open. What reads it has the error too. */
  onDamaged?: ((error: MillraceError) => void) | null
  /** Task ids with something on disk. */
  list(): Promise<string[]>
  /** Removes what is on disk of a task. False: it is open, here or elsewhere. Engines without it are never cleaned. */
  remove?(taskId: string): Promise<boolean>
  /** Removes what was set aside before a time, in milliseconds since the epoch. */
  removeSetAside?(beforeMs: number): Promise<void>
}
