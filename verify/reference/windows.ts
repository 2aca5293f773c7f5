/** Tumbling, hopping and unlimited windows, computed naively: each window aggregates all records it accepted. */
import type { CaseNode, CaseWindow } from '../cases/case.js'
import { type Entry, type Fold, folded, keeping } from './aggregates.js'
import type { ReferenceContext, ReferenceNode } from './node.js'
import { type InnerKey, type Row, type RowKey, row, sameKey } from './row.js'

export interface WindowedInput {
  readonly from: ReferenceNode
  readonly fold: Fold
}

/** What a window took, in order of arrival. */
interface Accepted extends Entry {
  readonly start: number
}

/** Start and end of every window around `ts`, the earliest first. */
function windowsAround(ts: number, window: CaseWindow): { start: number; end: number | 'inf' }[] {
  if (window.kind === 'unlimited') {
    const start = window.startMs ?? 0
    return ts >= start ? [{ start, end: 'inf' }] : []
  }
  const size = window.sizeMs ?? 0
  const windows: { start: number; end: number }[] = []
  const advance = window.advanceMs ?? size
  // Far from time 0, counting from there would take forever.
  const first = Math.max(0, Math.floor((ts - size) / advance)) * advance
  for (let start = first; start <= ts; start += advance) {
    if (ts < start + size) windows.push({ start, end: start + size })
  }
  return windows
}

export function timeWindowAggregate(
  spec: CaseNode,
  window: CaseWindow,
  emit: string,
  inputs: readonly WindowedInput[],
  context: ReferenceContext,
): ReferenceNode {
  const node = keeping(spec)
  node.window = window
  let accepted: Accepted[] = []
  const of = (key: RowKey, start: number) =>
    folded(accepted.filter((each) => each.start === start && sameKey(each.row.key, key)))
  node.get = (key) => (key !== null && typeof key === 'object' ? of(key.key, key.start) : null)
  const graceMs = window.graceMs ?? 0
  const onClose = emit === 'onWindowClose'
  const retentionMs = spec.store?.retentionMs ?? (window.sizeMs ?? Number.POSITIVE_INFINITY) + graceMs
  const closing = onClose ? closer(node, window, retentionMs, () => accepted, of, context) : null
  for (const { from, fold } of inputs) {
    // Each stream of a cogroup has a time of its own.
    let timeMs = -1
    from.to((each) => {
      if (each.key === null) return
      const beforeMs = timeMs
      timeMs = Math.max(timeMs, each.ts)
      if (context.rules.has('everyWindowFinal')) closing?.(beforeMs, timeMs)
      for (const { start, end } of windowsAround(each.ts, window)) {
        if (end !== 'inf' && end + graceMs <= timeMs) continue
        // A stream of a cogroup that lags finds a window the others made the store let go of: it starts again.
        const newestStart = Math.max(...accepted.map((other) => other.start))
        if (start <= newestStart - retentionMs) {
          accepted = accepted.filter((other) => other.start !== start || !sameKey(other.row.key, each.key))
        }
        const before = of(each.key, start)
        accepted.push({ row: each, fold, start })
        if (onClose) continue
        const after = of(each.key, start)
        const old = before === null ? fold.initial : before.value
        const ts = before === null ? each.ts : Math.max(before.ts, each.ts)
        const key = { key: each.key as InnerKey, start, end }
        node.forward(row(key, after?.value ?? null, ts, node.sendsOld ? old : null))
      }
      if (!context.rules.has('everyWindowFinal')) closing?.(beforeMs, timeMs)
    })
  }
  return node
}

type Of = (key: RowKey, start: number) => { readonly value: Row['value']; readonly ts: number } | null

/**
 * Emits what closes. Sound: every window whose end + grace time has passed since it last was asked. Kafka Streams asks
 * its store, which has already let go of windows that start before the newest start - retention.
 */
function closer(
  node: ReferenceNode,
  window: CaseWindow,
  retentionMs: number,
  all: () => readonly Accepted[],
  of: Of,
  context: ReferenceContext,
): (beforeMs: number, nowMs: number) => void {
  const size = window.sizeMs ?? 0
  const graceMs = window.graceMs ?? 0
  let lastCloseMs = -1
  return (_beforeMs, nowMs) => {
    const closeMs = nowMs - graceMs
    if (lastCloseMs >= closeMs || closeMs - size < 0) return
    const accepted = all()
    const newestStart = Math.max(...accepted.map(({ start }) => start))
    const keptFrom = context.rules.has('everyWindowFinal') ? 0 : newestStart - retentionMs
    const after = lastCloseMs < 0 ? -1 : Math.max(0, lastCloseMs - size)
    lastCloseMs = closeMs
    for (const { key, start } of distinct(accepted, context)) {
      if (start <= after || start > closeMs - size || start < keptFrom) continue
      const found = of(key, start)
      if (found !== null) node.forward(row({ key: key as InnerKey, start, end: start + size }, found.value, found.ts))
    }
  }
}

/** Every window there is, by start, then key bytes. */
function distinct(accepted: readonly Accepted[], { order }: ReferenceContext): { key: RowKey; start: number }[] {
  const windows: { key: RowKey; start: number }[] = []
  for (const { row: from, start } of accepted) {
    if (!windows.some((each) => each.start === start && sameKey(each.key, from.key)))
      windows.push({ key: from.key, start })
  }
  return windows.sort((a, b) => a.start - b.start || order(a.key, b.key))
}
