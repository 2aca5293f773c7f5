/** The port between the broker's storage and a file system: the operations that durability depends on. */

/** An open file. Positions are bytes from its start. */
export interface DiskFile {
  /** When it was opened. */
  readonly sizeBytes: number
  /** Writes all of it or throws; what then lies there is anybody's guess. */
  write(parts: readonly Buffer[], position: number): void
  /** The same off this thread. */
  writeLater(parts: readonly Buffer[], position: number): Promise<void>
  /** Throws where the file ends before. */
  read(position: number, length: number): Buffer
  truncate(sizeBytes: number): void
  /** Resolves when what was written survives a power loss. */
  sync(): Promise<void>
  /** The same, and this thread waits for it. */
  syncNow(): void
  /** Calling it again does nothing. */
  close(): void
}

/** Every failure is BROKER_STORAGE_FAILED. */
export interface Files {
  /** Keeps other processes out of a folder until the result is called. BROKER_FOLDER_IN_USE. */
  lock(folder: string): () => void
  makeFolder(path: string): void
  /** Sorted; empty where there is no such folder. */
  list(folder: string): string[]
  /** Opened to read and write; made when it is not there. */
  open(path: string): DiskFile
  /** In one step that a crash cannot tear; what had the new name is gone. */
  rename(from: string, to: string): void
  /** A file, or a folder with all it holds; nothing when it is not there. */
  remove(path: string): void
  /** The same off this thread: a large file takes its time. */
  removeLater(path: string): Promise<void>
  /** Resolves when new and removed names in a folder survive a power loss. */
  syncFolder(path: string): Promise<void>
  /** The same, and this thread waits for it. */
  syncFolderNow(path: string): void
}
