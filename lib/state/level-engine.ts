/** The default byte store: LevelDB, one folder per task. The one place that names it. */
import { Level } from 'level'
import type { NativeDatabase } from './native-engine.js'
import type { EngineShare } from './state-budget.js'
import { FolderEngines, type FolderEnginesOptions, type NativeStore } from './task-folders.js'

/**
 * LevelDB never limits itself to fewer open files than this, so tables are made large enough that a task of ordinary
 * size stays within its share: 8 MiB instead of 2.
 */
const TABLE_BYTES = 8 * 2 ** 20

/** RocksDB's own file, which LevelDB does not have. */
const FOREIGN_FILE = 'IDENTITY'

const LEVELDB: NativeStore = {
  name: 'LevelDB',
  owns: (files) => !files.includes(FOREIGN_FILE),
  async open(folder, share) {
    const db = database(folder, share)
    await db.open()
    return db as NativeDatabase
  },
}

/** LevelDB engines under one folder, sharing one budget of memory and files. */
export class LevelEngines extends FolderEngines {
  constructor(options: FolderEnginesOptions) {
    super(options, LEVELDB)
  }
}

/**
 * A third of the memory is the block cache, a third each write buffer (LevelDB keeps up to two). Without compression:
 * reads are a quarter faster and a state of small values gains little from it.
 */
function database(folder: string, share: EngineShare): Level<Buffer, Buffer> {
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
