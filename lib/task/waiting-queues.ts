/** The partitions of a task whose next record waits for its schema. Only they wait; the task reads them again later. */

import type { SchemaPending } from '../serde/serde.js'
import type { PartitionQueue } from './queue.js'
import type { WaitingRecord } from './schema-wait.js'
import { SchemaWait, type SchemaWaitOptions } from './schema-wait.js'

interface Due {
  readonly queue: PartitionQueue
  /** It has waited too long. */
  readonly error: unknown
}

export class WaitingQueues {
  readonly #options: SchemaWaitOptions
  readonly #onReady: () => void
  readonly #waits = new Map<PartitionQueue, SchemaWait>()
  #due: Due[] = []
  /** What was waited for before it rose is not wanted any more. */
  #epoch = 0

  /** `onReady` is called when `retry` has something to do. */
  constructor(options: SchemaWaitOptions, onReady: () => void) {
    this.#options = options
    this.#onReady = onReady
  }

  get due(): boolean {
    return this.#due.length > 0
  }

  add(queue: PartitionQueue, pending: SchemaPending): void {
    const epoch = this.#epoch
    let wait = this.#waits.get(queue)
    if (wait === undefined) {
      wait = new SchemaWait(this.#options)
      this.#waits.set(queue, wait)
    }
    wait.again(pending, placeOf(queue), (error) => {
      if (epoch !== this.#epoch) return
      this.#due.push({ queue, error })
      this.#onReady()
    })
  }

  /** Reads again what may be read again. @throws what `PartitionQueue.retry` throws, or that it has waited too long */
  retry(): void {
    for (const { queue, error } of this.#due.splice(0)) {
      if (error !== null) throw error
      queue.retry()
    }
  }

  clear(): void {
    this.#epoch++
    this.#due = []
    for (const wait of this.#waits.values()) wait.stop()
  }
}

function placeOf({ topic, partition, cursor }: PartitionQueue): WaitingRecord {
  return { topic, partition, offset: cursor?.offset ?? -1 }
}
