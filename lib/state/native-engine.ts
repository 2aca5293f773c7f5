/** The engine over a native store with the interface of abstract-level: what LevelDB and RocksDB have in common. */
import { MillraceError } from '../errors.js'
import type { EngineWrite, KeyRange, StateEngine } from './engine.js'

/** Entries read from an iterator at once. */
const SCAN_ENTRIES = 512
const SCAN_BYTES = 256 * 1024

interface NativeBatch {
  put(key: Buffer, value: Buffer): unknown
  del(key: Buffer): unknown
  write(options: { readonly sync: boolean }): Promise<void>
}

interface NativeIterator {
  nextv(count: number): Promise<[Buffer, Buffer][]>
  close(): Promise<void>
}

/** An open database. After `close` it refuses everything with an error whose code begins with LEVEL_. */
export interface NativeDatabase {
  getSync(key: Buffer): Buffer | undefined
  getMany(keys: Buffer[]): Promise<(Buffer | undefined)[]>
  batch(): NativeBatch
  iterator(options: KeyRange & { readonly highWaterMarkBytes: number }): NativeIterator
  clear(range: KeyRange): Promise<void>
  close(): Promise<void>
}

/** The stores tell some damage by words only: a table or manifest that is gone, a checksum that is wrong. */
const DAMAGED = /Corruption|No such file|CURRENT/

/** The error of a native store as one with a code. */
export function coded(error: unknown, taskId: string, doing: string): MillraceError {
  if (error instanceof MillraceError) return error
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = (cause as { code?: unknown } | null)?.code
  const text = cause instanceof Error ? cause.message : String(cause)
  const details = { taskId, cause: error }
  if (code === 'LEVEL_LOCKED') {
    return new MillraceError(
      'STATE_LOCKED',
      `${doing}: another process or task has the state of task ${taskId} open`,
      details,
    )
  }
  if (code === 'LEVEL_CORRUPTION' || DAMAGED.test(text)) {
    return new MillraceError('STATE_CORRUPT', `${doing}: the state of task ${taskId} is damaged: ${text}`, details)
  }
  if (code === 'LEVEL_DATABASE_NOT_OPEN' || code === 'LEVEL_ITERATOR_NOT_OPEN' || code === 'LEVEL_BATCH_NOT_OPEN') {
    return new MillraceError('STATE_CLOSED', `${doing}: the state of task ${taskId} is closed`, details)
  }
  return new MillraceError('STATE_UNWRITABLE', `${doing}: the state of task ${taskId} cannot be used: ${text}`, details)
}

export class NativeEngine implements StateEngine {
  readonly #taskId: string
  readonly #db: NativeDatabase
  readonly #onClose: () => void

  constructor(taskId: string, db: NativeDatabase, onClose: () => void) {
    this.#taskId = taskId
    this.#db = db
    this.#onClose = onClose
  }

  getSync(key: Buffer): Buffer | undefined {
    try {
      return this.#db.getSync(key)
    } catch (error) {
      throw coded(error, this.#taskId, 'get')
    }
  }

  async getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    try {
      return await this.#db.getMany(keys as Buffer[])
    } catch (error) {
      throw coded(error, this.#taskId, 'get many')
    }
  }

  /** A chained batch costs the event loop half of what an array of operations does. */
  async write(writes: readonly EngineWrite[], options?: { readonly sync?: boolean }): Promise<void> {
    try {
      const batch = this.#db.batch()
      for (const write of writes) {
        if (write.type === 'put') batch.put(write.key, write.value)
        else batch.del(write.key)
      }
      await batch.write({ sync: options?.sync ?? false })
    } catch (error) {
      throw coded(error, this.#taskId, 'write')
    }
  }

  async *entries(range: KeyRange): AsyncIterable<readonly [Buffer, Buffer]> {
    try {
      const iterator = this.#db.iterator({ ...range, highWaterMarkBytes: SCAN_BYTES })
      try {
        for (;;) {
          const entries = await iterator.nextv(SCAN_ENTRIES)
          if (entries.length === 0) return
          yield* entries
        }
      } finally {
        await iterator.close()
      }
    } catch (error) {
      throw coded(error, this.#taskId, 'scan')
    }
  }

  async clear(range: KeyRange): Promise<void> {
    try {
      await this.#db.clear(range)
    } catch (error) {
      throw coded(error, this.#taskId, 'clear')
    }
  }

  async close(): Promise<void> {
    try {
      await this.#db.close()
    } finally {
      this.#onClose()
    }
  }
}
