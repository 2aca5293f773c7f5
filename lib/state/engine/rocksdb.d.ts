/** What is used of @nxtedition/rocksdb, which ships no types. */
declare module '@nxtedition/rocksdb' {
  export interface RocksLevelOptions {
    readonly keyEncoding: 'buffer'
    readonly valueEncoding: 'buffer'
    readonly createIfMissing: boolean
    readonly errorIfExists?: boolean
    /** With one of these the memtables follow `memtableMemoryBudget`; without, each has 64 MiB. */
    readonly compaction: 'universal' | 'level'
    /** Bytes; a memtable has a quarter of it, and up to six exist. */
    readonly memtableMemoryBudget: number
    /** Bytes of the block cache. */
    readonly cacheSize: number
    readonly cacheIndexAndFilterBlocks: boolean
    readonly compression: boolean
    readonly walCompression: boolean
  }

  interface Range {
    readonly gte?: Buffer
    readonly lt?: Buffer
    readonly reverse?: boolean
    readonly limit?: number
  }

  export class RocksLevel {
    constructor(location: string, options: RocksLevelOptions)
    open(): Promise<void>
    close(): Promise<void>
    getMany(keys: Buffer[]): Promise<(Buffer | undefined)[]>
    _getManySync(keys: Buffer[]): (Buffer | undefined)[]
    batch(): {
      put(key: Buffer, value: Buffer): unknown
      del(key: Buffer): unknown
      write(options: { readonly sync: boolean }): Promise<void>
    }
    iterator(options: Range & { readonly highWaterMarkBytes: number }): {
      nextv(count: number): Promise<[Buffer, Buffer][]>
      close(): Promise<void>
    }
    clear(range: Range): Promise<void>
  }
}
