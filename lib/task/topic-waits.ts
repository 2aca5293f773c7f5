/**
 * Writes to topics that a function chose and whose partitions are not known yet. These writes and the commit wait for
 * the answer of the cluster; other work of the task continues.
 */
import type { RecordOrigin } from './record-origin.js'

export interface WaitingWrite {
  readonly node: string
  /** Where the record came from; null in a punctuation. */
  readonly origin: RecordOrigin | null
  readonly topic: string
  readonly bytes: number
  readonly write: () => void
}

export class TopicWaits {
  /** Of all that waits. */
  bytes = 0
  readonly #isKnown: (topic: string) => boolean
  readonly #topics = new Map<string, WaitingWrite[]>()

  /** `isKnown` throws for a topic that is known not to exist. */
  constructor(isKnown: (topic: string) => boolean) {
    this.#isKnown = isKnown
  }

  get any(): boolean {
    return this.#topics.size > 0
  }

  /** True where a write to the topic has to wait: for the cluster, or for what waits already. */
  mustWait(topic: string): boolean {
    if (this.#topics.has(topic)) return true
    try {
      return !this.#isKnown(topic)
    } catch {
      // Told apart where the record's failure is handled.
      return true
    }
  }

  add(waiting: WaitingWrite): void {
    this.bytes += waiting.bytes
    const list = this.#topics.get(waiting.topic)
    if (list === undefined) this.#topics.set(waiting.topic, [waiting])
    else list.push(waiting)
  }

  /**
   * Hands every write whose topic is known by now to `deliver`, with the error where there is no such topic; returns how
   * many. `deliver` may throw: the task ends, or is taken back to its last commit.
   */
  settle(deliver: (waiting: WaitingWrite, error: unknown) => void): number {
    let settled = 0
    for (const [topic, list] of this.#topics) {
      let error: unknown = null
      try {
        if (!this.#isKnown(topic)) continue
      } catch (caught) {
        error = caught
      }
      this.#topics.delete(topic)
      for (const waiting of list) {
        this.bytes -= waiting.bytes
        settled++
        deliver(waiting, error)
      }
    }
    return settled
  }

  clear(): void {
    this.#topics.clear()
    this.bytes = 0
  }
}
