/** How long decisions took, from the broker storing the event to the commit that made the decision visible. */
import { build, type Histogram } from 'hdr-histogram-js'
import type { TopicRecord } from '../../index.js'
import { headerText, TRIGGERED_HEADER } from '../records/decided-record.js'

/** Percentiles of latencies, in milliseconds. */
export interface Percentiles {
  /** The median. */
  readonly p50: number
  /** 99 of 100 are at most this. */
  readonly p99: number
}

const HIGHEST_MS = 3_600_000

/** Whole milliseconds, up to an hour; the broker's clock and this machine's must agree. */
export class LatencyRecorder {
  readonly #histogram: Histogram = build({ highestTrackableValue: HIGHEST_MS, numberOfSignificantValueDigits: 3 })

  /** Decisions that a commit at `nowMs` (epoch) made visible. What a timer decided has no event to count from. */
  committed(records: readonly TopicRecord[], nowMs: number): void {
    for (const { headers } of records) {
      const triggeredAt = headerText(headers, TRIGGERED_HEADER)
      if (triggeredAt === null) continue
      this.#histogram.recordValue(Math.min(HIGHEST_MS, Math.max(0, Math.round(nowMs - Number(triggeredAt)))))
    }
  }

  /** Null while nothing was measured. */
  get percentiles(): Percentiles | null {
    if (this.#histogram.totalCount === 0) return null
    return { p50: this.#histogram.getValueAtPercentile(50), p99: this.#histogram.getValueAtPercentile(99) }
  }

  /** Begins again, e.g. for a panel's next second. */
  reset(): void {
    this.#histogram.reset()
  }
}
