/** Aggregates without windows, computed naively: each result aggregates the whole history of its key. */
import type { CaseFunction, CaseNode, CaseValue, Scalar } from '../cases/case.js'
import { adderOf, reducerOf } from '../cases/functions.js'
import { ReferenceNode } from './node.js'
import { type Found, type Row, type RowKey, row, sameKey } from './row.js'

/** One step of a fold; null stands for nothing yet, or nothing any more. */
export interface Fold {
  /** What an empty aggregate holds; null for a reduce, which starts from its first value. */
  readonly initial: CaseValue
  readonly add: (key: RowKey, value: CaseValue, aggregate: CaseValue) => CaseValue
  readonly subtract: (key: RowKey, value: CaseValue, aggregate: CaseValue) => CaseValue
}

/** `adder` overrides the node's, as each side of a cogroup does. */
export function foldOf(spec: CaseNode, adder: CaseFunction | undefined = spec.adder): Fold {
  if (spec.op === 'count') {
    return { initial: 0, add: (_k, _v, sum) => Number(sum) + 1, subtract: (_k, _v, sum) => Number(sum) - 1 }
  }
  if (spec.op === 'reduce') {
    const add = reducerOf(adder)
    const subtract = spec.subtractor === undefined ? add : reducerOf(spec.subtractor)
    return {
      initial: null,
      add: (_key, value, sum) => (sum === null ? value : add(sum, value as Scalar)),
      subtract: (_key, value, sum) => subtract(sum as Scalar, value as Scalar),
    }
  }
  const add = adderOf(adder)
  const subtract = spec.subtractor === undefined ? add : adderOf(spec.subtractor)
  const initial = spec.init ?? null
  return {
    initial,
    add: (key, value, sum) => add(key as Scalar, value as Scalar, (sum ?? initial) as Scalar),
    subtract: (key, value, sum) => subtract(key as Scalar, value as Scalar, sum as Scalar),
  }
}

/** A record and the fold it takes part in. */
export interface Entry {
  readonly row: Row
  readonly fold: Fold
}

/** All entries from the first to the last; the time is the highest since the aggregate last was nothing. */
export function folded(entries: readonly Entry[]): Found | null {
  let found: Found | null = null
  for (const { row: from, fold } of entries) {
    const value: CaseValue = fold.add(from.key, from.value, found === null ? null : found.value)
    const ts: number = found === null ? from.ts : Math.max(from.ts, found.ts)
    found = value === null ? null : { value, ts }
  }
  return found
}

/** One or several grouped streams, a fold for each. Null keys and values contribute nothing; before comes the initial value. */
export function streamAggregate(
  spec: CaseNode,
  inputs: readonly { readonly from: ReferenceNode; readonly fold: Fold }[],
): ReferenceNode {
  const node = keeping(spec)
  const history: Entry[] = []
  const of = (key: RowKey) => folded(history.filter((entry) => sameKey(entry.row.key, key)))
  node.get = of
  for (const { from, fold } of inputs) {
    from.to((each) => {
      if (each.key === null || each.value === null) return
      const before = of(each.key)
      history.push({ row: each, fold })
      const after = of(each.key)
      const ts = after?.ts ?? each.ts
      node.forward(row(each.key, after?.value ?? null, ts, node.sendsOld ? (before?.value ?? fold.initial) : null))
    })
  }
  return node
}

/** A regrouped table: what was is subtracted, then what is is added. */
export function tableAggregate(spec: CaseNode, input: ReferenceNode): ReferenceNode {
  const node = keeping(spec)
  const fold = foldOf(spec)
  const history: Row[] = []
  const of = (key: RowKey): Found | null => {
    let found: Found | null = null
    for (const each of history) {
      if (!sameKey(each.key, key)) continue
      let value: CaseValue = found === null ? null : found.value
      const ts: number = found === null ? each.ts : Math.max(found.ts, each.ts)
      if (each.old !== null && value !== null) value = fold.subtract(each.key, each.old, value)
      if (each.value !== null) value = fold.add(each.key, each.value, value)
      found = value === null ? null : { value, ts }
    }
    return found
  }
  node.get = of
  input.to((each) => {
    const before = of(each.key)
    history.push(each)
    const after = of(each.key)
    const ts = before === null ? each.ts : Math.max(before.ts, each.ts)
    node.forward(row(each.key, after?.value ?? null, ts, node.sendsOld ? (before?.value ?? null) : null))
  })
  return node
}

/** A table with a store of its own. */
export function keeping(spec: CaseNode): ReferenceNode {
  const node = new ReferenceNode(spec)
  node.enableOld = () => {
    node.sendsOld = true
    return true
  }
  return node
}
