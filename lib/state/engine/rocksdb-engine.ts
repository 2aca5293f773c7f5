/** RocksDB as an engine, from the optional peer @nxtedition/rocksdb. The only file that imports it, on first use. */
import { MillraceError } from '../../errors.js'
import type { KeyRange } from './engine.js'
import type { NativeDatabase } from './native/database.js'
import { isLocked } from './native/native-errors.js'
import type { EngineShare } from './state-budget.js'
import { FolderEngines, type FolderEnginesOptions } from './task-folders.js'

type Package = typeof import('@nxtedition/rocksdb')
type RocksLevel = InstanceType<Package['RocksLevel']>

/** RocksDB keeps a file with this name in every database; LevelDB has none. */
const OWN_FILE = 'IDENTITY'

/** RocksDB engines under one folder, sharing one budget of memory. The package sets no bound to the tables that are open. */
export class RocksdbEngines extends FolderEngines {
  /** @throws MillraceError STATE_ENGINE_MISSING */
  static async load(options: FolderEnginesOptions): Promise<RocksdbEngines> {
    const { RocksLevel } = await loadPackage()
    return new RocksdbEngines(options, {
      name: 'RocksDB',
      checksReads: true,
      owns: (files) => files.includes(OWN_FILE),
      // It checks manifest and logs when it opens, and each block when it reads it.
      findDamage: async () => null,
      async open(folder, share) {
        const db = new RocksLevel(folder, settings(share))
        await db.open()
        return new RocksdbDatabase(db)
      },
      // RocksDB too takes the lock first, and never opens what is told to be absent and present at once.
      async tryLock(folder) {
        const db = new RocksLevel(folder, { ...settings(MINIMUM_SHARE), createIfMissing: false, errorIfExists: true })
        try {
          await db.open()
        } catch (error) {
          if (isLocked(error)) throw error
        }
      },
    })
  }
}

const MINIMUM_SHARE: EngineShare = { memoryBytes: 2 ** 20, tableBytes: 0, files: 0 }

async function loadPackage(): Promise<Package> {
  try {
    return await import('@nxtedition/rocksdb')
  } catch (error) {
    const text = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw new MillraceError(
      'STATE_ENGINE_MISSING',
      `stateEngine is "rocksdb", but the package @nxtedition/rocksdb cannot be loaded: ${text}`,
      { cause: error },
    )
  }
}

/**
 * Half of the memory is the block cache, which also holds filters and indexes, half the memtables: up to six of a quarter
 * of their budget each. Universal compaction without compression, as Kafka Streams sets it.
 */
function settings({ memoryBytes }: EngineShare) {
  return {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    createIfMissing: true,
    compaction: 'universal',
    memtableMemoryBudget: Math.floor(memoryBytes / 3),
    cacheSize: Math.floor(memoryBytes / 2),
    cacheIndexAndFilterBlocks: true,
    compression: false,
    walCompression: false,
  } as const
}

/** Adds what the package leaves to its caller: a closed database must not be touched, nor one closed while it reads. */
class RocksdbDatabase implements NativeDatabase {
  readonly #db: RocksLevel
  readonly #reading = new Set<Promise<unknown>>()
  #closed = false

  constructor(db: RocksLevel) {
    this.#db = db
  }

  getSync(key: Buffer): Buffer | undefined {
    return this.#opened()._getManySync([key])[0]
  }

  async getMany(keys: Buffer[]): Promise<(Buffer | undefined)[]> {
    const reading = this.#opened().getMany(keys)
    this.#reading.add(reading)
    try {
      return await reading
    } finally {
      this.#reading.delete(reading)
    }
  }

  batch() {
    return this.#opened().batch()
  }

  iterator(options: KeyRange & { readonly highWaterMarkBytes: number }) {
    return this.#opened().iterator(options)
  }

  async clear(range: KeyRange): Promise<void> {
    await this.#opened().clear(range)
  }

  /** A database that is read at that moment the package would leave open, and locked. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#reading)
    await this.#db.close()
  }

  #opened(): RocksLevel {
    if (this.#closed) throw Object.assign(new Error('the database is closed'), { code: 'LEVEL_DATABASE_NOT_OPEN' })
    return this.#db
  }
}
