/**
 * Divides the memory and file budget of the process among the open databases. More tasks get smaller shares; none is
 * rejected.
 */

/** What one database may use. */
export interface EngineShare {
  readonly memoryBytes: number
  readonly tableBytes: number
  readonly files: number
}

/** A database has a lock, a log, a manifest and a journal open, and a few tables. */
const FILES_PER_DATABASE = 8

/** Where tasks share databases there are few, so that each has room to work: at most so many. */
const MOST_SHARED = 16

const TABLE_BYTES = 8 * 2 ** 20
const LARGEST_TABLE_BYTES = 32 * 2 ** 20
/** Tables grow with the number of databases beyond this, so that the number of files stays about the same. */
const SMALL_TABLE_DATABASES = 16

export class StateBudget {
  /** How many databases tasks that are not alone divide among them; null: each task has its own. */
  readonly sharedDatabases: number | null
  readonly share: EngineShare

  /** `expectedTasks`: how many the application has, on all its instances. */
  constructor(total: { readonly memoryBytes: number; readonly files: number }, expectedTasks: number) {
    const most = Math.max(1, Math.floor(total.files / FILES_PER_DATABASE))
    this.sharedDatabases = expectedTasks > most ? Math.min(most, MOST_SHARED) : null
    const databases = this.sharedDatabases ?? Math.max(1, expectedTasks)
    const tables = Math.ceil(databases / SMALL_TABLE_DATABASES)
    this.share = {
      memoryBytes: Math.floor(total.memoryBytes / databases),
      tableBytes: Math.min(LARGEST_TABLE_BYTES, TABLE_BYTES * tables),
      files: Math.floor(total.files / databases),
    }
  }
}
