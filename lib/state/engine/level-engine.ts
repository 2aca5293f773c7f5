/**
 * The default engine: LevelDB, one folder per task or, for very many tasks, a few shared ones. The only file that
 * imports it.
 */
import { Level } from 'level'
import { findDamage } from './leveldb/check-folder.js'
import type { NativeDatabase, NativeStore } from './native/database.js'
import { isLocked } from './native/native-errors.js'
import type { EngineShare } from './state-budget.js'
import { FolderEngines, type FolderEnginesOptions } from './task-folders.js'

/** RocksDB's own file, which LevelDB does not have. */
const FOREIGN_FILE = 'IDENTITY'

const LEVELDB: NativeStore = {
  name: 'LevelDB',
  checksReads: false,
  owns: (files) => !files.includes(FOREIGN_FILE),
  findDamage,
  async open(folder, share) {
    const db = new Level<Buffer, Buffer>(folder, settings(share))
    await db.open()
    return db as NativeDatabase
  },
  /** LevelDB takes the lock before it looks at anything, and never opens what is told to be absent and present at once. */
  async tryLock(folder) {
    const db = new Level(folder, { createIfMissing: false, errorIfExists: true })
    try {
      await db.open()
    } catch (error) {
      if (isLocked(error)) throw error
    }
  },
}

/** LevelDB engines under one folder, sharing one budget of memory and files. */
export class LevelEngines extends FolderEngines {
  static async load(options: FolderEnginesOptions): Promise<LevelEngines> {
    return new LevelEngines(options)
  }

  constructor(options: FolderEnginesOptions) {
    super(options, LEVELDB)
  }
}

/**
 * A third of the memory is the block cache, a third each write buffer (LevelDB keeps up to two). Without compression:
 * reads are a quarter faster and a state of small values gains little from it. Tables are larger than LevelDB's 2 MiB,
 * because it never limits itself to fewer than 64 open ones.
 */
function settings({ memoryBytes, tableBytes, files }: EngineShare) {
  const third = Math.floor(memoryBytes / 3)
  return {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    compression: false,
    cacheSize: third,
    writeBufferSize: Math.max(third, 64 * 1024),
    maxOpenFiles: files,
    maxFileSize: tableBytes,
  } as const
}
