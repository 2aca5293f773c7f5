/** What the stores behind joins should hold, kept in plain lists. */

export const HISTORY_MS = 150_000

interface NaiveVersion {
  readonly ts: number
  readonly value: number | null
  /** A later version was there when it came. */
  readonly late: boolean
}

interface NaiveInterval {
  readonly value: number
  readonly timestamp: number
  readonly validToMs: number | null
}

interface NaiveRecord {
  readonly key: string
  readonly ts: number
  readonly value: number
  readonly left: boolean
  readonly order: number
}

export class NaiveJoinState {
  readonly versions = new Map<string, NaiveVersion[]>()
  versionsMs = -1
  kept: NaiveRecord[] = []
  keptMs = -1
  unmatched: NaiveRecord[] = []
  buffered: NaiveRecord[] = []
  order = 0

  clone(): NaiveJoinState {
    const copy = new NaiveJoinState()
    for (const [key, list] of this.versions) copy.versions.set(key, [...list])
    return Object.assign(copy, {
      versionsMs: this.versionsMs,
      kept: [...this.kept],
      keptMs: this.keptMs,
      unmatched: [...this.unmatched],
      buffered: [...this.buffered],
      order: this.order,
    })
  }

  putVersion(key: string, value: number | null, ts: number): 'latest' | 'expired' | number {
    if (ts < this.versionsMs - HISTORY_MS) return 'expired'
    this.versionsMs = Math.max(this.versionsMs, ts)
    const list = this.versions.get(key) ?? []
    const latest = list.at(-1)
    const isLatest = latest === undefined || ts >= latest.ts
    const before = list.filter((each) => each.ts < ts).at(-1)
    // Kafka Streams' rule: deleting the latest version at its own time leaves no trace unless one before it ends there.
    const forgotten =
      value === null && latest?.ts === ts && latest.value !== null && (before === undefined || isSilent(before))
    const others = list.filter((each) => each.ts !== ts)
    const next = forgotten ? others : [...others, { ts, value, late: !isLatest }].sort((a, b) => a.ts - b.ts)
    this.versions.set(key, next)
    return isLatest ? 'latest' : list.find((each) => each.ts > ts)!.ts
  }

  latest(key: string): { value: number; timestamp: number } | null {
    const found = this.versions.get(key)?.at(-1)
    return found === undefined || found.value === null ? null : { value: found.value, timestamp: found.ts }
  }

  asOf(key: string, asOfMs: number): { value: number; timestamp: number; validToMs: number | null } | null {
    const latest = this.latest(key)
    if (latest !== null && latest.timestamp <= asOfMs) return { ...latest, validToMs: null }
    if (asOfMs < this.versionsMs - HISTORY_MS) return null
    const list = this.versions.get(key) ?? []
    const found = list.filter(({ ts }) => ts <= asOfMs).at(-1)
    if (found === undefined || found.value === null) return null
    const next = list.find(({ ts }) => ts > asOfMs)!
    return { value: found.value, timestamp: found.ts, validToMs: next.ts }
  }

  /** The versions that stood at some time in from..to. */
  history(key: string, fromMs: number, toMs: number): NaiveInterval[] {
    const list = this.versions.get(key) ?? []
    return list.flatMap(({ ts, value }, i) => {
      const validToMs = list[i + 1]?.ts ?? null
      const gone = validToMs !== null && (validToMs <= fromMs || validToMs <= this.versionsMs - HISTORY_MS)
      return value === null || ts > toMs || gone ? [] : [{ value, timestamp: ts, validToMs }]
    })
  }

  keep(key: string, ts: number, value: number): void {
    if (ts <= this.keptMs - HISTORY_MS) return
    this.keptMs = Math.max(this.keptMs, ts)
    this.kept.push({ key, ts, value, left: true, order: this.order++ })
  }

  partners(key: string, fromMs: number, toMs: number): { value: number; timestamp: number }[] {
    return this.kept
      .filter((each) => each.key === key && each.ts >= fromMs && each.ts <= toMs)
      .filter(({ ts }) => ts > this.keptMs - HISTORY_MS)
      .sort((a, b) => a.ts - b.ts || a.order - b.order)
      .map(({ value, ts }) => ({ value, timestamp: ts }))
  }

  wait(key: string, ts: number, left: boolean, value: number): void {
    this.unmatched.push({ key, ts, left, value, order: this.order++ })
  }

  matched(key: string, ts: number, left: boolean): void {
    this.unmatched = this.unmatched.filter((each) => each.key !== key || each.ts !== ts || each.left !== left)
  }

  release(leftMs: number, rightMs: number): { key: string; value: number; timestampMs: number; left: boolean }[] {
    const over = this.unmatched.filter((each) => each.ts < (each.left ? leftMs : rightMs))
    this.unmatched = this.unmatched.filter((each) => !over.includes(each))
    return over
      .sort((a, b) => a.ts - b.ts || Number(a.left) - Number(b.left) || byBytes(a.key, b.key) || a.order - b.order)
      .map(({ key, value, ts, left }) => ({ key, value, timestampMs: ts, left }))
  }

  buffer(key: string, ts: number, value: number): void {
    this.buffered.push({ key, ts, value, left: true, order: this.order++ })
  }

  drain(untilMs: number): { key: string; value: number; timestamp: number }[] {
    const due = this.buffered.filter(({ ts }) => ts <= untilMs)
    this.buffered = this.buffered.filter((each) => !due.includes(each))
    return due
      .sort((a, b) => a.ts - b.ts || byBytes(a.key, b.key) || a.order - b.order)
      .map(({ key, value, ts }) => ({ key, value, timestamp: ts }))
  }
}

function isSilent({ value, late }: NaiveVersion): boolean {
  return value === null && !late
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
