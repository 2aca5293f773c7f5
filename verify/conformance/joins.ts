/** Stream-stream and foreign-key joins of cases. */
import type { KStream } from '../../lib/dsl/stream.js'
import type { KTable } from '../../lib/dsl/table.js'
import { joinWindow } from '../../lib/windows/join-window.js'
import { type CaseNode, NotYetBuilt, type Scalar } from '../cases/case.js'
import { foreignKeyOf, joinerOf } from '../cases/functions.js'
import { caseValue, type keySerdeOf } from '../cases/serdes.js'

type Stream = KStream<Scalar, Scalar>

export function joinStreams(node: CaseNode, left: Stream, right: Stream, key: ReturnType<typeof keySerdeOf>): Stream {
  const { beforeMs = 0, afterMs = 0, graceMs = 0, spuriousResultFix = true } = node.window ?? {}
  // What the old windows emit too early is a row without partner: an inner join has none.
  if (!spuriousResultFix && node.kind !== 'inner') {
    throw new NotYetBuilt('deprecated join window without the spurious result fix')
  }
  const options = {
    window: joinWindow({ beforeMs, afterMs, graceMs }),
    joiner: joinerOf(node.joiner),
    key,
    value: caseValue,
    otherValue: caseValue,
    ...(node.name === undefined ? {} : { name: node.name }),
    ...(node.storeName === undefined ? {} : { store: { name: node.storeName } }),
  }
  const joined =
    node.kind === 'inner'
      ? left.join(right, options)
      : node.kind === 'left'
        ? left.leftJoin(right, options)
        : left.outerJoin(right, options)
  return joined as unknown as Stream
}

type Table = KTable<Scalar, Scalar>

export function joinByForeignKey(
  node: CaseNode,
  left: Table,
  right: Table,
  settings: { readonly store?: { readonly name?: string } },
): Table {
  const options = {
    foreignKey: foreignKeyOf(node.foreignKey),
    joiner: joinerOf(node.joiner),
    store: { ...settings.store, value: caseValue },
    ...(node.name === undefined ? {} : { name: node.name }),
  }
  return (node.kind === 'inner' ? left.join(right, options) : left.leftJoin(right, options)) as Table
}
