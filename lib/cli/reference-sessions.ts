/** Session windows, naively: a list of sessions, searched and merged for every record. */
import type { CaseNode, CaseValue, CaseWindow, Scalar } from './conformance-case.js'
import { mergerOf } from './conformance-functions.js'
import { type Fold, keeping } from './reference-aggregates.js'
import type { ReferenceContext, ReferenceNode } from './reference-node.js'
import { type InnerKey, type RowKey, row, sameKey } from './reference-row.js'
import type { WindowedInput } from './reference-windows.js'

interface Session {
  readonly key: RowKey
  readonly start: number
  readonly end: number
  readonly value: CaseValue
}

export function sessionAggregate(
  spec: CaseNode,
  window: CaseWindow,
  emit: string,
  inputs: readonly WindowedInput[],
  context: ReferenceContext,
): ReferenceNode {
  const node = keeping(spec)
  node.window = window
  const gapMs = window.gapMs ?? 0
  const waitMs = gapMs + (window.graceMs ?? 0)
  const retentionMs = spec.store?.retentionMs ?? waitMs
  const onClose = emit === 'onWindowClose'
  let sessions: Session[] = []
  let timeMs = -1
  let newestEnd = -1
  let lastCloseMs = -1
  node.get = (key) => {
    if (key === null || typeof key !== 'object') return null
    const found = sessions.find(
      (each) => sameKey(each.key, key.key) && each.start === key.start && each.end === key.end,
    )
    return found === undefined ? null : { value: found.value, ts: found.end }
  }
  const send = (session: Session, value: CaseValue, old: CaseValue) => {
    if (onClose) return
    const key = { key: session.key as InnerKey, start: session.start, end: session.end }
    node.forward(row(key, value, session.end, node.sendsOld ? old : null))
  }
  // Kafka Streams' store hides one millisecond too much: also the session that is open at the very edge.
  const hidden = ({ end }: Session) =>
    context.rules.has('noHiddenSession')
      ? end < newestEnd - retentionMs || (onClose && end < timeMs - waitMs)
      : end < newestEnd - retentionMs + 1
  const byEnd = (a: Session, b: Session) => a.end - b.end || a.start - b.start

  const take = (key: RowKey, value: CaseValue, ts: number, fold: Fold) => {
    const merged = sessions
      .filter((each) => sameKey(each.key, key) && !hidden(each) && each.end >= ts - gapMs && each.start <= ts + gapMs)
      .sort(byEnd)
    const start = Math.min(ts, ...merged.map((each) => each.start))
    const end = Math.max(ts, ...merged.map((each) => each.end))
    if (end < timeMs - waitMs) return
    const sum = fold.add(key, value, mergedValue(spec, fold, key, merged))
    if (start !== ts || end !== ts) {
      for (const each of merged) {
        sessions = sessions.filter((other) => other !== each)
        send(each, null, each.value)
      }
    }
    const session = { key, start, end, value: sum }
    sessions = sessions.filter((each) => !(sameKey(each.key, key) && each.start === start && each.end === end))
    if (sum !== null) sessions.push(session)
    newestEnd = Math.max(newestEnd, end)
    send(session, sum, null)
  }

  const close = () => {
    const closeMs = timeMs - waitMs
    if (lastCloseMs >= closeMs || closeMs < 1) return
    const closed = sessions.filter(({ end }) => end >= Math.max(0, lastCloseMs) && end < closeMs)
    lastCloseMs = closeMs
    for (const { key, start, end, value } of closed.sort((a, b) => byEnd(a, b) || context.order(a.key, b.key))) {
      node.forward(row({ key: key as InnerKey, start, end }, value, end))
    }
  }

  for (const { from, fold } of inputs) {
    // Each stream of a cogroup has a time of its own.
    let inputTimeMs = -1
    from.to((each) => {
      if (each.key === null) return
      inputTimeMs = Math.max(inputTimeMs, each.ts)
      timeMs = inputTimeMs
      if (onClose && context.rules.has('everyWindowFinal')) close()
      take(each.key, each.value, each.ts, fold)
      if (onClose && !context.rules.has('everyWindowFinal')) close()
    })
  }
  return node
}

/** The initial value, merged with each old session; a count adds, a reduce folds the later into the earlier. */
function mergedValue(spec: CaseNode, fold: Fold, key: RowKey, merged: readonly Session[]): CaseValue {
  let value = fold.initial
  for (const session of merged) {
    if (spec.op === 'count') value = Number(value) + Number(session.value)
    else if (spec.op === 'reduce') value = value === null ? session.value : fold.add(key, session.value, value)
    else value = mergerOf(spec.merger)(key as Scalar, value as Scalar, session.value as Scalar)
  }
  return value
}
