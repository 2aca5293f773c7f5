/** Tables made of a topic or of a stream: the latest value of a key is its row. */
import type { StoreDefinition } from '../../topology/topology.js'
import { type AnySerde, type Named, type StreamHandle, type TableHandle, untyped } from './handle.js'
import { planRepartition } from './repartition-node.js'
import { type Materialized, planStore, storeName } from './store-options.js'
import { SourceOrigin } from './table-origin.js'

/** The source table's origin and, once written, its store. */
export function sourceOrigin(
  name: string,
  key: AnySerde | null,
  value: AnySerde | null,
  settings: Materialized<unknown, unknown> | undefined,
): SourceOrigin {
  const define = (): StoreDefinition => planStore({ kind: 'timestampedKeyValue', name, key, value, settings })
  let definition: StoreDefinition | null = null
  const materialized = settings?.name !== undefined || settings?.versioned !== undefined
  return new SourceOrigin(name, materialized, () => {
    definition ??= define()
    return definition
  })
}

interface ToTableOptions extends Named {
  readonly key?: unknown
  readonly value?: unknown
  readonly store?: Materialized<unknown, unknown>
}

export function streamToTable(stream: StreamHandle, options: ToTableOptions | undefined): TableHandle {
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
  const origin = sourceOrigin(store, key, value, options?.store)
  const table = graph.add([node], {
    name,
    write(topology, parents) {
      const definition = origin.definition()
      if (definition !== null) topology.addStore(definition)
      topology.addNode({
        kind: 'tableSource',
        name,
        parents,
        stores: definition === null ? [] : [definition.name],
        store: origin.store,
        sendOldValues: origin.sendOldValues,
      })
    },
  })
  return { graph, node: table, name, key, value, sources, origin }
}
