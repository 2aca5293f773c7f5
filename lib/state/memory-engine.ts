/** The engine in memory: the "disk" of tests and simulation, and of stores with `engine: 'memory'`. */
import { MillraceError } from '../errors.js'
import type { EngineWrite, KeyRange, StateEngine, StateEngines } from './engine/engine.js'
import { firstFrom } from './engine/sorted-strings.js'

/** An engine that can do everything at once, so that a test driver needs no turn of the event loop. */
export interface SyncStateEngine extends StateEngine {
  writeSync(writes: readonly EngineWrite[]): void
  entriesSync(range: KeyRange): readonly (readonly [Buffer, Buffer])[]
}

/** What outlives closing: the simulated disk. Keys are latin1 strings, whose order is the order of the bytes. */
class MemoryTable {
  readonly #values = new Map<string, Buffer>()
  /** Null after a key came or went; sorted again by the next scan. */
  #sorted: string[] | null = []

  get(key: Buffer): Buffer | undefined {
    return this.#values.get(key.toString('latin1'))
  }

  apply(write: EngineWrite): void {
    const key = write.key.toString('latin1')
    if (write.type === 'put') {
      if (!this.#values.has(key)) this.#sorted = null
      this.#values.set(key, Buffer.from(write.value))
    } else if (this.#values.delete(key)) {
      this.#sorted = null
    }
  }

  keys(range: KeyRange): string[] {
    this.#sorted ??= [...this.#values.keys()].sort()
    const from = range.gte === undefined ? 0 : firstFrom(this.#sorted, range.gte.toString('latin1'))
    const to = range.lt === undefined ? this.#sorted.length : firstFrom(this.#sorted, range.lt.toString('latin1'))
    const keys = this.#sorted.slice(from, Math.max(from, to))
    if (range.reverse === true) keys.reverse()
    return range.limit === undefined ? keys : keys.slice(0, range.limit)
  }

  entry(key: string): readonly [Buffer, Buffer] {
    return [Buffer.from(key, 'latin1'), Buffer.from(this.#values.get(key)!)]
  }
}

class MemoryEngine implements SyncStateEngine {
  readonly #taskId: string
  readonly #onClose: () => void
  #table: MemoryTable | null

  constructor(taskId: string, table: MemoryTable, onClose: () => void) {
    this.#taskId = taskId
    this.#table = table
    this.#onClose = onClose
  }

  #open(): MemoryTable {
    if (this.#table === null) {
      throw new MillraceError('STATE_CLOSED', `the state of task ${this.#taskId} is closed`, { taskId: this.#taskId })
    }
    return this.#table
  }

  getSync(key: Buffer): Buffer | undefined {
    const value = this.#open().get(key)
    return value === undefined ? undefined : Buffer.from(value)
  }

  async getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    return keys.map((key) => this.getSync(key))
  }

  writeSync(writes: readonly EngineWrite[]): void {
    const table = this.#open()
    for (const write of writes) table.apply(write)
  }

  async write(writes: readonly EngineWrite[]): Promise<void> {
    this.writeSync(writes)
  }

  entriesSync(range: KeyRange): readonly (readonly [Buffer, Buffer])[] {
    const table = this.#open()
    return table.keys(range).map((key) => table.entry(key))
  }

  async *entries(range: KeyRange): AsyncIterable<readonly [Buffer, Buffer]> {
    yield* this.entriesSync(range)
  }

  async clear(range: KeyRange): Promise<void> {
    const table = this.#open()
    for (const key of table.keys(range)) table.apply({ type: 'del', key: Buffer.from(key, 'latin1') })
  }

  async close(): Promise<void> {
    if (this.#table === null) return
    this.#table = null
    this.#onClose()
  }
}

/** Memory engines of one process. What a task wrote stays until `setAside`, also after its engine was closed. */
export class MemoryEngines implements StateEngines {
  readonly #tables = new Map<string, MemoryTable>()
  readonly #open = new Set<string>()
  /** Reasons tables were set aside, oldest first. */
  readonly setAsideReasons: { readonly taskId: string; readonly reason: string }[] = []

  /** @throws MillraceError STATE_LOCKED when the task is open already. */
  openSync(taskId: string): SyncStateEngine {
    if (this.#open.has(taskId)) {
      throw new MillraceError('STATE_LOCKED', `the state of task ${taskId} is open already`, { taskId })
    }
    let table = this.#tables.get(taskId)
    if (table === undefined) {
      table = new MemoryTable()
      this.#tables.set(taskId, table)
    }
    this.#open.add(taskId)
    return new MemoryEngine(taskId, table, () => this.#open.delete(taskId))
  }

  async open(taskId: string): Promise<SyncStateEngine> {
    return this.openSync(taskId)
  }

  async setAside(taskId: string, reason: string): Promise<void> {
    if (this.#open.has(taskId)) {
      throw new MillraceError('STATE_LOCKED', `close the state of task ${taskId} before it is set aside`, { taskId })
    }
    if (this.#tables.delete(taskId)) this.setAsideReasons.push({ taskId, reason })
  }

  async remove(taskId: string): Promise<boolean> {
    if (this.#open.has(taskId)) return false
    this.#tables.delete(taskId)
    return true
  }

  async list(): Promise<string[]> {
    return [...this.#tables.keys()].sort()
  }
}
