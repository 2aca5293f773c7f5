/**
 * Applies the retention of a windowed store: hides rows by the newest time, and removes them from disk by the committed
 * time.
 */
import type { Overlay } from './overlay.js'
import type { StoreTimes } from './store-times.js'
import type { TimeIndex } from './time-index.js'
import { leadingTime, timeBound } from './time-keys.js'

export class Retention {
  readonly #times: StoreTimes
  readonly #data: Overlay
  /** Overlays whose keys begin with the number of a segment. */
  readonly #segmented: readonly Overlay[]
  readonly #index: TimeIndex | null
  /** Added to `observed - retention` to get the newest expired time: window stores 0, those for results on close and session stores -1. */
  readonly #slackMs: number
  #clearedSegment = -1
  #clearedMs: number | null = null

  constructor(
    times: StoreTimes,
    data: Overlay,
    segmented: readonly Overlay[],
    index: TimeIndex | null,
    slackMs: 0 | -1,
  ) {
    this.#times = times
    this.#data = data
    this.#segmented = segmented
    this.#index = index
    this.#slackMs = slackMs
    data.expired = (key) => leadingTime(key) <= this.committedLimit()
    for (const overlay of segmented) {
      overlay.expired = (key) => leadingTime(key) < times.segmentOf(Math.max(this.committedLimit() + 1, 0))
    }
  }

  /** The newest time that is gone, -Infinity when nothing is. */
  limit(): number {
    return this.#times.observedMs - this.#times.retentionMs + this.#slackMs
  }

  /** The same by what is committed: for queries and the disk. */
  committedLimit(): number {
    return this.#times.committedMs - this.#times.retentionMs + this.#slackMs
  }

  /** Clears ranges once per segment, so that a range is not walked again for every window. */
  async expire(): Promise<void> {
    const limit = this.committedLimit()
    if (limit < 0) return
    const segment = this.#times.dropSegmentsBefore(limit + 1)
    if (segment === this.#clearedSegment) return
    this.#clearedSegment = segment
    const data = this.#data
    const from = this.#clearedMs === null ? data.prefix : timeBound(data.prefix, this.#clearedMs)
    this.#clearedMs = limit + 1
    this.#index?.drop(limit)
    await data.engine.clear({ gte: from, lt: timeBound(data.prefix, limit + 1) })
    for (const { engine, prefix } of this.#segmented) {
      await engine.clear({ gte: prefix, lt: timeBound(prefix, segment) })
    }
  }
}
