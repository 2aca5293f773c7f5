/** `toStream`: the changes of a table as records. */

import { type Named, type StreamHandle, streamHandle, type TableHandle } from './handle.js'
import { checkOptions } from './operator-options.js'

export function tableChanges(table: TableHandle, options: Named | undefined): StreamHandle {
  checkOptions('toStream', options, table.name)
  const { graph, key, value, sources } = table
  const name = graph.nameOr(options?.name, 'KTABLE-TOSTREAM-')
  const node = graph.add([table.node], {
    name,
    write: (topology, parents) => topology.addNode({ kind: 'tableToStream', name, parents, stores: [], mapper: null }),
  })
  return streamHandle({ graph, node, name, key, value, sources, rekeyed: false })
}
