/**
 * The open native databases of one folder, and the tasks that use each. Damage is reported before a database is opened,
 * or after a read that finds it. A damaged database is not used any more and never opened again.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MillraceError } from '../../errors.js'
import { ChecksummedDatabase } from './checksummed-database.js'
import type { NativeDatabase, NativeStore } from './native/database.js'
import { damaged } from './native/native-errors.js'
import { namesIn, type SetAside } from './set-aside.js'
import type { EngineShare } from './state-budget.js'

/** Lies beside a database whose values have a checksum each. Older ones are read as they are. */
const CHECKSUMS = 'CHECKSUMS'

/** Files that only a database leaves. */
const DATABASE_FILE = /^(MANIFEST-\d+|\d+\.(ldb|sst|log))$/

export interface OpenDatabase {
  readonly name: string
  readonly database: NativeDatabase
  /** Ids of the tasks that use it. */
  readonly users: Set<string>
  /** What is wrong with it; null: nothing. */
  damage: string | null
  /** While it is being closed. */
  closing: Promise<void> | null
}

export interface OpenDatabasesOptions {
  readonly folder: string
  readonly native: NativeStore
  readonly share: EngineShare
  readonly setAside: SetAside
  readonly onDamaged: (error: MillraceError) => void
}

export class OpenDatabases {
  readonly #options: OpenDatabasesOptions
  readonly #open = new Map<string, Promise<OpenDatabase>>()

  constructor(options: OpenDatabasesOptions) {
    this.#options = options
  }

  /** Opens the database, where it is not open yet, for one more task. @throws MillraceError STATE_DAMAGED, STATE_LOCKED, ... */
  async join(name: string, taskId: string): Promise<OpenDatabase> {
    for (;;) {
      const opening = this.#open.get(name) ?? this.#opening(name, taskId)
      const database = await opening
      if (database.closing !== null) {
        await database.closing.catch(() => undefined)
        continue
      }
      if (database.damage !== null) throw damaged(taskId, database.damage)
      database.users.add(taskId)
      return database
    }
  }

  /** The last one closes it. */
  async leave(database: OpenDatabase, taskId: string): Promise<void> {
    database.users.delete(taskId)
    if (database.users.size === 0) database.closing ??= this.#close(database, async () => {})
    await database.closing
  }

  /** A read or write found `error`: when that is damage, every task that uses the database hears of it. */
  noteError(database: OpenDatabase, error: MillraceError): void {
    if (error.code !== 'STATE_DAMAGED' || database.damage !== null) return
    database.damage = error.cause instanceof Error ? error.cause.message : error.message
    for (const taskId of database.users) this.#options.onDamaged(damaged(taskId, database.damage, error.cause))
  }

  /** Sets the folder of a damaged database aside, also while tasks have it that have not heard of it yet. */
  async retire(name: string, reason: string): Promise<void> {
    const database = await this.#open.get(name)?.catch(() => undefined)
    if (database === undefined) return this.#options.setAside.move(name, reason)
    if (database.damage === null && database.users.size > 0) return
    database.closing ??= this.#close(database, () => this.#options.setAside.move(name, reason))
    await database.closing
  }

  /** @throws where another process has it open */
  tryLock(name: string): Promise<void> {
    return this.#options.native.tryLock(join(this.#options.folder, name))
  }

  async #close(database: OpenDatabase, then: () => Promise<void>): Promise<void> {
    try {
      await database.database.close()
      await then()
    } finally {
      this.#open.delete(database.name)
    }
  }

  #opening(name: string, taskId: string): Promise<OpenDatabase> {
    const opening = this.#openNative(name, taskId).then((database) => ({
      name,
      database,
      users: new Set<string>(),
      damage: null,
      closing: null,
    }))
    this.#open.set(name, opening)
    opening.catch(() => this.#open.delete(name))
    return opening
  }

  async #openNative(name: string, taskId: string): Promise<NativeDatabase> {
    const { native, share } = this.#options
    const folder = join(this.#options.folder, name)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const files = await namesIn(folder)
    const isThere = files.includes('CURRENT')
    if (isThere && !native.owns(files)) {
      throw new MillraceError(
        'STATE_LAYOUT_UNSUPPORTED',
        `the state of task ${taskId} was written by another engine than ${native.name}`,
        { taskId },
      )
    }
    const damage = isThere
      ? await native.findDamage(folder, files)
      : files.some((file) => DATABASE_FILE.test(file))
        ? 'CURRENT is missing'
        : null
    if (damage !== null) {
      // One that another process has open changes while it is looked at.
      await native.tryLock(folder)
      throw damaged(taskId, damage)
    }
    if (native.checksReads) return native.open(folder, share)
    if (!isThere) await writeFile(join(folder, CHECKSUMS), '')
    const database = await native.open(folder, share)
    return isThere && !files.includes(CHECKSUMS) ? database : new ChecksummedDatabase(database)
  }
}
