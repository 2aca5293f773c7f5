/** The stores as plain maps that are copied whole: what TaskState has to agree with. */

export interface NaiveValue {
  readonly value: number
  readonly timestamp: number
}

export class Naive {
  readonly table = new Map<string, NaiveValue>()
  readonly windows = new Map<string, NaiveValue & { readonly key: string; readonly startMs: number }>()
  readonly sessions = new Map<
    string,
    { readonly key: string; readonly startMs: number; readonly endMs: number; readonly value: number }
  >()
  readonly retentionMs: number
  windowsMs = -1
  sessionsMs = -1

  constructor(retentionMs: number) {
    this.retentionMs = retentionMs
  }

  clone(): Naive {
    const copy = new Naive(this.retentionMs)
    for (const [key, value] of this.table) copy.table.set(key, value)
    for (const [key, value] of this.windows) copy.windows.set(key, value)
    for (const [key, value] of this.sessions) copy.sessions.set(key, value)
    copy.windowsMs = this.windowsMs
    copy.sessionsMs = this.sessionsMs
    return copy
  }

  put(key: string, value: number | null, timestamp: number): void {
    if (value === null) this.table.delete(key)
    else this.table.set(key, { value, timestamp })
  }

  putWindow(key: string, startMs: number, value: number | null, timestamp: number): void {
    if (startMs < this.windowsMs - this.retentionMs) return
    this.windowsMs = Math.max(this.windowsMs, startMs)
    if (value === null) this.windows.delete(`${startMs}|${key}`)
    else this.windows.set(`${startMs}|${key}`, { key, startMs, value, timestamp })
  }

  putSession(key: string, startMs: number, endMs: number, value: number | null): void {
    if (endMs < this.sessionsMs - this.retentionMs) return
    this.sessionsMs = Math.max(this.sessionsMs, endMs)
    if (value === null) this.sessions.delete(`${startMs}|${endMs}|${key}`)
    else this.sessions.set(`${startMs}|${endMs}|${key}`, { key, startMs, endMs, value })
  }

  windowsOf(key: string): { startMs: number; value: number; timestamp: number }[] {
    return [...this.windows.values()]
      .filter((entry) => entry.key === key && entry.startMs >= this.windowsMs - this.retentionMs)
      .map(({ startMs, value, timestamp }) => ({ startMs, value, timestamp }))
      .sort((a, b) => a.startMs - b.startMs)
  }

  sessionsOf(key: string): { startMs: number; endMs: number; value: number }[] {
    return [...this.sessions.values()]
      .filter((entry) => entry.key === key && entry.endMs >= this.sessionsMs - this.retentionMs)
      .map(({ startMs, endMs, value }) => ({ startMs, endMs, value }))
      .sort((a, b) => a.endMs - b.endMs || a.startMs - b.startMs)
  }
}
