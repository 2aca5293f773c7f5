/** Time zones by `Intl`: the offset of a zone from UTC at any time, asked once for each day and zone. */

/** A stretch of time in which the offset does not change. */
interface OffsetSpan {
  readonly startMs: number
  /** Exclusive. */
  readonly endMs: number
  /** Local time less UTC. */
  readonly offsetMs: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/
/** Names and days come from outside: what is kept of them is bounded. */
const MAX_ZONES = 1_000
const MAX_DAYS = 100

/** A time zone. */
export class TimeZone {
  static readonly #known = new Map<string, TimeZone | null>()
  readonly #format: Intl.DateTimeFormat
  readonly #days = new Map<number, readonly OffsetSpan[]>()

  private constructor(format: Intl.DateTimeFormat) {
    this.#format = format
  }

  /** The zone of an IANA name such as `Europe/Berlin`; null if there is none. Offsets such as `+02:00` are not names. */
  static named(name: string): TimeZone | null {
    const known = TimeZone.#known.get(name)
    if (known !== undefined) return known
    if (TimeZone.#known.size >= MAX_ZONES) TimeZone.#known.clear()
    const zone = TimeZone.#find(name)
    TimeZone.#known.set(name, zone)
    return zone
  }

  static #find(timeZone: string): TimeZone | null {
    if (!/^[A-Za-z]/.test(timeZone)) return null
    try {
      return new TimeZone(new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }))
    } catch {
      return null
    }
  }

  /** The span that `atMs` is in. It ends with the UTC day at the latest. */
  spanAt(atMs: number): OffsetSpan {
    return this.#spansOf(Math.floor(atMs / DAY_MS)).find(({ endMs }) => atMs < endMs)!
  }

  #spansOf(day: number): readonly OffsetSpan[] {
    const known = this.#days.get(day)
    if (known !== undefined) return known
    if (this.#days.size >= MAX_DAYS) this.#days.clear()
    const spans: OffsetSpan[] = []
    const endMs = (day + 1) * DAY_MS
    let startMs = day * DAY_MS
    let offsetMs = this.#offsetAt(startMs)
    for (let hourMs = startMs + HOUR_MS; hourMs < endMs + HOUR_MS; hourMs += HOUR_MS) {
      const next = this.#offsetAt(hourMs)
      if (next === offsetMs) continue
      const changeMs = this.#changeBetween(hourMs - HOUR_MS, hourMs, offsetMs)
      spans.push({ startMs, endMs: changeMs, offsetMs })
      startMs = changeMs
      offsetMs = next
    }
    spans.push({ startMs, endMs, offsetMs })
    this.#days.set(day, spans)
    return spans
  }

  /** The first millisecond after `beforeMs`, up to `afterMs`, that does not have the offset any more. */
  #changeBetween(beforeMs: number, afterMs: number, offsetMs: number): number {
    while (afterMs - beforeMs > 1) {
      const middleMs = Math.floor((beforeMs + afterMs) / 2)
      if (this.#offsetAt(middleMs) === offsetMs) beforeMs = middleMs
      else afterMs = middleMs
    }
    return afterMs
  }

  #offsetAt(atMs: number): number {
    const [, sign, hours = '0', minutes = '0', seconds = '0'] = OFFSET.exec(this.#format.format(atMs))!
    const offsetMs = (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000
    return sign === '-' ? -offsetMs : offsetMs
  }
}
