/** `toTable`: the latest value of a key of a stream is its row. */

import { type AnySerde, type Named, type StreamHandle, type TableHandle, untyped } from './handle.js'
import { checkOptions } from './operator-options.js'
import { planRepartition } from './repartition-node.js'
import { sourceTable, writeSourceTable } from './source-table.js'
import { type Materialized, storeName } from './store-options.js'

interface ToTableOptions extends Named {
  readonly key?: unknown
  readonly value?: unknown
  readonly store?: Materialized<unknown, unknown>
}

export function streamToTable(stream: StreamHandle, options: ToTableOptions | undefined): TableHandle {
  checkOptions('toTable', options, stream.name)
  const { graph } = stream
  const name = graph.nameOr(options?.name, 'KSTREAM-TOTABLE-')
  const store = storeName(graph, options?.store, 'KSTREAM-TOTABLE-')
  const key = untyped(options?.key as AnySerde | undefined) ?? stream.key
  const value = untyped(options?.value as AnySerde | undefined) ?? stream.value
  let { node, sources } = stream
  if (stream.rekeyed) {
    node = planRepartition(graph, { prefix: name, key, value }).attach(node)
    sources = new Set([node.name])
  }
  const origin = sourceTable(store, key, value, options?.store)
  const table = graph.add([node], {
    name,
    write: (topology, parents, { tables }) => writeSourceTable(topology, { name, parents }, origin, tables),
  })
  return { graph, node: table, name, key, value, sources, origin }
}
