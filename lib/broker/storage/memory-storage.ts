/** Storage in memory. It outlives a broker object, so a simulated restart recovers from it as from a disk. */
import type { BrokerStorage, LogStorage, SegmentFile, StateChange, StateValue } from './storage.js'

export class MemoryStorage implements BrokerStorage {
  readonly durable = false
  readonly #values = new Map<string, StateValue>()
  readonly #logs = new Map<string, MemoryLog>()

  async open(): Promise<void> {}

  state(): Iterable<readonly [string, StateValue]> {
    return [...this.#values]
  }

  put(changes: readonly StateChange[]): void {
    for (const [key, value] of changes) {
      if (value === null) this.#values.delete(key)
      else this.#values.set(key, value)
    }
  }

  log(id: string): LogStorage {
    let log = this.#logs.get(id)
    if (log === undefined) {
      log = new MemoryLog(() => this.#logs.delete(id))
      this.#logs.set(id, log)
    }
    return log
  }

  logIds(): readonly string[] {
    return [...this.#logs.keys()]
  }

  async sync(): Promise<void> {}
  async close(): Promise<void> {}
}

class MemoryLog implements LogStorage {
  readonly list: MemorySegment[] = []
  readonly #onRemove: () => void

  constructor(onRemove: () => void) {
    this.#onRemove = onRemove
  }

  segments(): readonly SegmentFile[] {
    return [...this.list].sort((a, b) => a.baseOffset - b.baseOffset)
  }

  create(baseOffset: number): SegmentFile {
    const segment = new MemorySegment(baseOffset, this)
    this.list.push(segment)
    return segment
  }

  remove(): void {
    this.#onRemove()
  }
}

class MemorySegment implements SegmentFile {
  readonly baseOffset: number
  readonly savedBytes = 0
  sizeBytes = 0
  #batches: Buffer[] = []
  readonly #log: MemoryLog

  constructor(baseOffset: number, log: MemoryLog) {
    this.baseOffset = baseOffset
    this.#log = log
  }

  append(batch: Buffer): void {
    this.#batches.push(batch)
    this.sizeBytes += batch.length
  }

  read(position: number, length: number): Buffer {
    return Buffer.concat(this.#batches).subarray(position, position + length)
  }

  truncate(sizeBytes: number): void {
    this.rewrite([Buffer.concat(this.#batches).subarray(0, sizeBytes)])
  }

  rewrite(batches: readonly Buffer[]): void {
    this.#batches = [...batches]
    this.sizeBytes = batches.reduce((sum, batch) => sum + batch.length, 0)
  }

  remove(): void {
    this.#log.list.splice(this.#log.list.indexOf(this), 1)
  }
}
