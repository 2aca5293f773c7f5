/** Joins on a stream's record, computed naively. */
import type { CaseNode, CaseValue, Scalar } from '../cases/case.js'
import { joinerOf, keySelectorOf } from '../cases/functions.js'
import { NotInterpreted, type ReferenceContext, ReferenceNode } from './node.js'
import { type Row, type RowKey, row, sameKey } from './row.js'

interface Waiting {
  readonly side: Side
  readonly row: Row
}

type Side = 0 | 1

/** Stream with stream: every record of the other side within the window; what never matched when it is sure. */
export function streamStreamJoin(
  spec: CaseNode,
  inputs: readonly [ReferenceNode, ReferenceNode],
  context: ReferenceContext,
): ReferenceNode {
  const join = new StreamJoin(spec, context)
  inputs.forEach((input, side) => {
    input.to((from) => join.receive(side as Side, from))
  })
  return join.node
}

class StreamJoin {
  readonly node: ReferenceNode
  readonly #context: ReferenceContext
  readonly #joiner: ReturnType<typeof joinerOf>
  readonly #beforeMs: number
  readonly #afterMs: number
  readonly #graceMs: number
  readonly #isOuter: readonly [boolean, boolean]
  readonly #history: readonly [Row[], Row[]] = [[], []]
  #waiting: Waiting[] = []
  #timeMs = -1
  /** Kafka Streams: the oldest time it remembers to wait for. */
  #minMs = Number.POSITIVE_INFINITY

  constructor(spec: CaseNode, context: ReferenceContext) {
    this.node = new ReferenceNode(spec)
    this.#context = context
    this.#joiner = joinerOf(spec.joiner)
    const { beforeMs = 0, afterMs = 0, graceMs = 0 } = spec.window ?? {}
    this.#beforeMs = beforeMs
    this.#afterMs = afterMs
    this.#graceMs = graceMs
    this.#isOuter = [spec.kind !== 'inner', spec.kind === 'outer']
  }

  receive(side: Side, from: Row): void {
    const usable = from.key !== null && from.value !== null
    if (usable) this.#history[side].push(from)
    this.#timeMs = Math.max(this.#timeMs, from.ts)
    if (this.#isOuter[side] && from.key === null && from.value !== null) this.#forward(side, from, null, from.ts)
    if (!usable) return
    if (from.ts === this.#timeMs) this.#expire(side)
    const matches = this.#matches(side, from)
    for (const match of matches) {
      const matched = (each: Waiting) =>
        each.side !== side && each.row.ts === match.ts && sameKey(each.row.key, match.key)
      this.#waiting = this.#waiting.filter((each) => !matched(each))
      this.#forward(side, from, match.value, Math.max(from.ts, match.ts))
    }
    if (matches.length === 0 && this.#isOuter[side]) this.#waitOrGo(side, from)
  }

  /** Of the other side: what is in the window and is still kept, by time, then arrival. */
  #matches(side: Side, { key, ts }: Row): Row[] {
    const other = this.#history[1 - side]!
    const newest = Math.max(...other.map((each) => each.ts))
    const keptFrom = newest - this.#beforeMs - this.#afterMs - this.#graceMs + 1
    const [back, ahead] = side === 0 ? [this.#beforeMs, this.#afterMs] : [this.#afterMs, this.#beforeMs]
    // No range ends before time 0, so a window that lies wholly before it still finds what came at 0.
    const [from, to] = [Math.max(0, ts - back, keptFrom), Math.max(0, ts + ahead)]
    return other
      .filter((each) => sameKey(each.key, key) && each.ts >= from && each.ts <= to)
      .toSorted((a, b) => a.ts - b.ts)
  }

  #waitOrGo(side: Side, from: Row): void {
    const endMs = from.ts + this.#lookbackMs(side)
    const sure = this.#context.rules.has('joinWaitsForGrace') ? endMs + this.#graceMs : Math.max(0, endMs)
    if (sure < this.#timeMs) {
      this.#forward(side, from, null, from.ts)
      return
    }
    this.#minMs = Math.min(this.#minMs, from.ts)
    this.#waiting.push({ side, row: from })
  }

  #lookbackMs(side: Side): number {
    return side === 0 ? this.#afterMs : this.#beforeMs
  }

  #isOpen({ side, row: { ts } }: Waiting): boolean {
    return ts + this.#lookbackMs(side) + this.#graceMs >= this.#timeMs
  }

  #expire(side: Side): void {
    if (this.#context.rules.has('joinWaitsForGrace')) {
      for (const each of this.#inOrder()) if (!this.#isOpen(each)) this.#release(each)
      return
    }
    if (this.#minMs + this.#lookbackMs(side) + this.#graceMs >= this.#timeMs) return
    this.#minMs = Number.POSITIVE_INFINITY
    const open = [false, false]
    for (const each of this.#inOrder()) {
      this.#minMs = each.row.ts
      if (open[0] && open[1]) break
      if (this.#isOpen(each)) open[each.side] = true
      else this.#release(each)
    }
  }

  /** By time, side and key; the byte of the side is 1 on the left. */
  #inOrder(): Waiting[] {
    const { order } = this.#context
    return this.#waiting.toSorted((a, b) => a.row.ts - b.row.ts || b.side - a.side || order(a.row.key, b.row.key))
  }

  #release(each: Waiting): void {
    this.#waiting = this.#waiting.filter((other) => other !== each)
    this.#forward(each.side, each.row, null, each.row.ts)
  }

  #forward(side: Side, mine: Row, other: CaseValue, ts: number): void {
    const value = side === 0 ? this.#joiner(mine.value, other) : this.#joiner(other, mine.value)
    this.node.forward(row(mine.key, value, ts))
  }
}

/** Stream with table or global table: the row unchanged, or as it stood at the record's time. */
export function streamTableJoin(
  spec: CaseNode,
  stream: ReferenceNode,
  table: ReferenceNode,
  isGlobal: boolean,
  context: ReferenceContext,
): ReferenceNode {
  if (spec.graceMs !== undefined && table.getAsOf === null) throw new NotInterpreted('grace without versions')
  const node = new ReferenceNode(spec)
  const joiner = joinerOf(spec.joiner)
  const select = isGlobal ? keySelectorOf(spec.keySelector) : null
  const tableKey = ({ key, value }: Row): RowKey => (select === null ? key : select(key as Scalar, value as Scalar))
  table.keepRows()
  const join = (from: Row) => {
    const key = tableKey(from)
    const found = key === null ? null : table.getAsOf === null ? table.get(key) : table.getAsOf(key, from.ts)
    if (found === null && spec.kind === 'inner') return
    node.forward(row(from.key, joiner(from.value as Scalar, found?.value ?? null), from.ts))
  }
  const { graceMs } = spec
  let buffered: Row[] = []
  let newest = -1
  stream.to((from) => {
    const key = tableKey(from)
    if (from.value === null || (key === null && spec.kind === 'inner')) return
    if (graceMs === undefined || newest - graceMs > from.ts) {
      join(from)
      return
    }
    buffered.push(from)
    newest = Math.max(newest, from.ts)
    const ready = buffered.filter(({ ts }) => ts <= newest - graceMs)
    buffered = buffered.filter(({ ts }) => ts > newest - graceMs)
    for (const each of ready.toSorted((a, b) => a.ts - b.ts || context.order(a.key, b.key))) join(each)
  })
  return node
}
