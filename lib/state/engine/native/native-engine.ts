/** The engine of one task on a native database, which may be shared by several tasks. */

import type { MillraceError } from '../../../errors.js'
import type { EngineWrite, KeyRange, StateEngine } from '../engine.js'
import type { NativeDatabase } from './database.js'
import { coded, damaged } from './native-errors.js'

/** Entries read from an iterator at once. */
const SCAN_ENTRIES = 512
const SCAN_BYTES = 256 * 1024

export interface NativeEngineOptions {
  readonly taskId: string
  /** The database, and what is known to be wrong with it. */
  readonly home: { readonly database: NativeDatabase; readonly damage: string | null }
  /** In front of all keys of the task; empty where the database is its own. */
  readonly prefix: Buffer
  /** Lets go of the database. */
  readonly close: () => Promise<void>
  /** Sees every error of the database before it is thrown. */
  readonly onError: (error: MillraceError) => void
}

export class NativeEngine implements StateEngine {
  readonly #options: NativeEngineOptions
  readonly #prefix: Buffer
  #closed = false

  constructor(options: NativeEngineOptions) {
    this.#options = options
    this.#prefix = options.prefix
  }

  getSync(key: Buffer): Buffer | undefined {
    try {
      return this.#opened().getSync(this.#inside(key))
    } catch (error) {
      throw this.#coded(error, 'get')
    }
  }

  async getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    try {
      return await this.#opened().getMany(keys.map((key) => this.#inside(key)))
    } catch (error) {
      throw this.#coded(error, 'get many')
    }
  }

  /** A chained batch costs the event loop half of what an array of operations does. */
  async write(writes: readonly EngineWrite[], options?: { readonly sync?: boolean }): Promise<void> {
    try {
      const batch = this.#opened().batch()
      for (const write of writes) {
        if (write.type === 'put') batch.put(this.#inside(write.key), write.value)
        else batch.del(this.#inside(write.key))
      }
      await batch.write({ sync: options?.sync ?? false })
    } catch (error) {
      throw this.#coded(error, 'write')
    }
  }

  async *entries(range: KeyRange): AsyncIterable<readonly [Buffer, Buffer]> {
    try {
      const iterator = this.#opened().iterator({ ...this.#range(range), highWaterMarkBytes: SCAN_BYTES })
      try {
        for (;;) {
          const entries = await iterator.nextv(SCAN_ENTRIES)
          if (entries.length === 0) return
          if (this.#prefix.length === 0) yield* entries
          else for (const [key, value] of entries) yield [key.subarray(this.#prefix.length), value]
        }
      } finally {
        await iterator.close()
      }
    } catch (error) {
      throw this.#coded(error, 'scan')
    }
  }

  async clear(range: KeyRange): Promise<void> {
    try {
      await this.#opened().clear(this.#range(range))
    } catch (error) {
      throw this.#coded(error, 'clear')
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#options.close()
  }

  #opened(): NativeDatabase {
    if (this.#closed) throw Object.assign(new Error('the engine is closed'), { code: 'LEVEL_DATABASE_NOT_OPEN' })
    const { home, taskId } = this.#options
    if (home.damage !== null) throw damaged(taskId, home.damage)
    return home.database
  }

  #coded(error: unknown, doing: string): MillraceError {
    const known = coded(error, this.#options.taskId, doing)
    this.#options.onError(known)
    return known
  }

  #inside(key: Buffer): Buffer {
    return this.#prefix.length === 0 ? key : Buffer.concat([this.#prefix, key])
  }

  /** The last byte of a prefix is never 255. */
  #range(range: KeyRange): KeyRange {
    if (this.#prefix.length === 0) return range
    const end = Buffer.from(this.#prefix)
    end[end.length - 1]! += 1
    return {
      ...range,
      gte: range.gte === undefined ? this.#prefix : this.#inside(range.gte),
      lt: range.lt === undefined ? end : this.#inside(range.lt),
    }
  }
}
