/** Tells who listens how far stores have come in reading back their changelogs (Kafka Streams' StateRestoreListener). */
import { tell } from './listeners.js'

/** One partition of one store's changelog, from the first record a restore reads to where it ends. */
export interface StoreRestore {
  /** `global` for a global store. */
  readonly taskId: string
  readonly store: string
  /** The changelog, or the source topic that serves as one. */
  readonly topic: string
  readonly partition: number
  /** First offset to read. */
  readonly startOffset: number
  /** The restore is over when the next offset to read has reached this. */
  readonly endOffset: number
  /** Next offset to read. */
  readonly offset: number
  /** Records read so far. Fewer than the offsets between: there are markers, aborted and compacted records. */
  readonly records: number
}

/**
 * Each `onStart` is followed by one `onEnd` or `onSuspended`, also where nothing is to be read. Called between pieces of
 * the restore, which goes on when they return; what they throw ends the instance.
 */
export interface RestoreListener {
  onStart?(restore: StoreRestore): void
  /** After every piece that had records: how many it had. */
  onBatch?(restore: StoreRestore, batchRecords: number): void
  onEnd?(restore: StoreRestore): void
  /** Given up before its end: the task went elsewhere, the instance closes, or it begins anew after an error. */
  onSuspended?(restore: StoreRestore): void
}

export class RestoreListeners {
  readonly #listeners: RestoreListener[] = []

  add(listener: RestoreListener): void {
    this.#listeners.push(listener)
  }

  start(range: Omit<StoreRestore, 'offset' | 'records'>): RestoreReport {
    return new RestoreReport(range, this.#listeners)
  }
}

/** What is told of one restore. */
export class RestoreReport {
  readonly #listeners: readonly RestoreListener[]
  #restore: StoreRestore
  #open = true

  constructor(range: Omit<StoreRestore, 'offset' | 'records'>, listeners: readonly RestoreListener[]) {
    this.#listeners = listeners
    this.#restore = { ...range, offset: range.startOffset, records: 0 }
    this.#tell((listener) => listener.onStart?.(this.#restore))
  }

  /** A piece was applied. */
  read(offset: number, batchRecords: number): void {
    if (this.#listeners.length === 0) return
    this.#restore = { ...this.#restore, offset, records: this.#restore.records + batchRecords }
    if (batchRecords === 0) return
    this.#tell((listener) => listener.onBatch?.(this.#restore, batchRecords))
  }

  end(): void {
    this.#open = false
    this.#tell((listener) => listener.onEnd?.(this.#restore))
  }

  /** Nothing after `end`. */
  suspend(): void {
    if (!this.#open) return
    this.#open = false
    this.#tell((listener) => listener.onSuspended?.(this.#restore))
  }

  #tell(call: (listener: RestoreListener) => void): void {
    for (const listener of this.#listeners) tell('onRestore', () => call(listener))
  }
}
