/** When a task with several partitions may continue although one of them is empty (`max.task.idle.ms`, KIP-695). */
import type { Clock } from '../record/clock.js'
import type { PartitionQueue } from './queue.js'

/** Says whose turn it is where several partitions, also of other tasks, have heads of the same time. */
export interface Turns {
  /** The partitions of one task. */
  add(queues: readonly PartitionQueue[]): void
  readonly next: PartitionQueue | null
}

export class PartitionWait {
  readonly #queues: readonly PartitionQueue[]
  readonly #maxIdleMs: number
  readonly #clock: Pick<Clock, 'now'>
  #turns: Turns | null = null

  constructor(queues: readonly PartitionQueue[], maxIdleMs: number, clock: Pick<Clock, 'now'>) {
    this.#queues = queues
    this.#maxIdleMs = maxIdleMs
    this.#clock = clock
  }

  takeTurns(turns: Turns): void {
    this.#turns = turns
    turns.add(this.#queues)
  }

  /** The partition whose head has the lowest timestamp; where several have, the one whose turn it is, or the first. */
  lowest(): PartitionQueue | null {
    let lowest: PartitionQueue | null = null
    for (const queue of this.#queues) {
      if (queue.hasHead && (lowest === null || queue.headTimestamp < lowest.headTimestamp)) lowest = queue
    }
    const next = this.#turns?.next ?? null
    if (next === null || lowest === null || next.headTimestamp !== lowest.headTimestamp) return lowest
    return next.hasHead && this.#queues.includes(next) ? next : lowest
  }

  /** True when there is a record, and no partition is empty that is worth waiting for. */
  mayRun(): boolean {
    let heads = 0
    let waiting = false
    for (const queue of this.#queues) {
      if (queue.hasHead) {
        heads++
        queue.idleSinceMs = null
      } else if (queue.blocked) waiting = true
      else if (this.#queues.length > 1 && this.#waitsFor(queue)) waiting = true
    }
    return heads > 0 && !waiting
  }

  /** Wall-clock time at which waiting for an empty partition ends by itself; null where nothing waits for time. */
  waitsUntilMs(): number | null {
    if (this.#maxIdleMs <= 0 || this.lowest() === null) return null
    let until: number | null = null
    for (const { hasHead, idleSinceMs } of this.#queues) {
      if (hasHead || idleSinceMs === null) continue
      until = Math.max(until ?? 0, idleSinceMs + this.#maxIdleMs)
    }
    return until
  }

  #waitsFor(queue: PartitionQueue): boolean {
    if (this.#maxIdleMs < 0) return false
    if (!queue.caughtUp) return true
    if (this.#maxIdleMs === 0) return false
    queue.idleSinceMs ??= this.#clock.now()
    return this.#clock.now() < queue.idleSinceMs + this.#maxIdleMs
  }
}
