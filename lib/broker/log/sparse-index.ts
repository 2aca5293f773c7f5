/** An index into a segment by offset and time: one entry for a range of batches. */

/** A stretch ends with the batch that reaches this size, as Kafka's `index.interval.bytes` has it. */
export const STRETCH_BYTES = 16 * 1024

/** Batches one after the other in a segment. */
export interface Stretch {
  readonly start: number
  readonly end: number
}

/** The end of a stretch. */
export interface StretchEnd {
  readonly end: number
  readonly lastOffset: number
}

/** What it takes note of in a batch. */
interface Indexed {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly maxTimestamp: number
  readonly sizeBytes: number
}

export class SparseIndex {
  /** Of each stretch: offsets of its first and its last record, where it begins, its greatest timestamp. */
  readonly #baseOffsets: number[] = []
  readonly #lastOffsets: number[] = []
  readonly #starts: number[] = []
  readonly #maxTimestamps: number[] = []
  #end = 0

  /** Takes note of the batch that comes next in the segment. */
  add({ baseOffset, lastOffset, maxTimestamp, sizeBytes }: Indexed): void {
    const last = this.#starts.length - 1
    if (last < 0 || this.#end - this.#starts[last]! >= STRETCH_BYTES) {
      this.#baseOffsets.push(baseOffset)
      this.#lastOffsets.push(lastOffset)
      this.#starts.push(this.#end)
      this.#maxTimestamps.push(maxTimestamp)
    } else {
      this.#lastOffsets[last] = lastOffset
      if (maxTimestamp > this.#maxTimestamps[last]!) this.#maxTimestamps[last] = maxTimestamp
    }
    this.#end += sizeBytes
  }

  /** Where to begin to look for `offset`: no batch before it reaches so far. */
  startFor(offset: number): number {
    return this.#starts[Math.max(0, lastAtMost(this.#baseOffsets, offset))] ?? 0
  }

  /** Where to stop: every batch from there on begins behind `offset`. */
  endFor(offset: number): number {
    return this.#starts[lastAtMost(this.#baseOffsets, offset) + 1] ?? this.#end
  }

  /** The last stretch that ends at or before `position` and before `offset`; undefined when there is none. */
  lastWithin(position: number, offset: number): StretchEnd | undefined {
    // The stretch that holds `position` ends behind it, and so may the one that holds `offset`.
    const next = Math.min(lastAtMost(this.#starts, position), lastAtMost(this.#baseOffsets, offset))
    return next < 1 ? undefined : { end: this.#starts[next]!, lastOffset: this.#lastOffsets[next - 1]! }
  }

  /** Stretches with a batch whose greatest timestamp is at or after `timestamp`. */
  *since(timestamp: number): Generator<Stretch> {
    for (let i = 0; i < this.#starts.length; i++) {
      if (this.#maxTimestamps[i]! < timestamp) continue
      yield { start: this.#starts[i]!, end: this.#starts[i + 1] ?? this.#end }
    }
  }
}

/** Place of the last of `ascending` that is at most `value`; -1 when all are greater. */
export function lastAtMost(ascending: readonly number[], value: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ascending[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}
