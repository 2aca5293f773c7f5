/** The default byte store: LevelDB, one folder per task. The one place that names it. */
import { access, constants, mkdir, readdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Level } from 'level'
import { MillraceError } from '../errors.js'
import type { Clock } from '../record/clock.js'
import type { EngineWrite, KeyRange, StateEngine, StateEngines } from './engine.js'
import { type EngineShare, StateBudget } from './state-budget.js'

type Database = Level<Buffer, Buffer>

/** Entries read from an iterator at once. */
const SCAN_ENTRIES = 512
const SCAN_BYTES = 256 * 1024

/**
 * LevelDB never limits itself to fewer open files than this, so tables are made large enough that a task of ordinary
 * size stays within its share: 8 MiB instead of 2.
 */
const TABLE_BYTES = 8 * 2 ** 20

export interface LevelEnginesOptions {
  /** `<stateDir>/<applicationId>`; each task has a folder below, named by its id. */
  readonly folder: string
  /** Names folders that are set aside. */
  readonly clock: Clock
  /** What all open tasks share. Default 128 MiB. */
  readonly memoryBytes?: number
  /** Default 512. */
  readonly files?: number
  /** How many tasks will be open; three quarters of the budget are divided over them. Default 24. */
  readonly expectedTasks?: number
}

/** LevelDB tells damage by words only: a table or manifest that is gone, a checksum that is wrong. */
const DAMAGED = /Corruption|No such file|CURRENT/

function coded(error: unknown, taskId: string, doing: string): MillraceError {
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

class LevelEngine implements StateEngine {
  readonly #taskId: string
  readonly #db: Database
  readonly #onClose: () => void

  constructor(taskId: string, db: Database, onClose: () => void) {
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
          yield* entries as [Buffer, Buffer][]
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

/** LevelDB engines under one folder, sharing one budget of memory and files. */
export class LevelEngines implements StateEngines {
  readonly #folder: string
  readonly #clock: Clock
  readonly #budget: StateBudget
  readonly #open = new Set<string>()

  constructor(options: LevelEnginesOptions) {
    this.#folder = options.folder
    this.#clock = options.clock
    this.#budget = new StateBudget(
      { memoryBytes: options.memoryBytes ?? 128 * 2 ** 20, files: options.files ?? 512 },
      options.expectedTasks ?? 24,
    )
  }

  async open(taskId: string): Promise<StateEngine> {
    if (this.#open.has(taskId)) {
      throw new MillraceError('STATE_LOCKED', `the state of task ${taskId} is open already`, { taskId })
    }
    const share = this.#budget.take(taskId)
    this.#open.add(taskId)
    const release = () => {
      if (this.#open.delete(taskId)) this.#budget.giveBack(share)
    }
    try {
      const folder = join(this.#folder, taskId)
      await makeFolder(folder, taskId)
      const db = database(folder, share)
      await db.open()
      return new LevelEngine(taskId, db, release)
    } catch (error) {
      release()
      throw coded(error, taskId, 'open')
    }
  }

  /** The folder becomes `<taskId>.<reason>.<milliseconds>`, which `list` does not count as a task. */
  async setAside(taskId: string, reason: string): Promise<void> {
    if (this.#open.has(taskId)) {
      throw new MillraceError('STATE_LOCKED', `close the state of task ${taskId} before it is set aside`, { taskId })
    }
    const word = reason
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 40)
    const from = join(this.#folder, taskId)
    for (let n = this.#clock.now(); ; n++) {
      const to = join(this.#folder, `${taskId}.${word}.${n}`)
      if (await exists(to)) continue
      try {
        await rename(from, to)
      } catch (error) {
        if ((error as { code?: string }).code !== 'ENOENT') throw coded(error, taskId, 'set aside')
      }
      return
    }
  }

  async list(): Promise<string[]> {
    try {
      const found = await readdir(this.#folder, { withFileTypes: true })
      return found
        .filter((entry) => entry.isDirectory() && /^\w+_\d+$/.test(entry.name))
        .map((entry) => entry.name)
        .sort()
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return []
      throw coded(error, '(all)', 'list')
    }
  }
}

async function makeFolder(folder: string, taskId: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    await access(folder, constants.W_OK)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw new MillraceError('STATE_UNWRITABLE', `the state folder of task ${taskId} cannot be written: ${text}`, {
      taskId,
      cause: error,
    })
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch {
    return false
  }
}

/**
 * A third of the memory is the block cache, a third each write buffer (LevelDB keeps up to two). Without compression:
 * reads are a quarter faster and a state of small values gains little from it.
 */
function database(folder: string, share: EngineShare): Database {
  const third = Math.floor(share.memoryBytes / 3)
  return new Level<Buffer, Buffer>(folder, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    compression: false,
    cacheSize: third,
    writeBufferSize: Math.max(third, 64 * 1024),
    maxOpenFiles: share.files,
    maxFileSize: TABLE_BYTES,
  })
}
