/** The longest time without a committed record for each output partition, as a read_committed reader sees it. */
import { type Cluster, readTopic } from '../../lib/index.js'
import { delay, systemClock } from '../../lib/record/clock.js'

export interface Stall {
  readonly topic: string
  readonly partition: number
  readonly ms: number
}

const AGAIN_MS = 50
const POLL_MS = 20
/** The broker answers as soon as something is committed; this only bounds an idle wait. */
const MAX_WAIT_MS = 100

export class OutputWatch {
  readonly #cluster: Cluster
  readonly #topics: readonly string[]
  readonly #partitions: number
  readonly #stopping = new AbortController()
  readonly #readers: Promise<void>[]
  /** By topic and partition: when the latest record came, and the longest wait for one. */
  readonly #latestMs = new Map<string, number>()
  readonly #longestMs = new Map<string, number>()
  readonly #records = new Map<string, number>()
  #measuring = false

  constructor(cluster: Cluster, topics: readonly string[], partitions: number) {
    this.#cluster = cluster
    this.#topics = topics
    this.#partitions = partitions
    this.#readers = topics.map((topic) => this.#read(topic))
  }

  /** Gaps count from now on. */
  begin(): void {
    this.#measuring = true
    const nowMs = systemClock.monotonicMs()
    for (const place of this.#places()) this.#latestMs.set(place, nowMs)
  }

  /** Gaps count until now; what no record has ended counts too. */
  end(): void {
    if (!this.#measuring) return
    const nowMs = systemClock.monotonicMs()
    for (const place of this.#places()) this.#note(place, nowMs)
    this.#measuring = false
  }

  /** Committed records read of a topic since the watch began. */
  records(topic: string): number {
    return this.#records.get(topic) ?? 0
  }

  /** Whether every partition has had a record since `sinceMs`, monotonic. */
  flowingSince(sinceMs: number): boolean {
    return this.#places().every((place) => (this.#latestMs.get(place) ?? 0) > sinceMs)
  }

  /** Partitions without a record since `sinceMs`. */
  still(sinceMs: number): string[] {
    return this.#places().filter((place) => (this.#latestMs.get(place) ?? 0) <= sinceMs)
  }

  async untilFlowing(sinceMs: number, patienceMs: number): Promise<boolean> {
    const deadlineMs = systemClock.monotonicMs() + patienceMs
    while (!this.flowingSince(sinceMs)) {
      if (systemClock.monotonicMs() > deadlineMs) return false
      await delay(systemClock, POLL_MS)
    }
    return true
  }

  /** The longest gap of each partition. */
  stalls(): Stall[] {
    return [...this.#longestMs].map(([place, ms]) => {
      const at = place.lastIndexOf('-')
      return { topic: place.slice(0, at), partition: Number(place.slice(at + 1)), ms }
    })
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#readers)
  }

  #places(): string[] {
    return this.#topics.flatMap((topic) =>
      Array.from({ length: this.#partitions }, (_, partition) => `${topic}-${partition}`),
    )
  }

  #note(place: string, nowMs: number): void {
    if (!this.#measuring) return
    const gapMs = nowMs - (this.#latestMs.get(place) ?? nowMs)
    if (gapMs > (this.#longestMs.get(place) ?? 0)) this.#longestMs.set(place, gapMs)
  }

  async #read(topic: string): Promise<void> {
    const from = new Map<number, number>()
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        const reading = readTopic({
          ...{ cluster: this.#cluster, topic, from, signal },
          ...{ until: 'never', maxWaitMs: MAX_WAIT_MS },
        })
        for await (const { partition, records, nextOffset } of reading) {
          from.set(partition, nextOffset)
          this.#records.set(topic, this.records(topic) + records.length)
          if (records.length === 0) continue
          const nowMs = systemClock.monotonicMs()
          this.#note(`${topic}-${partition}`, nowMs)
          this.#latestMs.set(`${topic}-${partition}`, nowMs)
        }
      } catch {
        // Brokers are killed on purpose: the reader comes back.
        await delay(systemClock, AGAIN_MS)
      }
    }
  }
}
