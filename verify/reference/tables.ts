/** Tables, computed naively: a row is the last entry of its history. */
import type { CaseNode, Scalar } from '../cases/case.js'
import { pairMapperOf, predicateOf, valueMapperOf } from '../cases/functions.js'
import { type ReferenceContext, ReferenceNode } from './node.js'
import { type Found, type Row, type RowKey, row, sameKey } from './row.js'

/** The newest row of the key by arrival, null where it was deleted or never was. */
export function lastRow(history: readonly Row[], key: RowKey): Found | null {
  const last = history.findLast((each) => sameKey(each.key, key))
  return last === undefined || last.value === null ? null : { value: last.value, ts: last.ts }
}

/** A topic or stream read as a table. It keeps rows where it has a store, or once somebody looks rows up. */
export function sourceTable(spec: CaseNode): { readonly node: ReferenceNode; readonly receive: (row: Row) => void } {
  const node = new ReferenceNode(spec)
  if (spec.store?.kind === 'versioned') return { node, receive: versionedTable(node, spec) }
  const history: Row[] = []
  let kept = spec.store !== undefined
  node.keepRows = () => {
    kept = true
  }
  node.enableOld = (force) => {
    if (!kept && !force) return false
    kept = true
    node.sendsOld = true
    return true
  }
  node.get = (key) => lastRow(history, key)
  return {
    node,
    receive: (from) => {
      if (from.key === null) return
      const before = kept && node.sendsOld ? (lastRow(history, from.key)?.value ?? null) : null
      history.push(from)
      node.forward(row(from.key, from.value, from.ts, before))
    },
  }
}

/** Every version is kept; the newest by time counts. Older than the history allows: rejected. */
function versionedTable(node: ReferenceNode, spec: CaseNode): (row: Row) => void {
  const retentionMs = spec.store?.historyRetentionMs ?? 0
  const history: Row[] = []
  let streamTimeMs = -1
  const asOf = (key: RowKey, ts: number): Row | null => {
    let found: Row | null = null
    for (const each of history) {
      if (sameKey(each.key, key) && each.ts <= ts && (found === null || each.ts >= found.ts)) found = each
    }
    return found
  }
  const found = (version: Row | null): Found | null =>
    version === null || version.value === null ? null : { value: version.value, ts: version.ts }
  node.get = (key) => found(asOf(key, Number.POSITIVE_INFINITY))
  node.getAsOf = (key, ts) => {
    const newest = asOf(key, Number.POSITIVE_INFINITY)
    if (newest !== null && newest.ts > ts && ts < streamTimeMs - retentionMs) return null
    return found(asOf(key, ts))
  }
  node.enableOld = () => {
    node.sendsOld = true
    return true
  }
  return (from) => {
    if (from.key === null || from.ts < streamTimeMs - retentionMs) return
    streamTimeMs = Math.max(streamTimeMs, from.ts)
    const newest = asOf(from.key, Number.POSITIVE_INFINITY)
    const before = found(newest)
    history.push(from)
    const latest = newest === null || from.ts >= newest.ts
    node.forward({ ...row(from.key, from.value, from.ts, node.sendsOld ? (before?.value ?? null) : null), latest })
  }
}

/** filter, filterNot and mapValues of a table; null: another operator. */
export function tableStep(spec: CaseNode, input: ReferenceNode): ReferenceNode | null {
  const compute = computed(spec)
  if (compute === null) return null
  const node = new ReferenceNode(spec)
  const filters = spec.op !== 'mapValues'
  const stored = spec.store !== undefined
  const history: Row[] = []
  node.window = input.window
  node.markFinal = () => input.markFinal()
  node.enableOld = (force) => {
    if (stored) node.sendsOld = true
    else if (input.enableOld(force)) node.sendsOld = true
    return node.sendsOld
  }
  // A filter uses old values where they are to be had anyway.
  if (filters && input.enableOld(false)) node.sendsOld = true
  node.get = (key) => {
    if (stored) return lastRow(history, key)
    const from = input.get(key)
    if (from === null) return null
    const value = compute(key, from.value)
    return value === null ? null : { value, ts: from.ts }
  }
  node.getAsOf = stored || input.getAsOf === null ? null : viewAsOf(input.getAsOf, compute)
  node.keepRows = stored ? () => {} : () => input.keepRows()
  input.to((from) => {
    const value = compute(from.key, from.value)
    const before = stored ? (lastRow(history, from.key)?.value ?? null) : compute(from.key, from.old)
    const old = node.sendsOld ? before : null
    if (filters && node.sendsOld && input.getAsOf === null && value === null && old === null) return
    if (stored) history.push(row(from.key, value, from.ts))
    node.forward({ ...row(from.key, value, from.ts, old), latest: from.latest })
  })
  return node
}

type Compute = (key: RowKey, value: Row['value']) => Row['value']

function viewAsOf(getAsOf: NonNullable<ReferenceNode['getAsOf']>, compute: Compute): ReferenceNode['getAsOf'] {
  return (key, ts) => {
    const from = getAsOf(key, ts)
    if (from === null) return null
    const value = compute(key, from.value)
    return value === null ? null : { value, ts: from.ts }
  }
}

function computed(spec: CaseNode): Compute | null {
  if (spec.op === 'mapValues') {
    const map = valueMapperOf(spec.mapper)
    return (_key, value) => (value === null ? null : map(value))
  }
  if (spec.op !== 'filter' && spec.op !== 'filterNot') return null
  const predicate = predicateOf(spec.predicate)
  const wanted = spec.op === 'filter'
  return (key, value) => (value !== null && predicate(key as Scalar, value) === wanted ? value : null)
}

/** What a table's rows become under new keys: the old pair is taken away, the new one added. */
export function tableGroupBy(spec: CaseNode, input: ReferenceNode, context: ReferenceContext): ReferenceNode {
  const node = new ReferenceNode(spec)
  const map = pairMapperOf(spec.mapper)
  input.enableOld(true)
  const send = context.topic((from) => node.forward(from))
  const pair = (key: RowKey, value: Row['value']) => {
    const mapped = value === null ? null : map(key as Scalar, value)
    return mapped === null || mapped[0] === null || mapped[1] === null ? null : mapped
  }
  input.to((from) => {
    if (from.key === null || (input.getAsOf !== null && !from.latest)) return
    const before = pair(from.key, from.old)
    const after = pair(from.key, from.value)
    if (before !== null && after !== null && before[0] === after[0]) {
      send(row(after[0], after[1], from.ts, before[1]))
      return
    }
    if (before !== null) send(row(before[0], null, from.ts, before[1]))
    if (after !== null) send(row(after[0], after[1], from.ts))
  })
  return node
}
