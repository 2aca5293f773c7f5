/**
 * A stream-stream join as plainly as it can be said: every record is kept in a list, every question walks all of it.
 * With `kafka` it does what Kafka Streams does where Millrace is sounder (FORMAT.md, section 4).
 */

export interface JoinInput {
  readonly side: 'left' | 'right'
  readonly key: string | null
  readonly value: string | null
  readonly ts: number
}

export interface JoinOutput {
  readonly key: string | null
  readonly value: string
  readonly ts: number
}

export interface JoinRule {
  readonly kind: 'inner' | 'left' | 'outer'
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
  readonly kafka?: boolean
}

type Waiting = JoinInput & {
  readonly key: string
  readonly value: string
  readonly left: boolean
  readonly order: number
}

export class JoinReference {
  readonly #rule: JoinRule
  readonly #kept: { left: JoinInput[]; right: JoinInput[] } = { left: [], right: [] }
  #waiting: Waiting[] = []
  #streamTime = -1
  #arrivals = 0
  /** Kafka Streams: what it believes to be the time of the oldest waiting record. */
  #lowest = Number.POSITIVE_INFINITY

  constructor(rule: JoinRule) {
    this.#rule = rule
  }

  /** What one record brings out. */
  take(input: JoinInput): JoinOutput[] {
    const { beforeMs, afterMs, graceMs, kafka = false } = this.#rule
    const { side, key, value, ts } = input
    const left = side === 'left'
    this.#streamTime = Math.max(this.#streamTime, ts)
    const outer = this.#rule.kind === 'outer' || (this.#rule.kind === 'left' && left)
    if (value === null) return []
    if (key === null) return outer ? [{ key, value: text(left, value, null), ts }] : []
    const out = ts === this.#streamTime ? this.#release(left) : []
    const [earlier, later] = left ? [beforeMs, afterMs] : [afterMs, beforeMs]
    const [from, to] = [Math.max(0, ts - earlier), Math.max(0, ts + later)]
    const others = this.#visible(left ? 'right' : 'left').filter(
      (other) => other.key === key && other.ts >= from && other.ts <= to,
    )
    for (const other of others) {
      this.#waiting = this.#waiting.filter((each) => each.left === left || each.key !== key || each.ts !== other.ts)
      out.push({ key, value: text(left, value, other.value), ts: Math.max(ts, other.ts) })
    }
    if (outer && others.length === 0) {
      const over = kafka ? Math.max(0, ts + later) < this.#streamTime : ts + later + graceMs < this.#streamTime
      if (over) out.push({ key, value: text(left, value, null), ts })
      else {
        this.#waiting.push({ ...input, key, value, left, order: this.#arrivals++ })
        this.#lowest = Math.min(this.#lowest, ts)
      }
    }
    this.#kept[side].push(input)
    return out
  }

  /** What comes out when stream time gets to `ts` without a record. */
  silence(ts: number): JoinOutput[] {
    this.#streamTime = ts
    return this.#release(true)
  }

  /** Records of one side that its retention has not ended for, by time, then arrival. */
  #visible(side: 'left' | 'right'): JoinInput[] {
    const { beforeMs, afterMs, graceMs } = this.#rule
    const newest = Math.max(...this.#kept[side].map(({ ts }) => ts))
    return this.#kept[side].filter(({ ts }) => ts > newest - beforeMs - afterMs - graceMs).sort((a, b) => a.ts - b.ts)
  }

  #release(arrivedLeft: boolean): JoinOutput[] {
    const { beforeMs, afterMs, graceMs, kafka = false } = this.#rule
    const ordered = [...this.#waiting].sort(
      (a, b) => a.ts - b.ts || Number(a.left) - Number(b.left) || compare(a.key, b.key) || a.order - b.order,
    )
    const isOver = (each: Waiting) => each.ts + (each.left ? afterMs : beforeMs) + graceMs < this.#streamTime
    if (kafka && this.#lowest + (arrivedLeft ? afterMs : beforeMs) + graceMs >= this.#streamTime) return []
    const released: Waiting[] = []
    if (kafka) this.#lowest = Number.POSITIVE_INFINITY
    let open = { left: false, right: false }
    for (const each of ordered) {
      this.#lowest = kafka ? each.ts : this.#lowest
      if (open.left && open.right) break
      if (isOver(each)) released.push(each)
      else open = each.left ? { ...open, left: true } : { ...open, right: true }
    }
    this.#waiting = this.#waiting.filter((each) => !released.includes(each))
    return released.map(({ key, value, ts, left }) => ({ key, value: text(left, value, null), ts }))
  }
}

function text(left: boolean, own: string, other: string | null): string {
  return left ? `${own}+${other}` : `${other}+${own}`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
