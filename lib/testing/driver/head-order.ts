/**
 * Which topic is next in the test driver if several have a record with the same time: the same order as in Kafka
 * Streams' driver.
 */
import type { Turns } from '../../task/partition-wait.js'
import type { PartitionQueue } from '../../task/queue.js'
import { JavaQueue } from './java-queue.js'

/**
 * Java's driver runs all sub-topologies as one task, whose topics wait in one heap from the moment they hold a record.
 * Nobody promises that order, but what transient results a table join shows depends on it.
 */
export class HeadOrder implements Turns {
  readonly #queues: PartitionQueue[] = []
  readonly #waiting = new JavaQueue<PartitionQueue>((left, right) => left.headTimestamp - right.headTimestamp)
  #next: PartitionQueue | null = null
  #offset = -1

  add(queues: readonly PartitionQueue[]): void {
    this.#queues.push(...queues)
  }

  get next(): PartitionQueue | null {
    return this.#next
  }

  /** A record was handed over, in the order in which the topics got them. */
  handedOver(topic: string): void {
    const queue = this.#queues.find((each) => each.topic === topic)
    if (queue?.hasHead && !this.#waiting.has(queue)) this.#waiting.offer(queue)
  }

  /** Fixes whose turn it is. */
  choose(): PartitionQueue | null {
    while (this.#waiting.first?.hasHead === false) this.#waiting.poll()
    for (const queue of this.#queues) if (queue.hasHead && !this.#waiting.has(queue)) this.#waiting.offer(queue)
    this.#next = this.#waiting.first ?? null
    this.#offset = headOffset(this.#next)
    return this.#next
  }

  /** After a record was processed, before its results are handed over. */
  taken(): void {
    const queue = this.#next
    if (queue === null || headOffset(queue) === this.#offset) return
    this.#waiting.poll()
    if (queue.hasHead) this.#waiting.offer(queue)
    this.#next = null
  }

  /** After records were handed over again. */
  reset(): void {
    this.#waiting.clear()
    this.#next = null
  }
}

function headOffset(queue: PartitionQueue | null): number {
  return queue?.hasHead && queue.cursor !== null ? queue.cursor.offset : -1
}
