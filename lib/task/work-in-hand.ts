/** Tells whoever watches the loop what a task has in hand: a record, or something else of the task. */
import { Progress } from '../client/heartbeat/progress.js'
import type { PartitionQueue } from './queue.js'

export class WorkInHand {
  readonly progress: Progress
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

  none(): void {
    this.progress.leave()
  }
}
