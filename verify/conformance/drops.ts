/** The dropped records that Kafka Streams also counts in `dropped-records-total`. */
import type { Drop } from '../../lib/task/options.js'
import type { Node } from '../../lib/topology/node.js'
import type { Topology } from '../../lib/topology/topology.js'

/** Left out there without a count: by these nodes, for these reasons. */
const UNCOUNTED: readonly (readonly [kind: Node['kind'], reasons: readonly string[]])[] = [
  ['filter', ['nullKey']],
  ['tableGroupBy', ['nullKey', 'nullValue', 'outOfOrder']],
  ['windowAggregate', ['beforeStart']],
]

export interface DroppedRecords {
  /** As Kafka Streams counts. */
  readonly counted: number
  /** Reason → records that only Millrace counts. */
  readonly more: ReadonlyMap<string, number>
}

export function droppedRecords(topology: Topology, drops: readonly Drop[]): DroppedRecords {
  const kinds = new Map(topology.nodes.map(({ name, kind }) => [name, kind]))
  const more = new Map<string, number>()
  let counted = 0
  for (const { node, reason } of drops) {
    const uncounted = UNCOUNTED.some(([kind, reasons]) => kinds.get(node) === kind && reasons.includes(reason))
    if (uncounted) more.set(reason, (more.get(reason) ?? 0) + 1)
    else counted++
  }
  return { counted, more }
}
