/** Reports the current work of a task to the progress monitor: a record, or other work of the task. */
import { Progress } from '../client/heartbeat/progress.js'
import type { Push } from '../operators/operator.js'
import type { StreamRecord } from '../record/record.js'
import type { PartitionQueue } from './queue.js'
import type { RecordOrigin } from './record-origin.js'

export class WorkInHand {
  readonly progress: Progress
  /** Where the current record came from; null: none is, as in a punctuation. */
  origin: RecordOrigin | null = null
  readonly #place: number

  constructor(taskId: string, progress = new Progress()) {
    this.progress = progress
    this.#place = progress.place({ taskId })
  }

  record(queue: PartitionQueue): void {
    this.progress.enter(queue.place, queue.cursor!.offset)
  }

  /** A punctuation, a cache that is flushed, an asynchronous handler's answer: it ends before this returns. */
  other<R>(work: () => R): R {
    this.progress.enter(this.#place, -1)
    try {
      return work()
    } finally {
      this.progress.leave()
    }
  }

  /** What `push` does with `record` is not the doing of the current record. */
  withoutRecord(push: Push, record: StreamRecord): void {
    const { origin } = this
    this.origin = null
    try {
      push(record)
    } finally {
      this.origin = origin
    }
  }

  none(): void {
    this.progress.leave()
  }
}
