/** Folders of the tasks' state, one per task, whatever native store fills them: opened once, listed, set aside, in one budget. */
import { access, constants, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MillraceError } from '../errors.js'
import type { Clock } from '../record/clock.js'
import type { StateEngine, StateEngines } from './engine.js'
import { coded, type NativeDatabase, NativeEngine } from './native-engine.js'
import { type EngineShare, LEAST_SHARE, StateBudget } from './state-budget.js'

/** Names folders on their way out. */
const OBSOLETE = 'obsolete'

export interface FolderEnginesOptions {
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

/** What is particular to one native store. */
export interface NativeStore {
  readonly name: string
  /** Whether a folder with these files, a database among them, is this store's own. */
  owns(files: readonly string[]): boolean
  open(folder: string, share: EngineShare): Promise<NativeDatabase>
}

export class FolderEngines implements StateEngines {
  readonly #folder: string
  readonly #clock: Clock
  readonly #native: NativeStore
  readonly #budget: StateBudget
  readonly #open = new Set<string>()
  readonly #removing = new Map<string, Promise<boolean>>()

  constructor(options: FolderEnginesOptions, native: NativeStore) {
    this.#folder = options.folder
    this.#clock = options.clock
    this.#native = native
    this.#budget = new StateBudget(
      { memoryBytes: options.memoryBytes ?? 128 * 2 ** 20, files: options.files ?? 512 },
      options.expectedTasks ?? 24,
    )
  }

  /** @throws MillraceError STATE_LAYOUT_UNSUPPORTED when another native store has written the folder */
  async open(taskId: string): Promise<StateEngine> {
    await this.#removing.get(taskId)?.catch(() => false)
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
      await this.#checkOwner(folder, taskId)
      return new NativeEngine(taskId, await this.#native.open(folder, share), release)
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
    await this.#rename(taskId, word)
  }

  async #rename(taskId: string, word: string): Promise<void> {
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
    return (await this.#folders()).filter((name) => /^\w+_\d+$/.test(name)).sort()
  }

  /** Whoever opens the task meanwhile waits, and finds nothing. */
  async remove(taskId: string): Promise<boolean> {
    const removing = this.#removing.get(taskId) ?? this.#remove(taskId)
    this.#removing.set(taskId, removing)
    try {
      return await removing
    } finally {
      this.#removing.delete(taskId)
    }
  }

  async removeSetAside(beforeMs: number): Promise<void> {
    for (const name of await this.#folders()) {
      const [, word, atMs] = /^\w+_\d+\.([a-z0-9-]*)\.(\d+)$/.exec(name) ?? []
      if (word === OBSOLETE || Number(atMs) < beforeMs) await this.#delete(name)
    }
  }

  async #folders(): Promise<string[]> {
    try {
      const found = await readdir(this.#folder, { withFileTypes: true })
      return found.filter((entry) => entry.isDirectory()).map(({ name }) => name)
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return []
      throw coded(error, '(all)', 'list')
    }
  }

  /** Out of the way first: a removal that is cut short leaves nothing that looks like the state of a task. */
  async #remove(taskId: string): Promise<boolean> {
    if (this.#open.has(taskId) || (await this.#isLocked(taskId))) return false
    await this.#rename(taskId, OBSOLETE)
    await this.removeSetAside(0)
    return true
  }

  /** The lock of a native store is seen only by opening it. */
  async #isLocked(taskId: string): Promise<boolean> {
    const folder = join(this.#folder, taskId)
    try {
      const files = await readdir(folder)
      if (files.includes('CURRENT') && this.#native.owns(files)) {
        await (await this.#native.open(folder, LEAST_SHARE)).close()
      }
      return false
    } catch (error) {
      return coded(error, taskId, 'remove').code === 'STATE_LOCKED'
    }
  }

  async #delete(name: string): Promise<void> {
    try {
      await rm(join(this.#folder, name), { recursive: true, force: true })
    } catch (error) {
      throw coded(error, name, 'remove')
    }
  }

  /** The native stores read each other's files as far as they think they understand them: nobody may try. */
  async #checkOwner(folder: string, taskId: string): Promise<void> {
    const files = await readdir(folder)
    if (!files.includes('CURRENT') || this.#native.owns(files)) return
    throw new MillraceError(
      'STATE_LAYOUT_UNSUPPORTED',
      `the state of task ${taskId} was written by another store than ${this.#native.name}`,
      { taskId },
    )
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
