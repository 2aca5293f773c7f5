/**
 * The highest time in a windowed store, in the same layers as its cells, and its time segments on disk. As in Kafka
 * Streams, retention uses the window start for window stores and the session end for session stores.
 */

/** Segments are half the retention long and no shorter than this, as in Kafka Streams. */
const LEAST_SEGMENT_MS = 60_000

export interface StoredTimes {
  readonly observedMs: number
  readonly segments: readonly number[]
}

export class StoreTimes {
  /** Infinity: nothing expires. */
  readonly retentionMs: number
  readonly segmentMs: number
  /** Highest time put, -1 before the first. */
  observedMs = -1
  #inFlightMs = -1
  #committedMs = -1
  /** Numbers of segments that may have entries, ascending. */
  #segments: number[] = []

  constructor(retentionMs: number | null, stored: StoredTimes | null, leastSegmentMs = LEAST_SEGMENT_MS) {
    this.retentionMs = retentionMs ?? Number.POSITIVE_INFINITY
    this.segmentMs = Math.max(Math.floor(this.retentionMs / 2), leastSegmentMs)
    if (stored === null) return
    this.observedMs = stored.observedMs
    this.#inFlightMs = stored.observedMs
    this.#committedMs = stored.observedMs
    this.#segments = [...stored.segments]
  }

  get committedMs(): number {
    return this.#committedMs
  }

  /** Highest time in the transaction being committed. */
  get inFlightMs(): number {
    return this.#inFlightMs
  }

  segmentOf(timeMs: number): number {
    return this.segmentMs === Number.POSITIVE_INFINITY ? 0 : Math.floor(timeMs / this.segmentMs)
  }

  /** Notes a put at `timeMs`. */
  observe(timeMs: number): void {
    if (timeMs > this.observedMs) this.observedMs = timeMs
    this.#addSegment(this.segmentOf(timeMs))
  }

  /** Notes that something is in the segment of `timeMs`, which does not raise the time. */
  noteSegment(timeMs: number): void {
    this.#addSegment(this.segmentOf(timeMs))
  }

  /** Notes a restored entry. */
  observeCommitted(timeMs: number): void {
    this.observe(timeMs)
    this.#committedMs = this.#inFlightMs = this.observedMs
  }

  beginCommit(): void {
    this.#inFlightMs = this.observedMs
  }

  commitSucceeded(): void {
    this.#committedMs = this.#inFlightMs
  }

  commitAborted(): void {
    this.observedMs = this.#committedMs
    this.#inFlightMs = this.#committedMs
  }

  /** Segments that overlap from..to (both inclusive), ascending. */
  segmentsBetween(fromMs: number, toMs: number): number[] {
    const from = this.segmentOf(Math.max(fromMs, 0))
    const to = toMs === Number.POSITIVE_INFINITY ? toMs : this.segmentOf(toMs)
    return this.#segments.filter((segment) => segment >= from && segment <= to)
  }

  /** Forgets segments that end at or before `timeMs`; returns the first number that stays possible. */
  dropSegmentsBefore(timeMs: number): number {
    const first = this.segmentOf(Math.max(timeMs, 0))
    if (this.#segments.length > 0 && this.#segments[0]! < first) {
      this.#segments = this.#segments.filter((segment) => segment >= first)
    }
    return first
  }

  stored(): StoredTimes {
    return { observedMs: this.#committedMs, segments: this.#segments }
  }

  #addSegment(segment: number): void {
    const segments = this.#segments
    const last = segments.length - 1
    if (last >= 0 && segments[last] === segment) return
    if (last < 0 || segments[last]! < segment) {
      segments.push(segment)
      return
    }
    for (let i = last - 1; i >= -1; i--) {
      if (i >= 0 && segments[i] === segment) return
      if (i < 0 || segments[i]! < segment) {
        segments.splice(i + 1, 0, segment)
        return
      }
    }
  }
}
