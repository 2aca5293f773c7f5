/** Joins between tables, naively. */
import type { CaseNode, CaseValue, Scalar } from '../cases/case.js'
import { foreignKeyOf, joinerOf } from '../cases/functions.js'
import { type ReferenceContext, ReferenceNode } from './node.js'
import { type Found, type Row, type RowKey, row, sameKey } from './row.js'
import { lastRow } from './tables.js'

type Sides = readonly [ReferenceNode, ReferenceNode]

/** Rows of equal keys. A change of either side joins the other's row unchanged. */
export function tableTableJoin(spec: CaseNode, inputs: Sides): ReferenceNode {
  const node = new ReferenceNode(spec)
  const joiner = joinerOf(spec.joiner)
  const stored = spec.store !== undefined
  const history: Row[] = []
  node.window = inputs[0].window
  if (spec.kind !== 'inner') inputs[0].enableOld(true)
  if (spec.kind === 'outer') inputs[1].enableOld(true)
  for (const input of inputs) input.keepRows()
  // A join always looks rows up, so old values are always to be had.
  node.enableOld = () => {
    for (const input of inputs) input.enableOld(true)
    node.sendsOld = true
    return true
  }
  /** The joined value, null where the kind of join has none. */
  const value = (left: CaseValue, right: CaseValue): CaseValue => {
    if (left === null && (right === null || spec.kind !== 'outer')) return null
    if (right === null && spec.kind === 'inner') return null
    return joiner(left, right)
  }
  node.get = (key) => {
    if (stored) return lastRow(history, key)
    const [left, right] = inputs.map((input) => input.get(key)) as [Found | null, Found | null]
    const both = value(left?.value ?? null, right?.value ?? null)
    return both === null ? null : { value: both, ts: Math.max(left?.ts ?? -1, right?.ts ?? -1) }
  }
  node.keepRows = () => {
    if (!stored) for (const input of inputs) input.keepRows()
  }
  inputs.forEach((input, side) => {
    const other = inputs[1 - side]!
    const mayBeAlone = spec.kind === 'outer' || (spec.kind === 'left' && side === 0)
    input.to((from) => {
      const versioned = input.getAsOf !== null
      if (from.key === null || (versioned && !from.latest)) return
      const found = other.get(from.key)
      if (found === null && (!mayBeAlone || (from.value === null && from.old === null))) return
      const pair = (mine: CaseValue): CaseValue =>
        side === 0 ? value(mine, found?.value ?? null) : value(found?.value ?? null, mine)
      const ts = Math.max(from.ts, found?.ts ?? -1)
      const after = pair(from.value)
      const before = node.sendsOld ? pair(from.old) : null
      if (stored) history.push(row(from.key, after, ts))
      node.forward({ ...row(from.key, after, ts, before), latest: from.latest })
    })
  })
  return node
}

/** What one subscription says: the left row as it was, and what to answer. */
interface Subscription {
  readonly key: RowKey
  readonly foreignKey: CaseValue
  readonly left: CaseValue
  readonly answer: 'always' | 'onMatch' | 'delete' | 'never'
  readonly ts: number
}

interface Answer {
  readonly key: RowKey
  /** The left value the subscription was made for: another one by now makes the answer stale. */
  readonly left: CaseValue
  readonly right: CaseValue
  readonly ts: number
}

/** Left rows name the right row they belong to. Subscriptions and answers travel through topics. */
export function foreignKeyJoin(
  spec: CaseNode,
  inputs: Sides,
  result: (row: Row) => void,
  context: ReferenceContext,
): void {
  const [left, right] = inputs
  const extract = foreignKeyOf(spec.foreignKey)
  const joiner = joinerOf(spec.joiner)
  const isLeft = spec.kind === 'left'
  left.enableOld(true)
  right.enableOld(true)
  left.keepRows()
  right.keepRows()
  let subscriptions: Subscription[] = []
  const answers = topicOf<Answer>(context, (answer) => {
    const now = left.get(answer.key)
    if ((now?.value ?? null) !== answer.left) return
    const none = answer.right === null && (!isLeft || now === null)
    result(row(answer.key, none ? null : joiner((now?.value ?? null) as Scalar, answer.right as Scalar), answer.ts))
  })
  const requests = topicOf<Subscription>(context, (request) => {
    const { key, foreignKey, left: hash, answer } = request
    if (foreignKey === null && answer !== 'always') return
    if (foreignKey !== null) {
      subscriptions = subscriptions.filter((each) => !(sameKey(each.key, key) && each.foreignKey === foreignKey))
      if (answer === 'always' || answer === 'onMatch') subscriptions.push(request)
    }
    const found = foreignKey === null ? null : right.get(foreignKey)
    if (answer === 'never' || (answer === 'onMatch' && found === null)) return
    const value = answer === 'delete' ? null : (found?.value ?? null)
    answers({ key, left: hash, right: value, ts: Math.max(request.ts, found?.ts ?? -1) })
  })
  left.to((from) => {
    if (left.getAsOf !== null && !from.latest) return
    const before = from.old === null ? null : extract(from.old as Scalar)
    const after = from.value === null ? null : extract(from.value as Scalar)
    const send = (foreignKey: CaseValue, answer: Subscription['answer']) =>
      requests({ key: from.key, foreignKey, left: from.value, answer, ts: from.ts })
    if (isLeft) {
      if (from.old === null && from.value === null) return
      if (before !== null && before !== after) send(before, 'never')
      send(after, 'always')
    } else if (after === null) {
      if (before !== null) send(before, 'delete')
    } else if (before !== null && before !== after) {
      send(before, 'never')
      send(after, 'always')
    } else send(after, 'onMatch')
  })
  right.to((from) => {
    if (from.key === null || (right.getAsOf !== null && !from.latest)) return
    const mine = subscriptions.filter(({ foreignKey }) => sameKey(foreignKey, from.key))
    for (const { key, left: hash } of mine.toSorted((a, b) => context.order(a.key, b.key))) {
      answers({ key, left: hash, right: from.value, ts: from.ts })
    }
  })
}

/** A topic whose messages are more than rows: each is kept until its row comes out again. */
function topicOf<M extends { readonly ts: number }>(context: ReferenceContext, receive: (message: M) => void) {
  const kept: M[] = []
  const send = context.topic(() => receive(kept.shift()!))
  return (message: M) => {
    kept.push(message)
    send(row(null, null, message.ts))
  }
}
