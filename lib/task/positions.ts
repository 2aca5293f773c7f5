/** Which offsets the next commit of a task carries. */
import type { OffsetToCommit } from '../client/commit.js'
import type { PartitionQueue } from './queue.js'

export class Positions {
  readonly #queues: readonly PartitionQueue[]
  /** Position in the last commit collected. */
  readonly #collected = new Map<PartitionQueue, number>()

  constructor(queues: readonly PartitionQueue[]) {
    this.#queues = queues
  }

  /** True when a partition's position is not the one last collected: a commit would carry an offset. */
  get moved(): boolean {
    return this.#queues.some((queue) => this.#hasMoved(queue))
  }

  /** Of every partition that moved; all of them where something was `written` without any record (a punctuation). */
  collect(written: boolean, metadata: (queue: PartitionQueue) => string): OffsetToCommit[] {
    const moved = this.#queues.filter((queue) => this.#hasMoved(queue))
    const chosen = moved.length > 0 || !written ? moved : this.#queues
    const offsets: OffsetToCommit[] = []
    for (const queue of chosen) {
      const { topic, partition, position } = queue
      if (position < 0) continue
      this.#collected.set(queue, position)
      offsets.push({ topic, partition, offset: position, metadata: metadata(queue) })
    }
    return offsets
  }

  /** Every partition stands where its last commit left it. */
  reset(): void {
    for (const queue of this.#queues) this.#collected.set(queue, queue.committedOffset)
  }

  #hasMoved(queue: PartitionQueue): boolean {
    return queue.position >= 0 && queue.position !== this.#collected.get(queue)
  }
}
