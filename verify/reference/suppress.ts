/** suppress, computed naively: a list of buffered rows, sorted for every record. */
import type { CaseNode } from '../cases/case.js'
import { NotInterpreted, type ReferenceContext, ReferenceNode } from './node.js'
import { type Row, type RowKey, sameKey } from './row.js'

interface Held {
  readonly key: RowKey
  /** When its waiting began: event time of the first row, or the end of its window. */
  readonly since: number
  readonly prior: Row['value']
  row: Row
}

export function suppress(spec: CaseNode, input: ReferenceNode, context: ReferenceContext): ReferenceNode {
  if (spec.maxBytes !== undefined) throw new NotInterpreted('suppress with maxBytes')
  const node = new ReferenceNode(spec)
  node.window = input.window
  input.enableOld(true)
  node.enableOld = (force) => input.enableOld(force)
  const final = spec.until === 'windowCloses'
  const window = input.window
  if (final) input.markFinal()
  const waitMs = final ? (window?.graceMs ?? 0) + (window?.gapMs ?? 0) : (spec.limitMs ?? 0)
  // One predicate for accepting and emitting: windows with an inclusive end are still open at end + wait.
  const inclusive = final && (window?.kind === 'sliding' || window?.kind === 'session')
  const due = (since: number, nowMs: number) =>
    context.rules.has('oneClosePredicate') && inclusive ? since + waitMs < nowMs : since + waitMs <= nowMs
  let held: Held[] = []
  let timeMs = -1
  node.get = (key) => {
    const waiting = held.find((each) => sameKey(each.key, key))
    if (waiting === undefined) return input.get(key)
    return waiting.prior === null ? null : { value: waiting.prior, ts: -1 }
  }
  const first = () => held.toSorted((a, b) => a.since - b.since || context.order(a.key, b.key))[0]
  const release = (each: Held) => {
    if (each.row.value !== null || !final) node.forward(each.row)
    held = held.filter((other) => other !== each)
  }
  input.to((from) => {
    timeMs = Math.max(timeMs, from.ts)
    const waiting = held.find((each) => sameKey(each.key, from.key))
    const end = typeof from.key === 'object' && from.key !== null ? from.key.end : from.ts
    const since = final ? (end === 'inf' ? Number.POSITIVE_INFINITY : end) : from.ts
    // Inputs of a join or cogroup have a time each: what the slower one says of a closed window comes too late.
    const late = final && context.rules.has('oneClosePredicate') && due(since, timeMs)
    if (waiting !== undefined && !late) waiting.row = from
    else if (!late) held.push({ key: from.key, since, prior: from.old, row: from })
    for (let next = first(); next !== undefined && due(next.since, timeMs); next = first()) release(next)
    while (held.length > (spec.maxRecords ?? Number.POSITIVE_INFINITY)) release(first()!)
  })
  return node
}
