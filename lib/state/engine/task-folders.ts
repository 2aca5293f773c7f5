/**
 * The folders of the state of each task, for any native store: a folder of its own or, for very many tasks, a shared
 * database. Opens, lists, sets aside and removes them within one budget.
 */
import { access, constants, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isMillraceError, MillraceError } from '../../errors.js'
import type { Clock } from '../../record/clock.js'
import { parseTaskId } from '../../record/task-id.js'
import type { StateEngine, StateEngines } from './engine.js'
import type { NativeStore } from './native/database.js'
import { NativeEngine } from './native/native-engine.js'
import { coded, damaged } from './native/native-errors.js'
import { type OpenDatabase, OpenDatabases } from './open-databases.js'
import { openFilesLimit } from './open-files-limit.js'
import { namesIn, SetAside } from './set-aside.js'
import { StateBudget } from './state-budget.js'

/** In the folder of a task whose state is in a shared database: the number of that. */
const SHARED = 'SHARED'

const MEMORY_BYTES = 128 * 2 ** 20
const FILES = 512
/** Of the files the process may open: sockets and the rest of the application need some as well. */
const FILES_PART = 0.5

export interface FolderEnginesOptions {
  /** `<stateDir>/<applicationId>`; each task has a folder below, named by its id. */
  readonly folder: string
  /** Names folders that are set aside. */
  readonly clock: Clock
  /** What all open tasks share. Default 128 MiB. */
  readonly memoryBytes?: number
  /** Default 512, or half of what the process may open where that is less. */
  readonly files?: number
  /** How many tasks the application has. Default 24. */
  readonly expectedTasks?: number
}

/** Where the state of a task is. */
interface Place {
  /** Folder of the database. */
  readonly name: string
  /** In front of the task's keys; empty where the database is its own. */
  readonly prefix: Buffer
  readonly isNew: boolean
}

export class FolderEngines implements StateEngines {
  /** Told of damage that shows itself while a task runs, once for each task it concerns. */
  onDamaged: ((error: MillraceError) => void) | null = null
  readonly #folder: string
  readonly #budget: StateBudget
  readonly #setAside: SetAside
  readonly #databases: OpenDatabases
  readonly #open = new Set<string>()
  readonly #removing = new Map<string, Promise<boolean>>()

