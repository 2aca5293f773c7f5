/**
 * Which local keys may exist at which time, for operators that scan a store by time (emit on window close). It may name
 * keys that an abort or a deletion took away, so every key is looked up before it counts.
 */
export class TimeIndex {
  readonly #keys = new Map<number, Set<string>>()
  #times: number[] | null = []

  add(time: number, localKey: string): void {
    let keys = this.#keys.get(time)
    if (keys === undefined) {
      keys = new Set()
      this.#keys.set(time, keys)
      this.#times = null
    }
    keys.add(localKey)
  }

  /** Local keys with from <= time <= to, ascending by time, then by bytes. */
  between(from: number, to: number): string[] {
    const found: string[] = []
    for (const time of this.#sorted()) {
      if (time > to) break
      if (time < from) continue
      for (const key of [...this.#keys.get(time)!].sort()) found.push(key)
    }
    return found
  }

  /** Forgets every time up to `limit`. */
  drop(limit: number): void {
    for (const time of this.#sorted()) {
      if (time > limit) break
      this.#keys.delete(time)
    }
    this.#times = null
  }

  #sorted(): readonly number[] {
    this.#times ??= [...this.#keys.keys()].sort((a, b) => a - b)
    return this.#times
  }
}
