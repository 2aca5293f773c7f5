/**
 * Sliding windows, naively. A window [start, start + d] exists where a record ends it, or where a record just before
 * its start was followed by one within it; records before d share [0, d]. Each folds the records that are in it.
 */
import type { CaseNode, CaseWindow } from '../cases/case.js'
import { type Entry, folded, keeping } from './aggregates.js'
import type { ReferenceContext, ReferenceNode } from './node.js'
import { type InnerKey, type RowKey, row, sameKey } from './row.js'
import type { WindowedInput } from './windows.js'

interface SlidingWindow {
  readonly key: RowKey
  readonly start: number
  /** What it took, in order of arrival. */
  entries: readonly Entry[]
}

export function slidingAggregate(
  spec: CaseNode,
  window: CaseWindow,
  emit: string,
  inputs: readonly WindowedInput[],
  context: ReferenceContext,
): ReferenceNode {
  const node = keeping(spec)
  node.window = window
  const d = window.timeDifferenceMs ?? 0
  const graceMs = window.graceMs ?? 0
  const onClose = emit === 'onWindowClose'
  let windows: SlidingWindow[] = []
  let timeMs = -1
  const find = (key: RowKey, start: number) => windows.find((each) => each.start === start && sameKey(each.key, key))
  node.get = (key) => {
    if (key === null || typeof key !== 'object') return null
    return folded(find(key.key, key.start)?.entries ?? [])
  }
  const forward = (at: SlidingWindow, before: readonly Entry[] | null) => {
    if (onClose) return
    const after = folded(at.entries)
    const old = before === null ? null : (folded(before)?.value ?? at.entries.at(-1)!.fold.initial)
    const key = { key: at.key as InnerKey, start: at.start, end: at.start + d }
    node.forward(row(key, after?.value ?? null, after?.ts ?? timeMs, node.sendsOld ? old : null))
  }
  /** The entry joins the window, unless that is closed. With `entries`, the window is made of those, also again. */
  const join = (key: RowKey, start: number, entry: Entry, entries: readonly Entry[] | null) => {
    if (start + d < timeMs - graceMs) return
    let at = find(key, start)
    if (at === undefined) {
      at = { key, start, entries: [] }
      windows.push(at)
    }
    const before = entries ?? at.entries
    at.entries = [...before, entry]
    forward(at, before)
  }
  /** A right window is made of what it already covers: nobody asks whether it is closed. */
  const makeRight = (key: RowKey, ts: number, entries: readonly Entry[]) => {
    const at = { key, start: ts + 1, entries }
    windows.push(at)
    forward(at, null)
  }
  const retentionMs = spec.store?.retentionMs ?? 2 * d + graceMs
  const closing = onClose ? closer(node, window, retentionMs, () => windows, context) : null

  for (const { from, fold } of inputs) {
    // Each stream of a cogroup has a time of its own.
    let inputTimeMs = -1
    from.to((each) => {
      const { key, ts, value } = each
      if (key === null || value === null) return
      inputTimeMs = Math.max(inputTimeMs, ts)
      timeMs = inputTimeMs
      if (context.rules.has('everyWindowFinal')) closing?.(timeMs)
      if (ts + d < timeMs - graceMs) return
      const entry = { row: each, fold }
      // As for other windows, one that the store has let go of starts again; the store for results on close keeps it 1 ms longer.
      const newestStart = Math.max(...windows.map(({ start }) => start))
      const lost = (at: SlidingWindow) =>
        sameKey(at.key, key) && at.start <= newestStart - retentionMs - (onClose ? 1 : 0)
      windows = windows.filter((at) => !lost(at))
      const mine = windows.filter((at) => sameKey(at.key, key))
      if (ts < d) {
        early(mine, entry, d, { join, makeRight })
        return
      }
      usual(mine, entry, d, { join, makeRight })
      if (!context.rules.has('everyWindowFinal')) closing?.(timeMs)
    })
  }
  return node
}

