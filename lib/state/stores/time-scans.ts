/** Iterations over the local keys of an ordered windowed store: `| times | key |`, in groups by time segment. */
import { int64ByteString } from '../../serde/int64-bytes.js'
import type { StoreTimes } from '../layers/store-times.js'
import { leadingTime } from '../layers/time-keys.js'
import { END, type OrderedKeys } from '../order/ordered-keys.js'

/** What to walk over; times and keys are inclusive. */
export interface TimeScan {
  readonly fromMs: number
  readonly toMs: number
  /** Byte strings; null leaves an end open. */
  readonly keyFrom: string | null
  readonly keyTo: string | null
  readonly reverse: boolean
}

/** The group of a local key: its segment. */
export function segmentGroup(times: StoreTimes): (localKey: string) => string {
  return (localKey) => int64ByteString(times.segmentOf(leadingTime(localKey)))
}

export class TimeScans {
  readonly #order: OrderedKeys
  readonly #times: StoreTimes
  /** Bytes of times in front of a key. */
  readonly #width: number

  constructor(order: OrderedKeys, times: StoreTimes, width: number) {
    this.#order = order
    this.#times = times
    this.#width = width
  }

  /** The local keys, by times, then key. */
  keys(scan: TimeScan): Iterable<string> {
    return this.#order.iterate(() => this.#segments(scan))
  }

  *#segments(scan: TimeScan): Generator<string, void, undefined> {
    const { fromMs, toMs, keyFrom, keyTo, reverse } = scan
    const order = this.#order
    const segments = this.#times.segmentsBetween(fromMs, toMs)
    if (reverse) segments.reverse()
    const from = int64ByteString(Math.max(fromMs, 0))
    const to = toMs >= Number.MAX_SAFE_INTEGER ? END : int64ByteString(toMs) + END
    for (const segment of segments) {
      const group = int64ByteString(segment)
      if (keyFrom !== null || keyTo !== null) yield* this.#skipping(group, from, to, scan)
      else yield* reverse ? order.betweenReversed(group, from, to) : order.between(group, from, to)
    }
  }

  /** One range per time there is, so that keys outside of the range cost nothing. */
  *#skipping(group: string, from: string, to: string, scan: TimeScan): Generator<string, void, undefined> {
    const order = this.#order
    const { reverse } = scan
    for (let low = from, high = to; ; ) {
      const next = reverse ? order.betweenReversed(group, low, high) : order.between(group, low, high)
      const { value } = next.next()
      if (value === undefined) return
      const times = value.slice(0, this.#width)
      const first = times + (scan.keyFrom ?? '')
      const end = times + (scan.keyTo === null ? END : `${scan.keyTo}\0`)
      yield* reverse ? order.betweenReversed(group, first, end) : order.between(group, first, end)
      if (reverse) high = times
      else low = times + END
    }
  }
}
