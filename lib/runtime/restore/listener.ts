/** Tells who listens how far stores have come in reading back their changelogs (Kafka Streams' StateRestoreListener). */
import { MillraceError } from '../../errors.js'
import { kindOf } from '../../record/kind-of.js'
import { type Late, requireListener, tell } from '../listeners.js'

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

const CALLS = ['onStart', 'onBatch', 'onEnd', 'onSuspended'] as const

function noListener(given: string): MillraceError {
  return new MillraceError('CONFIG_INVALID', `onRestore takes an object with ${CALLS.join(', ')}, not ${given}`)
}

export class RestoreListeners {
  readonly #listeners: RestoreListener[] = []
  readonly #late: Late

  constructor(late: Late) {
    this.#late = late
  }

  /** @throws MillraceError CONFIG_INVALID where it hears nothing, e.g. because a name is misspelt */
  add(listener: RestoreListener): void {
    if (typeof listener !== 'object' || listener === null) throw noListener(kindOf(listener))
    for (const name of CALLS) if (listener[name] !== undefined) requireListener(listener[name], `${name} of onRestore`)
    const hears = CALLS.some((name) => listener[name] !== undefined)
    if (!hears && Object.keys(listener).length > 0) throw noListener('an object without any of them')
    this.#listeners.push(listener)
  }

  start(range: Omit<StoreRestore, 'offset' | 'records'>): RestoreReport {
    return new RestoreReport(range, this.#listeners, this.#late)
  }
}

/** What is told of one restore. */
export class RestoreReport {
  readonly #listeners: readonly RestoreListener[]
  readonly #late: Late
  #restore: StoreRestore
  #open = true

  constructor(range: Omit<StoreRestore, 'offset' | 'records'>, listeners: readonly RestoreListener[], late: Late) {
    this.#listeners = listeners
    this.#late = late
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

  #tell(call: (listener: RestoreListener) => unknown): void {
    for (const listener of this.#listeners) tell('onRestore', () => call(listener), this.#late)
  }
}