  constructor(options: FolderEnginesOptions, native: NativeStore) {
    const { folder, clock, memoryBytes = MEMORY_BYTES, expectedTasks = 24 } = options
    this.#folder = folder
    const files = options.files ?? Math.min(FILES, Math.floor(openFilesLimit() * FILES_PART))
    this.#budget = new StateBudget({ memoryBytes, files }, expectedTasks)
    this.#setAside = new SetAside(folder, clock)
    this.#databases = new OpenDatabases({
      folder,
      native,
      share: this.#budget.share,
      setAside: this.#setAside,
      onDamaged: (error) => this.onDamaged?.(error),
    })
  }

  /** @throws MillraceError STATE_LAYOUT_UNSUPPORTED when another native store has written the folder */
  async open(taskId: string): Promise<StateEngine> {
    await this.#removing.get(taskId)?.catch(() => false)
    this.#requireClosed(taskId, `the state of task ${taskId} is open already`)
    this.#open.add(taskId)
    try {
      const place = await this.#choosePlace(taskId)
      const database = await this.#databases.join(place.name, taskId)
      const engine = this.#engine(taskId, place, database)
      if (place.isNew && place.prefix.length > 0) await this.#beginShared(taskId, place, engine)
      return engine
    } catch (error) {
      this.#open.delete(taskId)
      throw coded(error, taskId, 'open')
    }
  }

  /** The folder becomes `<taskId>.<reason>.<milliseconds>`. What is in a database of other tasks too is removed from it. */
  async setAside(taskId: string, reason: string): Promise<void> {
    this.#requireClosed(taskId, `close the state of task ${taskId} before it is set aside`)
    const place = await this.#placeOf(taskId)
    if (place === null || place.prefix.length === 0) return this.#setAside.move(taskId, reason)
    await this.#removePart(taskId, place, reason)
  }

  async list(): Promise<string[]> {
    return (await namesIn(this.#folder, 'folders')).filter((name) => /^\w+_\d+$/.test(name)).sort()
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

  removeSetAside(beforeMs: number): Promise<void> {
    return this.#setAside.removeBefore(beforeMs)
  }

  #requireClosed(taskId: string, message: string): void {
    if (this.#open.has(taskId)) throw new MillraceError('STATE_LOCKED', message, { taskId })
  }

  #engine(taskId: string, { prefix }: Place, database: OpenDatabase): StateEngine {
    return new NativeEngine({
      taskId,
      prefix,
      home: database,
      onError: (error) => this.#databases.noteError(database, error),
      close: async () => {
        try {
          await this.#databases.leave(database, taskId)
        } finally {
          this.#open.delete(taskId)
        }
      },
    })
  }

  /** The number is written last: without it whatever is there under the task's name is nobody's. */
  async #beginShared(taskId: string, { name }: Place, engine: StateEngine): Promise<void> {
    try {
      await engine.clear({})
      await writeFile(join(this.#folder, taskId, SHARED), name)
    } catch (error) {
      await engine.close()
      throw error
    }
  }

  async #choosePlace(taskId: string): Promise<Place> {
    await makeFolder(join(this.#folder, taskId), taskId)
    const place = await this.#placeOf(taskId)
    if (place !== null) return place
    const { sharedDatabases } = this.#budget
    if (sharedDatabases === null) return { name: taskId, prefix: Buffer.alloc(0), isNew: true }
    return sharedPlace(taskId, `shared-${numberFor(taskId, sharedDatabases)}`, true)
  }

  /** Where something of the task is, or may be; null: nowhere. */
  async #placeOf(taskId: string): Promise<Place | null> {
    let files: string[]
    try {
      files = await namesIn(join(this.#folder, taskId))
    } catch (error) {
      if (isMillraceError(error, 'STATE_DAMAGED')) return { name: taskId, prefix: Buffer.alloc(0), isNew: false }
      throw error
    }
    if (files.length === 0) return null
    if (!files.includes(SHARED)) return { name: taskId, prefix: Buffer.alloc(0), isNew: false }
    const name = await readFile(join(this.#folder, taskId, SHARED), 'latin1')
    return /^shared-\d+$/.test(name) ? sharedPlace(taskId, name, false) : null
  }

  async #removePart(taskId: string, place: Place, reason: string): Promise<void> {
    try {
      const database = await this.#databases.join(place.name, taskId)
      const engine = this.#engine(taskId, place, database)
      try {
        await engine.clear({})
      } finally {
        await engine.close()
      }
    } catch (error) {
      const known = coded(error, taskId, 'set aside')
      if (known.code !== 'STATE_DAMAGED') throw known
      await this.#databases.retire(place.name, reason)
    }
    await rm(join(this.#folder, taskId), { recursive: true, force: true })
  }

  async #remove(taskId: string): Promise<boolean> {
    if (this.#open.has(taskId)) return false
    const place = await this.#placeOf(taskId)
    try {
      if (place !== null && place.prefix.length > 0) await this.#removePart(taskId, place, 'damaged')
      else if (place !== null) await this.#databases.tryLock(place.name)
    } catch (error) {
      if (coded(error, taskId, 'remove').code === 'STATE_LOCKED') return false
      throw error
    }
    await this.#setAside.remove(taskId)
    return true
  }
}

function sharedPlace(taskId: string, name: string, isNew: boolean): Place {
  return { name, prefix: Buffer.from(`${taskId}/`, 'latin1'), isNew }
}

/** Tasks of one sub-topology beside each other go to different databases. */
function numberFor(taskId: string, databases: number): number {
  const id = parseTaskId(taskId)
  return id === null ? 0 : (id.subTopology + id.partition) % databases
}

/** State has the values of records: only its owner may read it, as in Kafka Streams. */
const PRIVATE = { recursive: true, mode: 0o700 }

async function makeFolder(folder: string, taskId: string): Promise<void> {
  try {
    await mkdir(folder, PRIVATE)
    await access(folder, constants.W_OK)
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST')
      throw damaged(taskId, 'there is a file with the name of its folder', error)
    const known = coded(error, taskId, 'open')
    if (known.code !== 'STATE_DAMAGED') throw known
    const text = error instanceof Error ? error.message : String(error)
    throw new MillraceError('STATE_UNWRITABLE', `the state folder of task ${taskId} cannot be written: ${text}`, {
      taskId,
      cause: error,
    })
  }
}