interface Making {
  readonly join: (key: RowKey, start: number, entry: Entry, entries: readonly Entry[] | null) => void
  readonly makeRight: (key: RowKey, ts: number, entries: readonly Entry[]) => void
}

const newest = (at: SlidingWindow) => folded(at.entries)?.ts ?? -1

/** Existing windows from the newest start down, then the right window of the record before, left, and right window. */
function usual(mine: readonly SlidingWindow[], entry: Entry, d: number, { join, makeRight }: Making): void {
  const { key, ts } = entry.row
  const around = mine.filter(({ start }) => start >= Math.max(0, ts - 2 * d) && start <= ts + 1)
  let right: readonly Entry[] | null = null
  let left: readonly Entry[] | null = null
  let previousTs: number | null = null
  let hasLeft = false
  for (const at of around.toSorted((a, b) => b.start - a.start)) {
    const end = at.start + d
    if (at.start === ts + 1) continue
    if (end > ts) {
      right ??= at.entries
      join(key, at.start, entry, null)
    } else if (end === ts) {
      hasLeft = true
      const newestTs = newest(at)
      join(key, at.start, entry, null)
      if (newestTs >= ts) return
      previousTs = newestTs
    } else {
      left = at.entries
      previousTs = newest(at)
      break
    }
  }
  const has = (start: number) => around.some((at) => at.start === start)
  if (previousTs !== null && !has(previousTs + 1) && previousTs + 1 + d >= ts) join(key, previousTs + 1, entry, [])
  if (!hasLeft) join(key, ts - d, entry, previousTs !== null && ts - d <= previousTs ? (left ?? []) : [])
  if (!has(ts + 1) && right !== null && newestOf(right) > ts) makeRight(key, ts, right)
}

function early(mine: readonly SlidingWindow[], entry: Entry, _d: number, { join, makeRight }: Making): void {
  const { key, ts } = entry.row
  const around = mine.filter(({ start }) => start <= ts + 1).toSorted((a, b) => a.start - b.start)
  const combined = around.find(({ start }) => start === 0)
  const before = combined === undefined ? null : combined.entries
  let right: readonly Entry[] | null = null
  for (const at of around) {
    if (at.start === 0 || at.start === ts + 1) continue
    right = at.entries
    join(key, at.start, entry, null)
  }
  if (right === null && before !== null && newestOf(before) > ts) right = before
  const has = (start: number) => around.some((at) => at.start === start)
  if (!has(ts + 1) && right !== null && newestOf(right) > ts) makeRight(key, ts, right)
  const previousTs = before === null ? -1 : newestOf(before)
  if (before !== null && previousTs < ts && !has(previousTs + 1)) join(key, previousTs + 1, entry, [])
  join(key, 0, entry, null)
}

function newestOf(entries: readonly Entry[]): number {
  return folded(entries)?.ts ?? -1
}

/** As for other windows; Kafka Streams asks only when a record comes that is neither early nor late. */
function closer(
  node: ReferenceNode,
  window: CaseWindow,
  retentionMs: number,
  all: () => readonly SlidingWindow[],
  context: ReferenceContext,
): (nowMs: number) => void {
  const d = window.timeDifferenceMs ?? 0
  const graceMs = window.graceMs ?? 0
  let lastCloseMs = -1
  return (nowMs) => {
    const closeMs = nowMs - graceMs
    if (lastCloseMs >= closeMs || closeMs - d - 1 < 0) return
    const windows = all()
    const keptFrom = context.rules.has('everyWindowFinal')
      ? 0
      : Math.max(...windows.map(({ start }) => start)) - retentionMs
    const from = lastCloseMs < 0 ? 0 : Math.max(0, lastCloseMs - d)
    lastCloseMs = closeMs
    const closed = windows.filter(({ start }) => start >= from && start >= keptFrom && start + d < closeMs)
    for (const at of closed.toSorted((a, b) => a.start - b.start || context.order(a.key, b.key))) {
      const found = folded(at.entries)
      const key = { key: at.key as InnerKey, start: at.start, end: at.start + d }
      if (found !== null) node.forward(row(key, found.value, found.ts))
    }
  }
}
