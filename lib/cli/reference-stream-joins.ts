/** Joins that a stream's record triggers, naively. */
import type { CaseNode, CaseValue, Scalar } from './conformance-case.js'
import { joinerOf, keySelectorOf } from './conformance-functions.js'
import { NotInterpreted, type ReferenceContext, ReferenceNode } from './reference-node.js'
import { type Row, type RowKey, row, sameKey } from './reference-row.js'

interface Waiting {
  readonly side: 0 | 1
  readonly row: Row
}

/** Stream with stream: every record of the other side within the window; what never matched when it is sure. */
export function streamStreamJoin(
  spec: CaseNode,
  inputs: readonly [ReferenceNode, ReferenceNode],
  context: ReferenceContext,
): ReferenceNode {
  const node = new ReferenceNode(spec)
  const joiner = joinerOf(spec.joiner)
  const { beforeMs = 0, afterMs = 0, graceMs = 0 } = spec.window ?? {}
  const retentionMs = beforeMs + afterMs + graceMs
  const history: [Row[], Row[]] = [[], []]
  const newest: [number, number] = [-1, -1]
  let waiting: Waiting[] = []
  let timeMs = -1
  /** Kafka Streams: the oldest time it remembers to wait for. */
  let minMs = Number.POSITIVE_INFINITY
  const lookback = [afterMs, beforeMs] as const
  const isOuter = [spec.kind !== 'inner', spec.kind === 'outer'] as const
  const joined = (side: 0 | 1, mine: CaseValue, other: CaseValue) =>
    side === 0 ? joiner(mine as Scalar, other as Scalar) : joiner(other as Scalar, mine as Scalar)
  // The byte of the side is 1 on the left.
  const inOrder = () =>
    waiting.toSorted((a, b) => a.row.ts - b.row.ts || b.side - a.side || context.order(a.row.key, b.row.key))
  const release = (each: Waiting) => {
    waiting = waiting.filter((other) => other !== each)
    node.forward(row(each.row.key, joined(each.side, each.row.value, null), each.row.ts))
  }

  const expireSoundly = () => {
    for (const each of inOrder()) if (each.row.ts + lookback[each.side] + graceMs < timeMs) release(each)
  }
  const expireAsKafkaStreams = (side: 0 | 1) => {
    if (minMs + lookback[side] + graceMs >= timeMs) return
    minMs = Number.POSITIVE_INFINITY
    const open = [false, false]
    let last: Row | null = null
    for (const each of inOrder()) {
      // Several values of one key and time are one entry.
      const again = last !== null && last.ts === each.row.ts && sameKey(last.key, each.row.key)
      minMs = each.row.ts
      if (open[0] && open[1]) break
      if (each.row.ts + lookback[each.side] + graceMs >= timeMs) {
        open[each.side] = true
        continue
      }
      if (!again || last !== null) release(each)
      last = each.row
    }
  }

  const receive = (side: 0 | 1) => (from: Row) => {
    const other = (1 - side) as 0 | 1
    const usable = from.key !== null && from.value !== null
    if (usable) {
      history[side].push(from)
      newest[side] = Math.max(newest[side], from.ts)
    }
    timeMs = Math.max(timeMs, from.ts)
    if (isOuter[side] && from.key === null && from.value !== null) {
      node.forward(row(from.key, joined(side, from.value, null), from.ts))
      return
    }
    if (!usable) return
    if (from.ts === timeMs && spec.kind !== 'inner') {
      if (context.rules.has('joinWaitsForGrace')) expireSoundly()
      else expireAsKafkaStreams(side)
    }
    const [earliest, latest] =
      side === 0 ? [from.ts - beforeMs, from.ts + afterMs] : [from.ts - afterMs, from.ts + beforeMs]
    const keptFrom = newest[other] - retentionMs + 1
    const matches = history[other]
      .filter(({ key, ts }) => sameKey(key, from.key) && ts >= Math.max(0, earliest) && ts <= latest && ts >= keptFrom)
      .toSorted((a, b) => a.ts - b.ts)
    for (const match of matches) {
      waiting = waiting.filter(
        (each) => each.side === side || each.row.ts !== match.ts || !sameKey(each.row.key, match.key),
      )
      node.forward(row(from.key, joined(side, from.value, match.value), Math.max(from.ts, match.ts)))
    }
    if (matches.length > 0 || !isOuter[side]) return
    const over = context.rules.has('joinWaitsForGrace')
      ? from.ts + lookback[side] + graceMs < timeMs
      : Math.max(0, latest) < timeMs
    if (over) node.forward(row(from.key, joined(side, from.value, null), from.ts))
    else {
      minMs = Math.min(minMs, from.ts)
      waiting.push({ side, row: from })
    }
  }
  const [left, right] = inputs
  left.to(receive(0))
  right.to(receive(1))
  return node
}

/** Stream with table or global table: the row as it stands, or as it stood at the record's time. */
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
