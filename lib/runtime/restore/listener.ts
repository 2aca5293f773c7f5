/** Reports the progress of restores to a listener (Kafka Streams' StateRestoreListener). */
import { MillraceError } from '../../errors.js'
import { kindOf } from '../../record/kind-of.js'
import { type Late, requireListener, tell } from '../listeners.js'

/** The restore of one store from one partition of its changelog. */
export interface StoreRestore {
  /** `global` for a global store. */
  readonly taskId: string
  readonly store: string
  /** The changelog, or the source topic that serves as one. */
  readonly topic: string
  readonly partition: number
  /** The first offset to read. */
  readonly startOffset: number
  /** The restore has ended when `offset` reaches this. */
  readonly endOffset: number
  /** The next offset to read. */
  readonly offset: number
  /** Records read so far. Transaction markers and aborted or compacted records have offsets and are not counted. */
  readonly records: number
}

/**
 * Hears how far stores have been restored (Kafka Streams' StateRestoreListener). Each `onStart` is followed by one `onEnd` or
 * `onSuspended`. The restore waits for each call. If a call throws or its promise rejects, the instance ends with HANDLER_FAILED.
 */
export interface RestoreListener {
  /** A restore begins, also if there is nothing to read. */
  onStart?(restore: StoreRestore): void
  /** After each batch of a thousand records or so, with the number of its records. */
  onBatch?(restore: StoreRestore, batchRecords: number): void
  /** The store is complete. */
  onEnd?(restore: StoreRestore): void
  /** The restore ended early: the task moved to another instance, the instance closes, or the restore starts again after an error. */
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
