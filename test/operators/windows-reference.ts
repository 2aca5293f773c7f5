/**
 * Naive references for results that come when a window closes, over the updates of the same aggregation. `sound` true:
 * FORMAT.md, section 4; false: what Kafka Streams does instead. Everything is looked for from the start each time.
 */

/** One update of a windowed table, or one result. */
export interface WindowUpdate {
  readonly key: string
  readonly start: number
  readonly end: number
  readonly value: string | number | null
  readonly ts: number
  /** Number of the input that made it, from 1. */
  readonly at: number
}

export interface Windows {
  readonly kind: 'time' | 'sliding' | 'session'
  readonly graceMs: number
  /** Sessions only. */
  readonly gapMs?: number
  /** Of the store; sessions and windows that start before the newest one seen - this are hidden in Kafka Streams. */
  readonly retentionMs: number
}

/** Section 4: from when on a window takes nothing more. */
export function isClosed(end: number, windows: Windows, timeMs: number): boolean {
  if (windows.kind === 'time') return end + windows.graceMs <= timeMs
  return end + (windows.gapMs ?? 0) + windows.graceMs < timeMs
}

/** Kafka Streams suppresses windows of all kinds until `end + wait <= time`. */
function isDue(end: number, windows: Windows, timeMs: number, sound: boolean): boolean {
  return sound ? isClosed(end, windows, timeMs) : end + (windows.gapMs ?? 0) + windows.graceMs <= timeMs
}

const byKey = (a: WindowUpdate, b: WindowUpdate) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

/** `suppress(untilWindowCloses)`: its time is that of the updates it sees. */
export function suppressed(updates: readonly WindowUpdate[], windows: Windows, sound: boolean): WindowUpdate[] {
  const results: WindowUpdate[] = []
  let held: WindowUpdate[] = []
  let timeMs = -1
  for (const update of updates) {
    timeMs = Math.max(timeMs, update.ts)
    if (!sound || !isClosed(update.end, windows, timeMs)) {
      held = held.filter((each) => each.key !== update.key || each.start !== update.start || each.end !== update.end)
      held.push(update)
    }
    const due = held.filter(({ end }) => isDue(end, windows, timeMs, sound))
    due.sort((a, b) => a.end - b.end || byKey(a, b) || a.start - b.start)
    held = held.filter((each) => !due.includes(each))
    for (const each of due) if (each.value !== null) results.push({ ...each, at: update.at })
  }
  return results
}

/**
 * `emitStrategy('onWindowClose')`: the last update of every window, when its end is passed. `times`: operator time after
 * each input, -1 where the input does not count (null key). Kafka Streams asks after the input's own updates, and for
 * windows not hidden by then.
 */
export function emittedOnClose(
  updates: readonly WindowUpdate[],
  times: readonly number[],
  windows: Windows,
  sound: boolean,
): WindowUpdate[] {
  const results: WindowUpdate[] = []
  const done = new Set<string>()
  times.forEach((timeMs, i) => {
    const at = i + 1
    const latest = new Map<string, WindowUpdate>()
    let newest = -1
    for (const update of updates) {
      if (update.at > at) break
      latest.set(`${update.key}@${update.start}-${update.end}`, update)
      newest = Math.max(newest, windows.kind === 'session' ? update.end : update.start)
    }
    const closed = [...latest].filter(([, { end }]) => isClosed(end, windows, timeMs))
    closed.sort(([, a], [, b]) =>
      windows.kind === 'session' ? a.end - b.end || a.start - b.start || byKey(a, b) : a.start - b.start || byKey(a, b),
    )
    for (const [name, update] of closed) {
      if (done.has(name)) continue
      done.add(name)
      const hidden = !sound && windows.kind !== 'session' && update.start < newest - windows.retentionMs
      if (update.value !== null && !hidden) results.push({ ...update, at })
    }
  })
  return results
}
