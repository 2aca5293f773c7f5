/** Session windows, computed naively: a list of sessions, searched and merged for every record. */
import type { CaseNode, CaseValue, CaseWindow, Scalar } from '../cases/case.js'
import { mergerOf } from '../cases/functions.js'
import { type Fold, keeping } from './aggregates.js'
import type { ReferenceContext, ReferenceNode } from './node.js'
import { type InnerKey, type Row, type RowKey, row, sameKey } from './row.js'
import type { WindowedInput } from './windows.js'

interface Session {
  readonly key: RowKey
  readonly start: number
  readonly end: number
  readonly value: CaseValue
}

/** What a segment of Kafka Streams' stores spans at least. */
const SEGMENT_MS = 60_000

export function sessionAggregate(
  spec: CaseNode,
  window: CaseWindow,
  emit: string,
  inputs: readonly WindowedInput[],
  context: ReferenceContext,
): ReferenceNode {
  const sessions = new Sessions(spec, window, emit === 'onWindowClose', context)
  for (const { from, fold } of inputs) {
    // Each stream of a cogroup has a time of its own.
    let timeMs = -1
    from.to((each) => {
      if (each.key === null) return
      timeMs = Math.max(timeMs, each.ts)
      sessions.receive(each, fold, timeMs)
    })
  }
  return sessions.node
}

class Sessions {
  readonly node: ReferenceNode
  readonly #spec: CaseNode
  readonly #context: ReferenceContext
  readonly #onClose: boolean
  readonly #gapMs: number
  readonly #waitMs: number
  readonly #retentionMs: number
  #sessions: Session[] = []
  #timeMs = -1
  #newestEnd = -1
  #lastCloseMs = -1

  constructor(spec: CaseNode, window: CaseWindow, onClose: boolean, context: ReferenceContext) {
    this.node = keeping(spec)
    this.node.window = window
    this.node.get = (key) => {
      if (key === null || typeof key !== 'object') return null
      const found = this.#sessions.find((each) => same(each, key.key, key.start, Number(key.end)))
      return found === undefined || this.#isExpired(found) ? null : { value: found.value, ts: found.end }
    }
    this.#spec = spec
    this.#context = context
    this.#onClose = onClose
    this.#gapMs = window.gapMs ?? 0
    this.#waitMs = this.#gapMs + (window.graceMs ?? 0)
    this.#retentionMs = spec.store?.retentionMs ?? this.#waitMs
  }

  receive(from: Row, fold: Fold, timeMs: number): void {
    this.#timeMs = timeMs
    const early = this.#context.rules.has('everyWindowFinal')
    if (this.#onClose && early) this.#close()
    this.#take(from, fold)
    if (this.#onClose && !early) this.#close()
  }

  #take({ key, value, ts }: Row, fold: Fold): void {
    const merged = this.#sessions
      .filter((each) => sameKey(each.key, key) && each.end >= ts - this.#gapMs && each.start <= ts + this.#gapMs)
      .filter((each) => !this.#isHidden(each))
      .sort(byEnd)
    const start = Math.min(ts, ...merged.map((each) => each.start))
    const end = Math.max(ts, ...merged.map((each) => each.end))
    if (end < this.#timeMs - this.#waitMs) return
    const sum = fold.add(key, value, mergedValue(this.#spec, fold, key, merged))
    if (start !== ts || end !== ts) {
      for (const each of merged) {
        this.#sessions = this.#sessions.filter((other) => other !== each)
        this.#update(each, null, each.value)
      }
    }
    this.#sessions = this.#sessions.filter((each) => !same(each, key, start, end))
    if (sum !== null) this.#sessions.push({ key, start, end, value: sum })
    this.#newestEnd = Math.max(this.#newestEnd, end)
    this.#update({ key, start, end, value: sum }, sum, null)
  }

  #isHidden(session: Session): boolean {
    const { rules } = this.#context
    const isFinal = rules.has('oneClosePredicate') && (this.#onClose || this.node.final)
    return (isFinal && session.end < this.#timeMs - this.#waitMs) || this.#isExpired(session)
  }

  /** Kafka Streams' store hides one millisecond too much: also the session that is open at the very edge. */
  #isExpired({ end }: Session): boolean {
    return end < this.#newestEnd - this.#retentionMs + (this.#context.rules.has('noHiddenSession') ? 0 : 1)
  }

  /** Kafka Streams' store drops whole segments, and with them what was not emitted yet. */
  #isLost({ end }: Session): boolean {
    if (this.#context.rules.has('everyWindowFinal')) return false
    const segmentMs = Math.max(SEGMENT_MS, Math.trunc(this.#retentionMs / 2))
    return Math.floor(end / segmentMs) < Math.floor((this.#newestEnd - this.#retentionMs) / segmentMs)
  }

  #update({ key, start, end }: Session, value: CaseValue, old: CaseValue): void {
    if (this.#onClose) return
    this.node.forward(row({ key: key as InnerKey, start, end }, value, end, this.node.sendsOld ? old : null))
  }

  #close(): void {
    const closeMs = this.#timeMs - this.#waitMs
    if (this.#lastCloseMs >= closeMs || closeMs < 1) return
    const closed = this.#sessions.filter(
      (each) => each.end >= Math.max(0, this.#lastCloseMs) && each.end < closeMs && !this.#isLost(each),
    )
    this.#lastCloseMs = closeMs
    for (const { key, start, end, value } of closed.sort((a, b) => byEnd(a, b) || this.#context.order(a.key, b.key))) {
      this.node.forward(row({ key: key as InnerKey, start, end }, value, end))
    }
  }
}

function byEnd(a: Session, b: Session): number {
  return a.end - b.end || a.start - b.start
}

function same(session: Session, key: RowKey, start: number, end: number): boolean {
  return sameKey(session.key, key) && session.start === start && session.end === end
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
