/** The number of unprocessed input records, and the time since the last commit of input. */
import type { Fetcher } from '../client/fetcher.js'
import type { Clock } from '../record/clock.js'
import type { TopicPartition } from '../record/record.js'

const NO_WATERMARKS = { lastStableOffset: -1, highWatermark: -1 }

export class Lag {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #fetcher: Pick<Fetcher, 'watermarks'>
  /** Monotonic time of the last commit, or of the first record after everything was committed. */
  #behindSinceMs: number | null = null

  constructor(clock: Pick<Clock, 'monotonicMs'>, fetcher: Pick<Fetcher, 'watermarks'>) {
    this.#clock = clock
    this.#fetcher = fetcher
  }

  /** Records have come. */
  arrived(): void {
    this.#behindSinceMs ??= this.#clock.monotonicMs()
  }

  committed(): void {
    this.#behindSinceMs = null
  }

  /** Records that can be read and are not committed, and how long they have waited without any commit. */
  of(sources: Iterable<TopicPartition & { readonly committedOffset: number | undefined }>): {
    readonly lagRecords: number
    readonly stalledMs: number
  } {
    let lagRecords = 0
    for (const { committedOffset, ...source } of sources) {
      const { lastStableOffset, highWatermark } = this.#fetcher.watermarks(source) ?? NO_WATERMARKS
      const end = lastStableOffset >= 0 ? lastStableOffset : highWatermark
      lagRecords += Math.max(0, end - (committedOffset ?? end))
    }
    const nowMs = this.#clock.monotonicMs()
    if (lagRecords === 0) this.#behindSinceMs = null
    else this.#behindSinceMs ??= nowMs
    return { lagRecords, stalledMs: this.#behindSinceMs === null ? 0 : nowMs - this.#behindSinceMs }
  }
}
