/** The engines that store the state of tasks on disk, by the name in `stateEngine`. Each is loaded on first use. */
import type { StateEngines } from './engine.js'
import type { FolderEnginesOptions } from './task-folders.js'

type OpenEngines = (options: FolderEnginesOptions) => Promise<StateEngines>

const ROWS = {
  level: async (options: FolderEnginesOptions) => (await import('./level-engine.js')).LevelEngines.load(options),
  rocksdb: async (options: FolderEnginesOptions) => (await import('./rocksdb-engine.js')).RocksdbEngines.load(options),
}

/** A storage engine that Millrace has. */
export type EngineName = keyof typeof ROWS

export const ENGINES: { readonly [N in EngineName]: OpenEngines } = ROWS
