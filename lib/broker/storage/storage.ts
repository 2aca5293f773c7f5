/** The port between the broker and its storage: record logs in segments, and keyed state. */

/** JSON data; never changed after it was put. */
export type StateValue = { readonly [field: string]: unknown }
export type StateChange = readonly [key: string, value: StateValue | null]

/** One stretch of a partition's log. Positions are bytes from its start. */
export interface SegmentFile {
  /** Offset of the first record it was made for. */
  readonly baseOffset: number
  readonly sizeBytes: number
  /** Bytes from the start on that are read back from elsewhere than memory: whoever keeps them may let go of them. */
  readonly savedBytes: number
  /** All of it or nothing: throws when the bytes cannot be stored. */
  append(batch: Buffer): void
  read(position: number, length: number): Buffer
  /** Drops everything from `sizeBytes` on. Called only while a log is recovered, before anything is appended to it. */
  truncate(sizeBytes: number): void
  /** Puts `batches` in the place of everything there is, in one step that a crash cannot tear. */
  rewrite(batches: readonly Buffer[]): void
  remove(): void
}

export interface LogStorage {
  /** In ascending order of base offset. */
  segments(): readonly SegmentFile[]
  create(baseOffset: number): SegmentFile
  /** Deletes the log with all its segments. */
  remove(): void
}

export interface BrokerStorage {
  /** True where the data outlives the process; the broker then syncs before it answers EndTxn. */
  readonly durable: boolean
  /** Reads what is there; `report` hears of what was cut off. Called once, before anything else. BROKER_STORAGE_FAILED. */
  open(report: (line: string) => void): Promise<void>
  state(): Iterable<readonly [string, StateValue]>
  /** Applies all changes or none; a null value deletes the key. */
  put(changes: readonly StateChange[]): void
  /**
   * The log with that id, made when it is not there; not used again once it was removed. An id is a topic id and a
   * partition: `<topic id>-<partition>`.
   */
  log(id: string): LogStorage
  /** Ids of the logs there are. */
  logIds(): readonly string[]
  /**
   * Resolves when everything done before the call survives a power loss, in logs and in state. What survives one is
   * always a beginning of what was done. Rejects when that cannot be: nothing is stored any more until it is opened again.
   */
  sync(): Promise<void>
  close(): Promise<void>
}
