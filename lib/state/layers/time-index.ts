/**
 * The local keys that may exist at each time, for operators that scan a store by time (emit on window close). It may
 * contain keys that an abort or a deletion removed, so every key is looked up.
 */
export class TimeIndex {
  readonly #keys = new Map<number, Set<string>>()
  /** Ascending. */
  readonly #times: number[] = []

  add(time: number, localKey: string): void {
    let keys = this.#keys.get(time)
    if (keys === undefined) {
      keys = new Set()
      this.#keys.set(time, keys)
      this.#insert(time)
    }
    keys.add(localKey)
  }

  /** Local keys with from <= time <= to, ascending by time, then by bytes. */
  between(from: number, to: number): string[] {
    const found: string[] = []
    const times = this.#times
    for (let i = this.#position(from); i < times.length && times[i]! <= to; i++) {
      for (const key of [...this.#keys.get(times[i]!)!].sort()) found.push(key)
    }
    return found
  }

  /** Forgets every time up to `limit`. */
  drop(limit: number): void {
    for (const time of this.#times.splice(0, this.#position(limit + 1))) this.#keys.delete(time)
  }

  #insert(time: number): void {
    const times = this.#times
    // Mostly the newest.
    if (times.length === 0 || times[times.length - 1]! < time) times.push(time)
    else times.splice(this.#position(time), 0, time)
  }

  /** Index of the first time not before `time`. */
  #position(time: number): number {
    const times = this.#times
    let low = 0
    let high = times.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (times[middle]! < time) low = middle + 1
      else high = middle
    }
    return low
  }
}
